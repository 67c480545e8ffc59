//! What a report does not list, in words: findings outside of its scope, and ignored ones.

use crate::report::{Ignored, ReleaseReadinessReport, ScopeSummary};

/// One line for everything that limits the list of findings; none when all are listed.
#[must_use]
pub fn scope_told(report: &ReleaseReadinessReport) -> Vec<String> {
    let mut told: Vec<String> = report.scope.iter().flat_map(scope).collect();
    told.extend(report.ignored.iter().map(ignored));
    told
}

fn scope(scope: &ScopeSummary) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(baseline) = &scope.baseline {
        told.push(format!(
            "only findings that are not in `{}` of {}: it holds {}, {} are still there, {} are gone, {} are new",
            baseline.path,
            baseline.timestamp,
            baseline.findings,
            baseline.still_there,
            baseline.gone,
            baseline.new,
        ));
    }
    if let Some(change) = &scope.change {
        told.push(format!(
            "only findings on what changed since `{}` ({}): {} lines in {} files",
            change.revision,
            change.base.get(..12).unwrap_or(&change.base),
            change.lines,
            change.files,
        ));
    }
    told.push(match scope.left_out_critical {
        0 => format!("left out by this: {} findings, none of them critical", scope.left_out),
        critical => format!(
            "left out by this: {} findings, {critical} of them critical and not counted by the gate",
            scope.left_out
        ),
    });
    told
}

fn ignored(ignored: &Ignored) -> String {
    let Ignored {
        rule,
        path,
        reason,
        findings,
    } = ignored;
    format!("ignored by configuration: {findings} findings of `{rule}` in `{path}`: {reason}")
}
