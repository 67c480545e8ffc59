//! A place in a file that could not be read as what it should be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place that could not be understood, in a lock file, an advisory or a rule of a user.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Problem {
    /// Path of the file.
    pub path: String,
    /// Its line, from 1.
    pub line: u32,
    /// What is wrong there, as a lowercase fragment.
    pub what: String,
}
