//! The meta-orchestrator: from a task's words and hints to a plan, with the reason for every choice.
//!
//! It knows words and nothing else: it asks no model and reads no repository. `vocabulary` is its
//! data; `words` and `analyze` read a task, `hints` the context, `choose` and `team` decide.

mod analyze;
mod choose;
mod confidence;
mod decompose;
mod error;
mod hints;
mod orchestrator;
mod team;
mod vocabulary;
mod words;

pub use analyze::Analysis;
pub use choose::{RULES, Rule};
pub use confidence::ASK_BELOW;
pub use decompose::{ComplexityScore, Decomposition, SubTask, TaskDecomposer, estimate_complexity};
pub use error::{HintProblem, PlanError};
pub use orchestrator::MetaOrchestrator;

#[cfg(test)]
mod tests;
