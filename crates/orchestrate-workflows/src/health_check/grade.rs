//! Grades, and the order that goes with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A grade.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Grade {
    /// 90 or more.
    A,
    /// 80 or more.
    B,
    /// 70 or more.
    C,
    /// 60 or more.
    D,
    /// Less than 60.
    F,
}

impl Grade {
    /// The grade of a score from 0 to 100.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match score {
            s if s >= 90.0 => Self::A,
            s if s >= 80.0 => Self::B,
            s if s >= 70.0 => Self::C,
            s if s >= 60.0 => Self::D,
            _ => Self::F,
        }
    }

    /// Its letter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}
