//! Why a file was not measured. Every file that is left out has one of these reasons.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The reason for leaving a file out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The system refused to open or read it.
    Unreadable,
    /// A directory that could not be listed: how much it holds is unknown.
    UnreadableDirectory,
    /// It is larger than the limit of the scan.
    TooLarge,
    /// It holds zero bytes and is no source: not text.
    Binary,
    /// Its name is not UTF-8.
    NameNotUtf8,
    /// A pipe, socket or device.
    Special,
    /// The parser gave up within its bound of work.
    ParseBudget,
    /// Its syntax tree is deeper than the bound that protects the measures.
    TooDeep,
    /// Most of it is not the language that its name says.
    MostlyErrors,
}

impl SkipReason {
    /// The reason as a lowercase fragment for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Unreadable => "cannot be read",
            Self::UnreadableDirectory => "a directory that cannot be read",
            Self::TooLarge => "larger than the limit",
            Self::Binary => "binary",
            Self::NameNotUtf8 => "its name is not valid UTF-8",
            Self::Special => "not a regular file",
            Self::ParseBudget => "parsing exceeded its bound",
            Self::TooDeep => "nested too deeply",
            Self::MostlyErrors => "most of it is syntax errors",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

/// A file that was left out, or a directory with everything in it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Skipped {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Why.
    pub why: SkipReason,
}
