//! An import as it stands in a file, before anyone knows where it leads.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When an import takes effect.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// When the module is loaded or compiled.
    Load,
    /// When a function runs: it breaks cycles at load, and is often there for that.
    Call,
    /// Never: only types are taken from it.
    Types,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    /// What is imported, as the language writes it. Python's `from a import b` is `a:b`.
    pub target: String,
    /// Its line, from 1.
    pub line: u32,
    /// When it takes effect.
    pub when: When,
}
