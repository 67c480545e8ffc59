//! From the scores of categories to one: a weighted mean over what was measured, and a grade where that is enough.

use super::grade::Grade;
use super::report::ScoreRange;
use super::score::rounded;

/// The share of a mode's weight that must be measured for a grade. A daily check without coverage has two
/// thirds, which is enough; one without security has not.
pub(super) const NEEDED_SHARE: f64 = 0.65;
/// Sums of weights are exact only to within this.
const EXACT: f64 = 1e-9;

/// What the categories come to together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Overall {
    /// The weighted mean over what was measured; none when nothing was.
    pub(super) score: Option<f64>,
    /// The share of the weights that was measured.
    pub(super) share: f64,
    pub(super) grade: Option<Grade>,
    /// Where the score could come to lie if the rest were measured too.
    pub(super) range: ScoreRange,
}

/// Joins weights and scores.
pub(super) fn overall(categories: &[(f64, Option<f64>)]) -> Overall {
    let all: f64 = categories.iter().map(|(weight, _)| weight).sum();
    let (mut measured, mut sum) = (0.0, 0.0);
    for (weight, score) in categories {
        if let Some(score) = score {
            measured += weight;
            sum += weight * score;
        }
    }
    let share = if all > 0.0 { measured / all } else { 0.0 };
    let score = (measured > 0.0).then(|| rounded(sum / measured));
    let enough = share + EXACT >= NEEDED_SHARE;
    let least = if all > 0.0 { sum / all } else { 0.0 };
    Overall {
        score,
        share,
        grade: score.filter(|_| enough).map(Grade::of),
        range: ScoreRange {
            least: rounded(least),
            most: rounded(least + 100.0 * (1.0 - share)),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn categories() -> impl Strategy<Value = Vec<(f64, Option<f64>)>> {
        let score = proptest::option::of(0.0..=100.0_f64);
        proptest::collection::vec((0.01..1.0_f64, score), 1..7)
    }

    #[test]
    fn a_daily_check_has_a_grade_without_coverage_and_none_without_security() {
        let daily = |security, coverage| {
            let categories = [(0.30, security), (0.25, coverage), (0.20, Some(100.0))];
            overall(&categories).grade
        };
        assert_eq!(daily(Some(100.0), None), Some(Grade::A));
        assert_eq!(daily(None, Some(100.0)), None);
    }

    #[test]
    fn nothing_measured_is_no_score() {
        let nothing = overall(&[(0.3, None), (0.2, None)]);
        assert_eq!(
            (nothing.score, nothing.grade, nothing.share),
            (None, None, 0.0)
        );
        assert_eq!((nothing.range.least, nothing.range.most), (0.0, 100.0));
    }

    proptest! {
        #[test]
        fn prop_a_score_lies_on_its_scale_and_within_its_range(categories in categories()) {
            let it = overall(&categories);
            prop_assert!((0.0..=1.0 + EXACT).contains(&it.share));
            if let Some(score) = it.score {
                prop_assert!((0.0..=100.0).contains(&score));
                prop_assert!(it.range.least <= score + 0.1 && score <= it.range.most + 0.1);
            }
        }

        #[test]
        fn prop_no_grade_below_the_share(categories in categories()) {
            let it = overall(&categories);
            let enough = it.share + EXACT >= NEEDED_SHARE;
            prop_assert_eq!(it.grade.is_some(), enough);
        }

        #[test]
        fn prop_a_better_category_never_lowers_it(categories in categories(), which in 0..7_usize, by in 0.0..100.0_f64) {
            let mut better = categories.clone();
            let which = which % better.len();
            better[which].1 = better[which].1.map(|score| (score + by).min(100.0));
            prop_assert!(overall(&better).score >= overall(&categories).score);
        }

        #[test]
        fn prop_what_was_not_measured_neither_helps_nor_harms(categories in categories(), weight in 0.01..1.0_f64) {
            let mut more = categories.clone();
            more.push((weight, None));
            let (with, without) = (overall(&more), overall(&categories));
            prop_assert_eq!(with.score, without.score);
            prop_assert!(with.share <= without.share);
        }
    }
}
