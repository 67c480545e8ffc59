//! Which kind of finding costs most.

use std::collections::BTreeMap;

use orchestrate_analysis::finding::Severity;

use super::super::report::Figure;
use super::category::figure;
use crate::report::ReportedFinding;

/// The rule without whose findings the score would be highest, in words, and by how much.
pub(super) fn dearest<'a>(
    found: &'a [ReportedFinding],
    score: impl Fn(&mut dyn Iterator<Item = &'a ReportedFinding>) -> f64,
) -> Option<(String, f64)> {
    let mut rules: BTreeMap<&str, Vec<&ReportedFinding>> = BTreeMap::new();
    for finding in found {
        rules.entry(&finding.rule_id).or_default().push(finding);
    }
    let now = score(&mut found.iter());
    let gain = |rule: &str| score(&mut found.iter().filter(|it| it.rule_id != rule)) - now;
    let dearest = rules.into_iter().map(|(rule, of_it)| (gain(rule), of_it));
    let (gain, of_it) = dearest.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    let first = of_it.into_iter().enumerate();
    let count = first.clone().count();
    let (_, first) = first.min_by_key(|(at, it)| (it.severity, it.confidence, *at))?;
    let place = format!("`{}:{}`", first.path, first.line);
    let rule = &first.rule_id;
    let what = match count {
        1 => format!("mend the finding of `{rule}` in {place}"),
        more => format!("mend the {more} findings of `{rule}`, the first in {place}"),
    };
    Some((what, gain))
}

/// How many findings there are of each severity.
pub(super) fn by_severity(found: &[ReportedFinding]) -> Vec<Figure> {
    let mut counts: BTreeMap<Severity, f64> = BTreeMap::new();
    for finding in found {
        *counts.entry(finding.severity).or_default() += 1.0;
    }
    let figures = counts
        .into_iter()
        .map(|(severity, count)| figure(severity.as_str(), count, ""));
    figures.collect()
}
