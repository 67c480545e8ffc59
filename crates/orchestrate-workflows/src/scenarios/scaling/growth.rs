//! The classes of growth, and the curves that stand for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How something grows with the number `n` of items.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// Not at all.
    Constant,
    /// Like the logarithm of `n`.
    Logarithmic,
    /// Like `n`.
    Linear,
    /// Like `n` times its logarithm.
    Linearithmic,
    /// Like the square of `n`.
    Quadratic,
    /// Like the third power of `n`.
    Cubic,
    /// By the same factor with each further item.
    Exponential,
}

impl Growth {
    /// All of them, the slowest first.
    pub const ALL: [Self; 7] = [
        Self::Constant,
        Self::Logarithmic,
        Self::Linear,
        Self::Linearithmic,
        Self::Quadratic,
        Self::Cubic,
        Self::Exponential,
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Logarithmic => "logarithmic",
            Self::Linear => "linear",
            Self::Linearithmic => "linearithmic",
            Self::Quadratic => "quadratic",
            Self::Cubic => "cubic",
            Self::Exponential => "exponential",
        }
    }

    /// As mathematicians write it.
    #[must_use]
    pub fn notation(self) -> &'static str {
        match self {
            Self::Constant => "O(1)",
            Self::Logarithmic => "O(log n)",
            Self::Linear => "O(n)",
            Self::Linearithmic => "O(n log n)",
            Self::Quadratic => "O(n^2)",
            Self::Cubic => "O(n^3)",
            Self::Exponential => "O(c^n)",
        }
    }
}

/// A curve that is held against the points, as `fixed + coefficient * shape(n)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Constant,
    Logarithm,
    /// `n` to a power.
    Power(f64),
    Linearithm,
    /// `e` to the power of this times `n`.
    Exponent(f64),
}

impl Shape {
    /// The curve of a class. That of exponential growth has a rate that is searched for.
    pub(super) fn of(growth: Growth) -> Option<Self> {
        match growth {
            Growth::Constant => Some(Self::Constant),
            Growth::Logarithmic => Some(Self::Logarithm),
            Growth::Linear => Some(Self::Power(1.0)),
            Growth::Linearithmic => Some(Self::Linearithm),
            Growth::Quadratic => Some(Self::Power(2.0)),
            Growth::Cubic => Some(Self::Power(3.0)),
            Growth::Exponential => None,
        }
    }

    /// Its value relative to that at `most` items, so that no curve leaves the range of numbers.
    pub(super) fn at(self, items: f64, most: f64) -> f64 {
        match self {
            Self::Logarithm if most > 1.0 => items.ln() / most.ln(),
            Self::Linearithm if most > 1.0 => items * items.ln() / (most * most.ln()),
            Self::Constant | Self::Logarithm | Self::Linearithm => 0.0,
            Self::Power(power) => (items / most).powf(power),
            Self::Exponent(rate) => (rate * (items - most)).exp(),
        }
    }
}
