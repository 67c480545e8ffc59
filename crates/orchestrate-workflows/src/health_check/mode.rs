//! How much a check looks at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a check looks at; each mode adds to the one before.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Security, coverage and quality.
    #[default]
    Daily,
    /// Performance and documentation as well.
    Weekly,
    /// Architecture as well.
    Release,
}

impl Mode {
    /// All of them, the quickest first.
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Release];

    /// The word that reports and records use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Release => "release",
        }
    }
}
