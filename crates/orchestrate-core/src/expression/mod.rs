//! The text form of conditions, and templates: one small language, that of minijinja.
//!
//! What a text reads, and which filters, tests and functions it uses, is known before anything
//! runs. Conditions are stricter than the engine by itself: comparisons never cross kinds, and
//! only true and false count as true and false.

mod engine;
mod evaluate;
mod operand;
mod parse;
mod problem;
mod read;
mod template;
mod text;
mod tokens;
mod tree;
mod view;

#[cfg(test)]
mod tests;

pub use engine::{FUEL, MAX_EXPRESSION, MAX_TEMPLATE, MAX_TOKENS};
pub use problem::{ExpressionError, ExpressionProblem};
pub use read::Read;
pub use template::{Template, TemplateFailure};
pub use text::Expression;
pub use tokens::{parts, renamed};
