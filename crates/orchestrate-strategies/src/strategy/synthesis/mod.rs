//! Joining what several agents found, without a model: by comparing, by counting, by ranking.
//!
//! Nothing is invented here: every sentence of a synthesis is one that an agent gave, every figure is
//! counted, and who said what stays beside it. A model may word it better; it cannot know more.

mod comparative;
mod compose;
mod item;
mod patterns;
mod recommendation;
#[cfg(test)]
mod tests;

pub use compose::{Conflict, Question, Synthesis, synthesize};
pub use item::{Item, items};
