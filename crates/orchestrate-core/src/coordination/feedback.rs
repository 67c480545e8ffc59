//! How good the work of a stage is at a tier, and whether another tier would do.

use serde::{Deserialize, Serialize};

use crate::template::Tier;

/// So many samples are needed before a tier is judged.
const ENOUGH: usize = 10;
/// Below this mean a dearer tier is advised.
const POOR: f64 = 0.7;
/// Above this mean a cheaper tier may do.
const GOOD: f64 = 0.9;
/// What the cheaper tier must have reached itself.
const GOOD_ENOUGH: f64 = 0.85;
/// With so many samples the advice is certain.
const CERTAIN: f64 = 20.0;

/// One judgement of a result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// From 0 to 1.
    pub quality: f64,
    /// When.
    pub at: u64,
}

/// The judgements of a stage at one tier, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FeedbackStats {
    /// How many.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// The worst.
    pub min: f64,
    /// The best.
    pub max: f64,
    /// How much better the newer half is than the older, as a share of the older; from 4 samples on.
    pub trend: Option<f64>,
}

impl FeedbackStats {
    /// The figures of samples in the order of time; none without any.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Option<Self> {
        let mean = |samples: &[Sample]| {
            let sum: f64 = samples.iter().map(|it| it.quality).sum();
            sum / samples.len().max(1) as f64
        };
        if samples.is_empty() {
            return None;
        }
        let qualities = || samples.iter().map(|it| it.quality);
        let (older, newer) = samples.split_at(samples.len() / 2);
        let trend = (samples.len() >= 4).then(|| {
            let older = mean(older);
            (mean(newer) - older) / older.max(0.1)
        });
        Some(Self {
            count: samples.len(),
            mean: mean(samples),
            min: qualities().fold(f64::INFINITY, f64::min),
            max: qualities().fold(f64::NEG_INFINITY, f64::max),
            trend,
        })
    }
}

/// What tier a stage should work at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierAdvice {
    /// The tier.
    pub tier: Tier,
    /// Why.
    pub reason: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

/// Advises a tier for a stage that works at `current`, by what is known of it at each tier.
///
/// A poor mean asks for a dearer tier. A good one allows a cheaper tier only where that tier has
/// shown itself to be good enough. With fewer than ten samples nothing changes.
#[must_use]
pub fn advise(current: Tier, stats: impl Fn(Tier) -> Option<FeedbackStats>) -> TierAdvice {
    let stay = |reason: String, confidence| TierAdvice {
        tier: current,
        reason,
        confidence,
    };
    let known = stats(current);
    let count = known.map_or(0, |it| it.count);
    let Some(known) = known.filter(|it| it.count >= ENOUGH) else {
        return stay(
            format!("{count} of the {ENOUGH} samples that are needed"),
            0.0,
        );
    };
    let confidence = (count as f64 / CERTAIN).min(1.0);
    let at = Tier::ALL
        .iter()
        .position(|tier| *tier == current)
        .unwrap_or(0);
    let mean = known.mean;
    if mean < POOR {
        return match Tier::ALL.get(at + 1) {
            Some(tier) => TierAdvice {
                tier: *tier,
                reason: format!("a mean of {mean:.2} at {current} is below {POOR}"),
                confidence,
            },
            None => stay(
                format!("a mean of {mean:.2} is below {POOR}, and there is no dearer tier"),
                confidence,
            ),
        };
    }
    let cheaper = at.checked_sub(1).and_then(|at| Tier::ALL.get(at)).copied();
    if let Some(tier) = cheaper.filter(|_| mean > GOOD) {
        let there = stats(tier);
        return match there.filter(|it| it.mean > GOOD_ENOUGH) {
            Some(it) => TierAdvice {
                tier,
                reason: format!(
                    "a mean of {mean:.2} at {current}, and {:.2} at {tier} is enough",
                    it.mean
                ),
                confidence,
            },
            None => stay(
                format!("a mean of {mean:.2}; {tier} has not shown that it is enough"),
                confidence,
            ),
        };
    }
    stay(
        format!("a mean of {mean:.2} is as it should be"),
        confidence,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(count: usize, quality: f64) -> Option<FeedbackStats> {
        FeedbackStats::of(&vec![Sample { quality, at: 0 }; count])
    }

    fn check(current: Tier, cheap: (usize, f64), capable: (usize, f64), expected: (Tier, f64)) {
        let advice = advise(current, |tier| match tier {
            Tier::Cheap => stats(cheap.0, cheap.1),
            Tier::Capable => stats(capable.0, capable.1),
            Tier::Premium => stats(30, 0.1),
        });
        assert_eq!(
            (advice.tier, advice.confidence),
            expected,
            "{}",
            advice.reason
        );
    }

    #[test]
    fn a_tier_is_changed_only_for_a_reason_that_was_measured() {
        check(Tier::Capable, (0, 0.0), (9, 0.1), (Tier::Capable, 0.0));
        check(Tier::Capable, (0, 0.0), (10, 0.6), (Tier::Premium, 0.5));
        check(Tier::Capable, (0, 0.0), (40, 0.95), (Tier::Capable, 1.0));
        check(Tier::Capable, (3, 0.86), (40, 0.95), (Tier::Cheap, 1.0));
        check(Tier::Capable, (3, 0.99), (40, 0.8), (Tier::Capable, 1.0));
        check(Tier::Premium, (0, 0.0), (0, 0.0), (Tier::Premium, 1.0));
        check(Tier::Cheap, (20, 0.99), (0, 0.0), (Tier::Cheap, 1.0));
    }

    #[test]
    fn figures_tell_mean_extremes_and_trend() {
        let samples: Vec<Sample> = [0.4, 0.4, 0.6, 0.8]
            .iter()
            .map(|quality| Sample {
                quality: *quality,
                at: 0,
            })
            .collect();
        let it = FeedbackStats::of(&samples).unwrap();
        assert_eq!((it.count, it.min, it.max), (4, 0.4, 0.8));
        assert!((it.mean - 0.55).abs() < 1e-9 && (it.trend.unwrap() - 0.75).abs() < 1e-9);
        assert_eq!(FeedbackStats::of(&samples[..3]).unwrap().trend, None);
        assert_eq!(FeedbackStats::of(&[]), None);
    }
}
