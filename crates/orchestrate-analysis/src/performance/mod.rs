//! Patterns that are known to be slow where they run often. They are hints: nothing here was timed.

mod context;
mod go;
mod python;
mod rule;
mod rust;
mod script;
#[cfg(test)]
mod tests;

pub use context::hints;
pub use rule::{SlowPattern, slow_patterns};
