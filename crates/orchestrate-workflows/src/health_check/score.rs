//! How counts become scores: densities, so that size alone does not matter, and halves, so that more of
//! anything bad always costs something and no amount of it is the last that does.

use orchestrate_analysis::finding::{Confidence, Severity};

use crate::report::ReportedFinding;

/// Lines that are added to those of the product before a density is made. Without them one finding in a
/// script of fifty lines would weigh as much as two thousand in a project of a hundred thousand.
const STEADYING_LINES: f64 = 1000.0;

/// A score as it is reported: to a tenth, and never outside of the scale.
pub(super) fn rounded(score: f64) -> f64 {
    (score.clamp(0.0, 100.0) * 10.0).round() / 10.0
}

/// What is left of 100 at a density: half at `half_at`, a quarter at twice that, and so on.
pub(super) fn halved(density: f64, half_at: f64) -> f64 {
    100.0 * (-density / half_at).exp2()
}

/// Points for each thousand lines of product code.
pub(super) fn per_thousand_lines(points: f64, product_lines: u64) -> f64 {
    1000.0 * points / (product_lines as f64 + STEADYING_LINES)
}

/// How much a finding of this confidence counts for.
pub(super) fn belief(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::High => 1.0,
        Confidence::Medium => 0.5,
        Confidence::Low => 0.25,
    }
}

/// What findings weigh together.
pub(super) fn points<'a>(
    findings: impl IntoIterator<Item = &'a ReportedFinding>,
    weight: fn(Severity) -> f64,
) -> f64 {
    let weights = findings
        .into_iter()
        .map(|it| weight(it.severity) * belief(it.confidence));
    weights.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_keeps_one_place_and_its_scale() {
        assert_eq!(
            [-1.0, 33.333, 99.96, 101.0].map(rounded),
            [0.0, 33.3, 100.0, 100.0]
        );
    }

    #[test]
    fn each_half_value_halves() {
        assert_eq!(
            [0.0, 5.0, 10.0].map(|it| halved(it, 5.0)),
            [100.0, 50.0, 25.0]
        );
    }

    #[test]
    fn a_small_project_is_not_lost_by_one_finding() {
        assert!(per_thousand_lines(3.0, 50) < 3.0);
        assert!((per_thousand_lines(300.0, 99_000) - 3.0).abs() < 1e-12);
    }
}
