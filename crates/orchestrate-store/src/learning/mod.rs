//! Compositions, their records and the library of patterns, over documents of any backend.

mod configurations;
mod form;
mod health;
mod import;
mod lessons;
mod outcomes;
mod patterns;

pub use configurations::LearningStore;
pub use import::Imported;

/// The space of learning; its kinds stand at the top of a `file:` store, where other systems look for them.
const SPACE: &str = "";
const COMPOSITIONS: &str = "compositions";
const OUTCOMES: &str = "outcomes";
const PATTERNS: &str = "patterns";
