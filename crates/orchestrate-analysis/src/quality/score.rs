//! From counts to a score.
//!
//! Each component is a density, so that size does not matter, and gives all of its weight at
//! zero, half of it at its half value, a quarter at twice that, and so on: more of anything bad in
//! the same amount of code always lowers the score, and there is no density beyond which it does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::counts::QualityCounts;

/// One component of the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// What it looks at.
    pub name: String,
    /// Its density, in `unit`.
    pub value: f64,
    /// `percent of lines` or `per 1000 lines`.
    pub unit: String,
    /// The density at which it gives half of its weight.
    pub half_at: f64,
    /// Its share of the score; the weights of a score add up to 1.
    pub weight: f64,
    /// The points that it adds to the score, at most ten times its weight.
    pub contribution: f64,
}

struct Definition {
    name: &'static str,
    count: fn(&QualityCounts) -> u64,
    /// The lines that it is a density of.
    lines: fn(&QualityCounts) -> u64,
    per: f64,
    half_at: f64,
    weight: f64,
}

const SHARE: f64 = 100.0;
const RATE: f64 = 1000.0;

fn all_lines(counts: &QualityCounts) -> u64 {
    counts.lines
}

const DEFINITIONS: [Definition; 11] = [
    share("cyclomatic complexity over 10", |c| c.complex, 30.0, 0.12),
    share(
        "cyclomatic complexity over 20",
        |c| c.very_complex,
        15.0,
        0.12,
    ),
    share("cognitive complexity over 15", |c| c.hard, 30.0, 0.12),
    share("functions over 60 lines", |c| c.long, 30.0, 0.09),
    share("functions over 100 lines", |c| c.very_long, 16.0, 0.09),
    share("nesting over 4", |c| c.deep, 15.0, 0.09),
    share("files over 600 lines", |c| c.oversized, 60.0, 0.05),
    share("copied code", |c| c.copied, 10.0, 0.09),
    rate(
        "panics, unwraps and bare excepts",
        |c| c.hazards,
        |c| c.hazard_lines,
        10.0,
        0.11,
    ),
    rate("TODO, FIXME and XXX", |c| c.markers, all_lines, 8.0, 0.07),
    rate("rule violations", |c| c.violations, all_lines, 2.0, 0.05),
];

const fn rate(
    name: &'static str,
    count: fn(&QualityCounts) -> u64,
    lines: fn(&QualityCounts) -> u64,
    half_at: f64,
    weight: f64,
) -> Definition {
    Definition {
        name,
        count,
        lines,
        per: RATE,
        half_at,
        weight,
    }
}

const fn share(
    name: &'static str,
    count: fn(&QualityCounts) -> u64,
    half_at: f64,
    weight: f64,
) -> Definition {
    Definition {
        name,
        count,
        lines: all_lines,
        per: SHARE,
        half_at,
        weight,
    }
}

/// The score of counts, from 0 (worst) to 10, with its components; `None` without a line of code.
///
/// A component that no language of the code has is left out, and the others share its weight.
#[must_use]
pub fn score(counts: &QualityCounts) -> Option<(f64, Vec<Component>)> {
    if counts.lines == 0 {
        return None;
    }
    let measured = || {
        DEFINITIONS
            .iter()
            .filter(|definition| (definition.lines)(counts) > 0)
    };
    let weights: f64 = measured().map(|definition| definition.weight).sum();
    // What is lost is summed, and not what is left: the sum of all weights is 1 only to within rounding, and a score
    // without a fault must be 10 and not a little more.
    let mut lost = 0.0;
    let components: Vec<_> = measured()
        .map(|definition| {
            let value =
                definition.per * ratio((definition.count)(counts), (definition.lines)(counts));
            let weight = definition.weight / weights;
            let kept = (-value / definition.half_at).exp2();
            lost += 10.0 * weight * (1.0 - kept);
            Component {
                name: definition.name.to_owned(),
                value,
                unit: if definition.per == SHARE {
                    "percent of lines"
                } else {
                    "per 1000 lines"
                }
                .to_owned(),
                half_at: definition.half_at,
                weight,
                contribution: 10.0 * weight * kept,
            }
        })
        .collect();
    Some(((10.0 - lost).clamp(0.0, 10.0), components))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of lines is far below the 53 bits that a float holds exactly"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DEFINITIONS, score};
    use crate::quality::QualityCounts;

    fn value(counts: &QualityCounts) -> f64 {
        score(counts).expect("there are lines").0
    }

    #[test]
    fn weights_add_up_to_one() {
        let sum: f64 = DEFINITIONS.iter().map(|definition| definition.weight).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_score() {
        assert_eq!(score(&QualityCounts::default()), None);
    }

    #[test]
    fn the_whole_range_is_used() {
        let clean = QualityCounts {
            lines: 100,
            hazard_lines: 100,
            ..QualityCounts::default()
        };
        assert_eq!(value(&clean).to_bits(), 10.0_f64.to_bits());
        let foul = QualityCounts {
            lines: 100,
            hazard_lines: 100,
            complex: 100,
            very_complex: 100,
            hard: 100,
            long: 100,
            very_long: 100,
            deep: 100,
            oversized: 100,
            hazards: 50,
            markers: 50,
            copied: 100,
            violations: 50,
        };
        assert!(value(&foul) < 1.0, "{}", value(&foul));
    }

    #[test]
    fn a_component_without_a_language_gives_its_weight_to_the_others() {
        let script = QualityCounts {
            lines: 100,
            ..QualityCounts::default()
        };
        let (score, components) = score(&script).expect("there are lines");
        assert_eq!(score.to_bits(), 10.0_f64.to_bits());
        assert_eq!(components.len(), DEFINITIONS.len() - 1);
    }

    fn counts() -> impl Strategy<Value = QualityCounts> {
        (
            1..100_000_u64,
            proptest::collection::vec(0..100_000_u64, 11),
        )
            .prop_map(|(lines, bad)| {
                let at = |index: usize| bad[index].min(lines);
                QualityCounts {
                    lines,
                    complex: at(0),
                    very_complex: at(1),
                    hard: at(2),
                    long: at(3),
                    very_long: at(4),
                    deep: at(5),
                    oversized: at(6),
                    hazard_lines: lines,
                    hazards: at(7),
                    markers: at(8),
                    copied: at(9),
                    violations: at(10),
                }
            })
    }

    fn worsened(counts: &QualityCounts, which: usize, by: u64) -> QualityCounts {
        let mut worse = *counts;
        let field = match which {
            0 => &mut worse.complex,
            1 => &mut worse.very_complex,
            2 => &mut worse.hard,
            3 => &mut worse.long,
            4 => &mut worse.very_long,
            5 => &mut worse.deep,
            6 => &mut worse.oversized,
            7 => &mut worse.hazards,
            8 => &mut worse.markers,
            9 => &mut worse.copied,
            _ => &mut worse.violations,
        };
        *field += by;
        worse
    }

    proptest! {
        #[test]
        fn prop_more_bad_never_raises_it(counts in counts(), which in 0..11_usize, by in 1..1000_u64) {
            prop_assert!(value(&worsened(&counts, which, by)) <= value(&counts));
        }

        #[test]
        fn prop_size_does_not_matter(counts in counts(), times in 2..50_u64) {
            let large = QualityCounts {
                lines: counts.lines * times,
                complex: counts.complex * times,
                very_complex: counts.very_complex * times,
                hard: counts.hard * times,
                long: counts.long * times,
                very_long: counts.very_long * times,
                deep: counts.deep * times,
                oversized: counts.oversized * times,
                hazard_lines: counts.hazard_lines * times,
                hazards: counts.hazards * times,
                markers: counts.markers * times,
                copied: counts.copied * times,
                violations: counts.violations * times,
            };
            prop_assert!((value(&large) - value(&counts)).abs() < 1e-9);
        }

        #[test]
        fn prop_the_score_is_the_sum_of_its_components(counts in counts()) {
            let (score, components) = score(&counts).expect("there are lines");
            let sum: f64 = components.iter().map(|component| component.contribution).sum();
            prop_assert!((score - sum).abs() < 1e-9);
        }

        #[test]
        fn prop_it_lies_between_0_and_10(counts in counts()) {
            prop_assert!((0.0..=10.0).contains(&value(&counts)));
        }
    }
}
