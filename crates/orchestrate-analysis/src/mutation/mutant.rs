//! A planted fault.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MutantKind {
    /// What is returned is something else.
    ReturnValue,
    /// A comparison compares in another way.
    Comparison,
    /// The other branch is taken.
    Condition,
    /// An operator computes something else.
    Arithmetic,
    /// `and` is `or`, and the other way round.
    Logic,
    /// A number or truth value is another.
    Literal,
    /// A statement is left out.
    Statement,
}

/// One fault in one place of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mutant {
    /// The line of the change, from 1.
    pub line: u32,
    /// What is changed.
    pub kind: MutantKind,
    /// In words: `` `<` becomes `>=` ``.
    pub what: String,
    /// The bytes that are replaced.
    #[serde(skip)]
    pub bytes: Range<usize>,
    /// What stands there instead.
    #[serde(skip)]
    pub replacement: String,
}

impl Mutant {
    /// The text with the fault; `None` when it was not made for this text.
    #[must_use]
    pub fn plant(&self, text: &str) -> Option<String> {
        let before = text.get(..self.bytes.start)?;
        let after = text.get(self.bytes.end..)?;
        Some(format!("{before}{}{after}", self.replacement))
    }
}
