//! What external tools add to an agent's answer: findings, evidence, and what failed.

use std::collections::HashMap;
use std::path::Path;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::finding::Finding;
use orchestrate_analysis::source::Role;

use super::answer::Answer;
use crate::external::{self, Merged, ToolRun, ToolState};

/// Merges what the tools reported with these findings.
pub(super) fn merged(
    root: &Path,
    snapshot: &Snapshot,
    findings: &[Finding],
    runs: &[ToolRun],
) -> Merged {
    if runs.is_empty() {
        return Merged::default();
    }
    let roles: HashMap<&str, Role> = snapshot
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.role))
        .collect();
    external::merge(findings, runs, &roles, |path, line| {
        line_of(root, path, line)
    })
}

/// States what was run and how it ended.
pub(super) fn state(answer: &mut Answer, runs: &[ToolRun]) {
    if runs.is_empty() {
        return;
    }
    let documents: Vec<_> = runs.iter().map(ToolRun::document).collect();
    answer.detail("tools", &documents);
    let ran = runs
        .iter()
        .filter(|run| matches!(run.state, ToolState::Done(_)));
    let ran: Vec<&str> = ran.map(|run| run.tool.name()).collect();
    answer.detail("tools_ran", &ran);
    for run in runs {
        answer.evidence.extend(run.evidence());
        let name = run.tool.name();
        match &run.state {
            ToolState::Done(_) if run.notes.is_empty() => {}
            ToolState::Done(_) => answer.not_measured(
                format!("what `{name}` could not read"),
                run.notes
                    .iter()
                    .take(3)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join("; "),
                "mend these files, or leave them out in the settings of the tool",
            ),
            // Without anything to read there is nothing that it could have found.
            ToolState::Idle(_) => {}
            ToolState::Failed { why, how } => {
                answer
                    .warnings
                    .push(format!("`{name}` was asked for and failed: {why}"));
                answer.not_measured(format!("findings of `{name}`"), why.clone(), how.clone());
            }
        }
    }
}

/// A line of a file; empty where it cannot be read.
fn line_of(root: &Path, path: &str, line: u32) -> String {
    let text = std::fs::read(root.join(path)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let at = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    text.lines().nth(at).unwrap_or_default().to_owned()
}
