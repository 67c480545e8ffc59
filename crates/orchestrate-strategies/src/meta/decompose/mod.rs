//! From a task to sub-tasks: split, weighed, each with an agent, joined to a plan fragment.

mod compose;
mod decomposer;
mod split;
#[cfg(test)]
mod tests;
mod weigh;

pub use decomposer::{Decomposition, SubTask, TaskDecomposer};
pub use weigh::{ComplexityScore, estimate_complexity};

pub(super) use compose::compose;
