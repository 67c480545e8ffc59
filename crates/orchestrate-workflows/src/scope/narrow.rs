//! Takes findings outside of the scope out of a list, and says what was taken.

use std::collections::BTreeSet;

use orchestrate_analysis::finding::Severity;

use super::baseline::Known;
use super::{Baseline, Change, Scope};
use crate::report::{BaselineSummary, ReportedFinding, ScopeSummary};

/// Takes out what is outside of the scope. `None` when there is no scope.
///
/// `looked_for` says whether this run looked for such a finding at all: what nobody looked for is
/// not gone.
pub(crate) fn narrow(
    findings: &mut Vec<ReportedFinding>,
    scope: &Scope,
    looked_for: impl Fn(&str, Option<&str>) -> bool,
) -> Option<ScopeSummary> {
    if scope.baseline.is_none() && scope.change.is_none() {
        return None;
    }
    let critical = |list: &[ReportedFinding]| {
        list.iter()
            .filter(|finding| finding.severity == Severity::Critical)
            .count()
    };
    let (all, all_critical) = (findings.len(), critical(findings));
    let mut summary = ScopeSummary::default();
    if let Some(baseline) = &scope.baseline {
        summary.baseline = Some(beside(findings, baseline, looked_for));
    }
    if let Some(change) = &scope.change {
        findings.retain(|finding| is_on(finding, change));
        summary.change = Some(change.summary());
    }
    summary.left_out = all - findings.len();
    summary.left_out_critical = all_critical - critical(findings);
    Some(summary)
}

fn beside(
    findings: &mut Vec<ReportedFinding>,
    baseline: &Baseline,
    looked_for: impl Fn(&str, Option<&str>) -> bool,
) -> BaselineSummary {
    let now: BTreeSet<&str> = findings.iter().map(|it| it.fingerprint.as_str()).collect();
    let known = &baseline.findings;
    let is_there = |known: &&Known| now.contains(known.fingerprint.as_str());
    let still_there = known.iter().filter(is_there).count();
    let gone = known
        .iter()
        .filter(|known| !is_there(known) && looked_for(&known.agent, tool(known)))
        .count();
    let before: BTreeSet<&str> = known.iter().map(|it| it.fingerprint.as_str()).collect();
    findings.retain(|finding| !before.contains(finding.fingerprint.as_str()));
    BaselineSummary {
        path: baseline.path.clone(),
        timestamp: baseline.timestamp.clone(),
        findings: known.len(),
        still_there,
        gone,
        new: findings.len(),
    }
}

/// The external tool that alone reported a finding.
fn tool(known: &Known) -> Option<&str> {
    let own = |tool: &str| {
        known
            .rule_id
            .strip_prefix(tool)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let mut tools = known.sources.iter().map(|source| source.tool.as_str());
    tools.find(|tool| own(tool))
}

/// Findings about whole functions and files belong to a change that touches their file; all others
/// to one that touches their line.
fn is_on(finding: &ReportedFinding, change: &Change) -> bool {
    let about_more = ["quality.", "docs.", "architecture.", "duplication."];
    if about_more
        .iter()
        .any(|family| finding.rule_id.starts_with(family))
    {
        change.touches_file(&finding.path)
    } else {
        change.touches_line(&finding.path, finding.line)
    }
}
