//! Conditions: one language with two spellings, evaluated without faults and without guesses.
//!
//! The data form is a serialisable tree; the JSON predicates of `$eq`, `$and` and so on are another
//! way to write it. The text form is an expression of the engine that prompts use. `reference.md`
//! is the page for people.

mod compare;
mod evaluate;
mod facts;
mod json;
mod model;
mod pattern;
mod reference;

/// The reference page of the language, as Markdown.
pub const REFERENCE: &str = include_str!("reference.md");

pub use compare::{compare, equal, kind};
pub use evaluate::Evaluation;
pub use facts::{Facts, Shared, descend};
pub use json::{ConditionProblem, ConditionProblems};
pub use model::{Comparison, Condition};
pub use pattern::{InvalidPattern, Pattern};
pub use reference::Reference;
