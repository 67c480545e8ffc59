//! Release preparation: is this repository ready to be released?
//!
//! `inputs` writes the plan, `fold` makes the report of what the run gave. Nothing here runs anything.

mod fold;
mod inputs;

pub use fold::Subject;
pub use inputs::{RELEASE_AGENTS, ReleasePrep};
