//! The strategies: one file each, a plain struct with parameters that writes a step for a team.
//!
//! A strategy never runs anything. [`crate::catalog`] lists them by name; a new one is a file
//! here and a line there.

mod common;

mod adaptive;
mod debate;
mod parallel;
mod refinement;
mod sequential;
mod synthesis;
mod teaching;

pub use adaptive::Adaptive;
pub use debate::{ConflictPolicy, Debate};
pub use parallel::Parallel;
pub use refinement::Refinement;
pub use sequential::Sequential;
pub use synthesis::{Conflict, Item, Question, Synthesis, items, synthesize};
pub use teaching::Teaching;

#[cfg(test)]
pub(crate) mod testing;
