//! A measurement is measured, not measured, or failed. There is no fourth, and no default number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The result of trying to measure something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Measured<T> {
    /// It was measured.
    Measured {
        /// What was found.
        value: T,
    },
    /// Nobody measured it: there was nothing to measure it with, or nothing to measure.
    NotMeasured {
        /// Why not, as a lowercase fragment.
        why: String,
        /// The command or change that would measure it.
        how: String,
    },
    /// It was tried and could not be finished; what was found so far is not shown as a result.
    Failed {
        /// What went wrong, as a lowercase fragment.
        why: String,
        /// What to do about it.
        how: String,
    },
}

impl<T> Measured<T> {
    /// The value if it was measured.
    #[must_use]
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Measured { value } => Some(value),
            Self::NotMeasured { .. } | Self::Failed { .. } => None,
        }
    }

    /// Applies `f` to a measured value and leaves the rest as it is.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Measured<U> {
        match self {
            Self::Measured { value } => Measured::Measured { value: f(value) },
            Self::NotMeasured { why, how } => Measured::NotMeasured { why, how },
            Self::Failed { why, how } => Measured::Failed { why, how },
        }
    }
}
