//! Limits of a run, and what was used of them.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::Tier;

/// An amount of cost, in millionths of a unit.
///
/// Until prices are configured the unit is the seed's tier weight (a CHEAP attempt costs 1). It is
/// kept as a whole number so that sums are exact; in JSON it is a decimal number of units.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(from = "f64", into = "f64")]
#[schemars(with = "f64")]
pub struct Cost(pub u64);

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of units.
    #[must_use]
    pub const fn units(units: u64) -> Self {
        Self(units.saturating_mul(1_000_000))
    }

    /// The weight of one attempt at a tier: 1, 3 or 10 units.
    #[must_use]
    pub const fn of_tier(tier: Tier) -> Self {
        match tier {
            Tier::Cheap => Self::units(1),
            Tier::Capable => Self::units(3),
            Tier::Premium => Self::units(10),
        }
    }

    /// The sum, at most the largest representable cost.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<f64> for Cost {
    fn from(units: f64) -> Self {
        // The cast saturates, and makes zero of negative and undefined numbers.
        Self((units * 1e6).round() as u64)
    }
}

impl From<Cost> for f64 {
    fn from(cost: Cost) -> Self {
        cost.0 as Self / 1e6
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = f64::from(*self);
        f.pad(&if self.0.is_multiple_of(1_000_000) {
            format!("{units:.0}")
        } else {
            format!("{units:.4}")
        })
    }
}

/// What was used: attempts, tokens, cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Attempts of agents, and calls of tools that are steps of their own.
    pub calls: u64,
    /// Tokens, in and out; 0 for backends that use no model.
    pub tokens: u64,
    /// Cost.
    pub cost: Cost,
    /// Tokens among `tokens` whose price is not known; what they cost is not in `cost`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unpriced_tokens: u64,
    /// Of the tokens, those that no provider has told: they are estimated from the length of what was said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub estimated_tokens: u64,
    /// Of the tokens, those that the provider says it read from its cache; 0 when it said nothing of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// What an attempt uses that asks no model of ours: itself.
    #[must_use]
    pub fn one_call() -> Self {
        Self {
            calls: 1,
            ..Self::default()
        }
    }

    /// Whether nothing was used.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The same for another number of tokens, each at the same cost; rounded up to the next millionth.
    #[must_use]
    pub fn of_tokens(self, tokens: u64) -> Self {
        let cost = u128::from(self.cost.0) * u128::from(tokens);
        let cost = cost.div_ceil(u128::from(self.tokens.max(1)));
        Self {
            tokens,
            cost: Cost(u64::try_from(cost).unwrap_or(u64::MAX)),
            ..self
        }
    }

    /// What is left of it without a part, at least nothing.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(part.calls),
            tokens: self.tokens.saturating_sub(part.tokens),
            cost: Cost(self.cost.0.saturating_sub(part.cost.0)),
            unpriced_tokens: self.unpriced_tokens.saturating_sub(part.unpriced_tokens),
            estimated_tokens: self.estimated_tokens.saturating_sub(part.estimated_tokens),
            cached_tokens: self.cached_tokens.saturating_sub(part.cached_tokens),
        }
    }
}

impl Add for Usage {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost.saturating_add(other.cost),
            unpriced_tokens: self.unpriced_tokens.saturating_add(other.unpriced_tokens),
            estimated_tokens: self.estimated_tokens.saturating_add(other.estimated_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

/// Hard limits of a run, of all that is done inside one of its steps, or of all that one agent does in
/// it. They hold in addition to those around them. Absent means no limit of that kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Attempts of agents, and calls of tools that are steps of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Wall time from the beginning, in milliseconds. At a step it is the same as `deadline_ms`; it is
    /// not counted for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// Attempts at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Calls and expansions inside each other, at a step from there on; not counted for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<u32>,
    /// Items of one map, and sub-tasks of one expansion; not counted for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_width: Option<u32>,
}

impl Limits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The tighter of two, kind by kind.
    #[must_use]
    pub fn tightest(self, other: Self) -> Self {
        fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            }
        }
        Self {
            calls: least(self.calls, other.calls),
            tokens: least(self.tokens, other.tokens),
            cost: least(self.cost, other.cost),
            wall_ms: least(self.wall_ms, other.wall_ms),
            concurrency: least(self.concurrency, other.concurrency),
            max_depth: least(self.max_depth, other.max_depth),
            max_width: least(self.max_width, other.max_width),
        }
    }
}
