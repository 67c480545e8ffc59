//! The meta-orchestrator: from a task's words and hints to a plan, with the reason for every choice.
//!
//! It knows words and nothing else: it asks no model and reads no repository. `vocabulary` is its
//! data; `words` and `analyze` read a task, `hints` the context, `choose` and `team` decide, and
//! `lessons`, which are handed in, may decide otherwise, and so may the `opinion` of a model that somebody else asked.

mod analyze;
mod chance;
mod choose;
mod confidence;
mod decompose;
mod error;
mod hints;
mod lessons;
mod opinion;
mod orchestrator;
mod team;
mod vocabulary;
mod words;

pub use analyze::Analysis;
pub use choose::{RULES, Rule};
pub use confidence::ASK_BELOW;
pub use decompose::{ComplexityScore, Decomposition, SubTask, TaskDecomposer, estimate_complexity};
pub use error::{HintProblem, PlanError};
pub use lessons::PROVEN;
pub use opinion::{Advice, Consultation, Opinion};
pub use orchestrator::MetaOrchestrator;

#[cfg(test)]
mod tests;
