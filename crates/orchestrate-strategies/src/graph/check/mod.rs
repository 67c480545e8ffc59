//! Static checks: a plan that passes executes. All problems are told at once, each with a stable code.

mod call;
mod checker;
mod codes;
mod fragment;
mod groups;
mod plan;
mod reference;
mod tools;

pub use codes::CODES;
pub(crate) use fragment::{Allotted, check_fragment};
pub use plan::{MAX_DEPTH, MAX_STEPS, check};
pub use tools::check_tools;
