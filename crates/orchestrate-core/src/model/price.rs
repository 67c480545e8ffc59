//! What a call used and what that costs.

use std::ops::{Add, AddAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::Cost;

/// Tokens of one or more calls, by what they are charged as. No token is counted twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenUsage {
    /// Read by the model and not held in its cache.
    pub input: u64,
    /// Written by the model, reasoning included.
    pub output: u64,
    /// Read from the provider's cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Read, and written into the provider's cache.
    #[serde(default)]
    pub cache_write: u64,
    /// Some of it was not told by the provider and is estimated from the length of what was said, rather
    /// too high.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl TokenUsage {
    /// All of them.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input
            .saturating_add(self.output)
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
    }
}

impl Add for TokenUsage {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            estimated: self.estimated || other.estimated,
        }
    }
}

impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What a million tokens of a model cost, in units of the price table (US dollars in the built-in one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// Read.
    pub input: Cost,
    /// Written.
    pub output: Cost,
    /// Read from the cache.
    pub cache_read: Cost,
    /// Written into the cache.
    pub cache_write: Cost,
}

impl Price {
    /// Nothing: for models that run on one's own machine.
    pub const FREE: Self = Self {
        input: Cost::ZERO,
        output: Cost::ZERO,
        cache_read: Cost::ZERO,
        cache_write: Cost::ZERO,
    };

    /// What so many tokens cost, rounded up to the next millionth of a unit.
    #[must_use]
    pub fn of(&self, tokens: TokenUsage) -> Cost {
        let part = |count: u64, price: Cost| u128::from(count) * u128::from(price.0);
        let sum = part(tokens.input, self.input)
            + part(tokens.output, self.output)
            + part(tokens.cache_read, self.cache_read)
            + part(tokens.cache_write, self.cache_write);
        Cost(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// The most that so many tokens can cost, whatever they are charged as.
    #[must_use]
    pub fn most(&self, tokens: u64) -> Cost {
        let sum = u128::from(tokens) * u128::from(self.dearest().0);
        Cost(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// The most tokens that surely cost no more than that, whatever they are charged as.
    #[must_use]
    pub fn affords(&self, cost: Cost) -> u64 {
        let micros = u128::from(cost.0) * 1_000_000;
        let tokens = micros.checked_div(self.dearest().0.into());
        tokens.map_or(u64::MAX, |it| u64::try_from(it).unwrap_or(u64::MAX))
    }

    fn dearest(&self) -> Cost {
        let prices = [self.input, self.output, self.cache_read, self.cache_write];
        prices.into_iter().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_what_a_cost_affords_costs_no_more_and_one_token_more_may(
            price in 1u64..100_000_000, cost in 0u64..10_000_000_000,
        ) {
            let price = Price { output: Cost(price), ..Price::FREE };
            let tokens = price.affords(Cost(cost));
            prop_assert!(price.most(tokens) <= Cost(cost));
            prop_assert!(price.most(tokens + 1) > Cost(cost));
        }
    }

    #[test]
    fn each_kind_of_token_has_its_price_and_sums_are_rounded_up() {
        let price = Price {
            input: Cost::units(3),
            output: Cost::units(15),
            cache_read: Cost(300_000),
            cache_write: Cost(3_750_000),
        };
        let tokens = TokenUsage {
            input: 1000,
            output: 100,
            cache_read: 10_000,
            cache_write: 1,
            ..TokenUsage::default()
        };
        // 3000 + 1500 + 3000 + 3.75 millionths
        assert_eq!(price.of(tokens), Cost(7504));
        assert_eq!(Price::FREE.of(tokens), Cost::ZERO);
    }

    proptest! {
        /// What was reserved by `most` is never less than what `of` charges.
        #[test]
        fn prop_the_most_is_never_exceeded(
            prices in [0u64..100_000_000, 0u64..100_000_000, 0u64..100_000_000, 0u64..100_000_000],
            tokens in [0u64..1_000_000, 0u64..1_000_000, 0u64..1_000_000, 0u64..1_000_000],
        ) {
            let price = Price { input: Cost(prices[0]), output: Cost(prices[1]), cache_read: Cost(prices[2]), cache_write: Cost(prices[3]) };
            let tokens = TokenUsage { input: tokens[0], output: tokens[1], cache_read: tokens[2], cache_write: tokens[3], ..TokenUsage::default() };
            prop_assert!(price.of(tokens) <= price.most(tokens.total()));
        }
    }
}
