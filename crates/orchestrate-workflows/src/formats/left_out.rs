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
            "only findings that are not in `{}` of {}: {} before, {} still there, {} gone, {} new",
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
            "only findings on what changed since `{}` ({}): {} in {}, and {}",
            change.revision,
            change.base.get(..12).unwrap_or(&change.base),
            counted(change.lines, "line"),
            counted(change.files as u64, "file"),
            counted(change.new_files as u64, "new file"),
        ));
    }
    let all = counted(scope.left_out as u64, "finding");
    told.push(match scope.left_out_critical {
        0 => format!("left out by this: {all}, none of them critical"),
        critical => {
            format!("left out by this: {all}, critical and not counted by the gate: {critical}")
        }
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
    let findings = counted(u64::from(*findings), "finding");
    format!("ignored by configuration: {findings} of `{rule}` in `{path}`: {reason}")
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
