//! Performance: patterns that are known to be slow. Nothing is timed, and the report says so.

use orchestrate_analysis::finding::Severity;

use super::super::mode::Mode;
use super::super::score::{halved, per_thousand_lines, points};
use super::by_rule::{by_severity, dearest};
use super::category::{Category, Measured, figure, findings, product_lines, unlisted};
use crate::answers::{NoValue, Results};
use crate::report::ReportedFinding;

pub(super) const CATEGORY: Category = Category {
    name: "performance",
    weight: 0.15,
    from: Mode::Weekly,
    agent: "performance_optimizer",
    metric: "slow_patterns",
    definition: "100, halved for every point of patterns that are known to be slow for each 1000 lines of \
                 product code, to which 1000 are added: high 10, medium 3, low 1; a pattern of medium confidence \
                 counts half, one of low confidence a quarter; nothing is run or timed",
    measure,
};

/// Points for each thousand lines at which half of the score is left.
const HALF_AT: f64 = 1.0;

fn weight(severity: Severity) -> f64 {
    match severity {
        Severity::Critical | Severity::High => 10.0,
        Severity::Medium => 3.0,
        Severity::Low => 1.0,
        Severity::Info => 0.0,
    }
}

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (counted, _) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    let lines = product_lines(results, CATEGORY.agent)?;
    let found = findings(results, CATEGORY.agent);
    let unlisted = unlisted(counted, found.len()) * weight(Severity::Low);
    let score = |found: &mut dyn Iterator<Item = &ReportedFinding>| {
        let points = points(found, weight) + unlisted;
        halved(per_thousand_lines(points, lines), HALF_AT)
    };
    let mut figures = vec![figure("slow patterns", counted, "")];
    figures.extend(by_severity(found));
    figures.push(figure("product code", lines as f64, "lines"));
    Ok(Measured {
        score: score(&mut found.iter()),
        figures,
        raise: dearest(found, score),
    })
}
