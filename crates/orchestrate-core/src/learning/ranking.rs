//! Which record is better: a lower confidence bound first, quality second, and age only when asked.

use std::cmp::Ordering;

use super::{AgentConfiguration, RunOutcome};

/// The standard score of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// When a composition is proven enough for the pattern library.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Uses that it needs at least.
    pub uses: u64,
    /// Successes per use that it needs at least.
    pub success_rate: f64,
}

/// Three uses, seven of ten successful.
pub const CONTRIBUTION: Contribution = Contribution {
    uses: 3,
    success_rate: 0.7,
};

impl Contribution {
    /// Whether a record is good enough.
    #[must_use]
    pub fn admits(self, configuration: &AgentConfiguration) -> bool {
        configuration.usage_count >= self.uses && configuration.success_rate >= self.success_rate
    }
}

/// How fast outcomes lose weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// After so many milliseconds an outcome weighs half.
    pub half_life_ms: f64,
    /// The moment from which age is measured.
    pub now: u64,
}

impl Decay {
    /// The weight of something of that moment, from 0 to 1; what lies ahead weighs 1.
    #[must_use]
    pub fn weight(self, at: u64) -> f64 {
        let age = self.now.saturating_sub(at) as f64;
        0.5_f64.powf(age / self.half_life_ms.max(1.0))
    }
}

/// A record in numbers. The counts are whole unless outcomes decay.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Successful uses.
    pub successes: f64,
    /// Other uses.
    pub failures: f64,
    /// Mean quality, from 0 to 100.
    pub quality: f64,
}

impl Tally {
    /// The record of a composition, every outcome alike.
    #[must_use]
    pub fn of(configuration: &AgentConfiguration) -> Self {
        Self {
            successes: configuration.success_count as f64,
            failures: configuration.failure_count as f64,
            quality: configuration.avg_quality_score,
        }
    }

    /// The record with older outcomes weighing less. `recent` are the outcomes that are known one
    /// by one; the others are taken to be as old as the oldest of these, or as the last use.
    #[must_use]
    pub fn decayed(
        configuration: &AgentConfiguration,
        recent: &[RunOutcome],
        decay: Decay,
    ) -> Self {
        let plain = Self::of(configuration);
        let (mut known, mut weighed, mut quality, mut unweighed) =
            (Self::default(), Self::default(), 0.0, 0.0);
        for outcome in recent {
            let weight = decay.weight(outcome.at);
            let success = f64::from(u8::from(outcome.success));
            known.successes += success;
            known.failures += 1.0 - success;
            unweighed += outcome.quality;
            weighed.successes += weight * success;
            weighed.failures += weight * (1.0 - success);
            quality += weight * outcome.quality;
        }
        let oldest = recent.iter().map(|outcome| outcome.at).min();
        let at = oldest
            .or(configuration.last_used)
            .unwrap_or(configuration.created_at);
        let weight = decay.weight(at);
        let rest = Self {
            successes: (plain.successes - known.successes).max(0.0),
            failures: (plain.failures - known.failures).max(0.0),
            quality: (plain.quality * plain.uses() - unweighed).max(0.0),
        };
        weighed.successes += weight * rest.successes;
        weighed.failures += weight * rest.failures;
        quality += weight * rest.quality;
        let uses = weighed.uses();
        weighed.quality = if uses > 0.0 { quality / uses } else { 0.0 };
        weighed
    }

    /// All uses.
    #[must_use]
    pub fn uses(self) -> f64 {
        self.successes + self.failures
    }

    /// What the true rate of success is at least, with 97.5 % confidence: Wilson's lower bound.
    ///
    /// It is 0 without a use, and few uses give little however well they went: 1 of 1 gives 0.21,
    /// 499 of 500 gives 0.99.
    #[must_use]
    pub fn lower_bound(self) -> f64 {
        let n = self.uses();
        if n <= 0.0 {
            return 0.0;
        }
        let (p, z2) = (self.successes / n, Z * Z);
        let middle = p + z2 / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        // Rounding must not lift it above the rate that was seen.
        ((middle - spread) / (1.0 + z2 / n)).clamp(0.0, p.clamp(0.0, 1.0))
    }

    /// The better record first: by lower bound, then by quality.
    #[must_use]
    pub fn better_first(self, other: Self) -> Ordering {
        let bounds = other.lower_bound().total_cmp(&self.lower_bound());
        bounds.then(other.quality.total_cmp(&self.quality))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(successes: u32, uses: u32, quality: f64) -> Tally {
        Tally {
            successes: successes.into(),
            failures: (uses - successes).into(),
            quality,
        }
    }

    #[test]
    fn one_of_one_does_not_beat_499_of_500() {
        let (one, many) = (tally(1, 1, 100.0), tally(499, 500, 10.0));
        assert_eq!(many.better_first(one), Ordering::Less);
        assert_eq!(
            format!("{:.4} {:.4}", one.lower_bound(), many.lower_bound()),
            "0.2065 0.9888"
        );
        assert_eq!(Tally::default().lower_bound(), 0.0);
    }

    #[test]
    fn quality_breaks_ties_only() {
        assert_eq!(
            tally(5, 5, 90.0).better_first(tally(5, 5, 80.0)),
            Ordering::Less
        );
        assert_eq!(
            tally(6, 6, 1.0).better_first(tally(5, 5, 80.0)),
            Ordering::Less
        );
    }

    #[test]
    fn decay_halves_the_weight_of_an_outcome_and_keeps_its_rate() {
        let mut it = AgentConfiguration::new("x", "p", Vec::new(), "parallel");
        let old = RunOutcome::new(true, 40.0, 0).unwrap();
        let new = RunOutcome::new(false, 80.0, 1000).unwrap();
        it.record_outcome(old.clone());
        it.record_outcome(new.clone());
        let decay = Decay {
            half_life_ms: 1000.0,
            now: 1000,
        };
        let all = Tally::decayed(&it, &[old, new.clone()], decay);
        assert_eq!((all.successes, all.failures), (0.5, 1.0));
        assert!((all.quality - 100.0 / 1.5).abs() < 1e-9);
        // The one that is not known by itself counts as old as the oldest known one.
        let some = Tally::decayed(&it, &[new], decay);
        assert_eq!((some.successes, some.failures), (1.0, 1.0));
        assert!((some.quality - 60.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn prop_the_bound_lies_below_the_rate_and_grows_with_successes(successes in 0u32..500, failures in 0u32..500) {
            let it = tally(successes, successes + failures, 0.0);
            let bound = it.lower_bound();
            prop_assert!((0.0..=1.0).contains(&bound));
            if it.uses() > 0.0 {
                prop_assert!(bound <= it.successes / it.uses());
            }
            prop_assert!(tally(successes + 1, successes + failures + 1, 0.0).lower_bound() > bound);
            prop_assert!(tally(successes, successes + failures + 1, 0.0).lower_bound() <= bound);
        }
    }
}
