//! Security: findings in product code, by how bad and how sure they are.

use orchestrate_analysis::finding::Severity;

use super::super::mode::Mode;
use super::super::score::{halved, per_thousand_lines, points};
use super::by_rule::{by_severity, dearest};
use super::category::{Category, Measured, figure, findings, product_lines, unlisted};
use crate::answers::{NoValue, Results};
use crate::report::ReportedFinding;

pub(super) const CATEGORY: Category = Category {
    name: "security",
    weight: 0.30,
    from: Mode::Daily,
    agent: "security_auditor",
    metric: "critical_issues",
    definition: "100, halved by each critical finding, and halved again for every 5 points of other \
                 findings for each 1000 lines of product code, to which 1000 are added: high 10, medium 3, low 0.1; \
                 a finding of medium confidence counts half, one of low confidence a quarter",
    measure,
};

/// Points for each thousand lines at which half of the score is left.
const HALF_AT: f64 = 5.0;

fn weight(severity: Severity) -> f64 {
    match severity {
        Severity::High => 10.0,
        Severity::Medium => 3.0,
        Severity::Low => 0.1,
        // Those count by themselves: what is exploitable is no less so in a large project.
        Severity::Critical | Severity::Info => 0.0,
    }
}

fn critical(severity: Severity) -> f64 {
    f64::from(u8::from(severity == Severity::Critical))
}

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (counted, _) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    let lines = product_lines(results, CATEGORY.agent)?;
    let found = findings(results, CATEGORY.agent);
    let listed = found.iter().filter(|it| it.severity == Severity::Critical);
    let unlisted = unlisted(counted, listed.count());
    let score = |found: &mut dyn Iterator<Item = &ReportedFinding>| {
        let found: Vec<_> = found.collect();
        let halves = points(found.iter().copied(), critical) + unlisted;
        let density = per_thousand_lines(points(found, weight), lines);
        halved(density, HALF_AT) * (-halves).exp2()
    };
    let mut figures = vec![figure("critical", counted, "")];
    let others = by_severity(found).into_iter();
    figures.extend(others.filter(|it| it.name != Severity::Critical.as_str()));
    figures.push(figure("product code", lines as f64, "lines"));
    Ok(Measured {
        score: score(&mut found.iter()),
        figures,
        raise: dearest(found, score),
    })
}
