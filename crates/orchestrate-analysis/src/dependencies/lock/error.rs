//! Why a lock file could not be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lock file, or a place in one, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("line {line}: {what}")]
pub struct LockError {
    /// Its line, from 1; 1 where the file as a whole is meant.
    pub line: u32,
    /// What is wrong there, as a lowercase fragment.
    pub what: String,
}

impl LockError {
    pub(super) fn at(line: u32, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
        }
    }

    /// A problem of TOML at a byte of the text.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let line = error
            .span()
            .map_or(1, |span| super::lines::line_at(text, span.start));
        let what = error.message().lines().next().unwrap_or_default();
        Self::at(line, format!("it is no valid TOML of this format: {what}"))
    }

    /// A problem of JSON.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
        Self::at(line, format!("it is no valid JSON: {error}"))
    }
}
