//! The report as Markdown, short enough for a comment on a pull request.

use std::fmt::Write as _;

use orchestrate_core::gate::{GateStatus, QualityGate, shown};

use super::inline::{cell, code_cell, text};
use super::left_out::scope_told;
use crate::gates::target;
use crate::report::{NotMeasured, ReleaseReadinessReport, Verdict};

/// How many findings a comment shows; all of them stand in the JSON form.
const FINDINGS: usize = 10;
/// How many lines a list has at most.
const LINES: usize = 50;

/// Renders the report as Markdown.
#[must_use]
pub fn markdown(report: &ReleaseReadinessReport) -> String {
    markdown_of(report, FINDINGS)
}

/// The same with so many findings at most.
pub(super) fn markdown_of(report: &ReleaseReadinessReport, most: usize) -> String {
    let mut out = String::new();
    let verdict = match report.verdict {
        Verdict::Ready => "✅ ready",
        Verdict::NotReady => "❌ not ready",
        Verdict::Undecided => "❔ undecided",
    };
    put(
        &mut out,
        format_args!(
            "## Release readiness: {verdict}\n\nConfidence: {}. {}\n",
            report.confidence.as_str(),
            text(&report.summary)
        ),
    );
    gates(&mut out, &report.quality_gates);
    list(
        &mut out,
        "Blockers",
        report.blockers.iter().map(|b| text(b)),
    );
    list(
        &mut out,
        "Warnings",
        report.warnings.iter().map(|w| text(w)),
    );
    not_measured(&mut out, &report.not_measured);
    findings(&mut out, report, most);
    left_out(&mut out, report);
    agents(&mut out, report);
    out
}

/// Writing to a string cannot fail.
pub(super) fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

fn gates(out: &mut String, gates: &[QualityGate]) {
    out.push_str("\n| Gate | Actual | Target | Status |\n|---|---:|---:|---|\n");
    for gate in gates {
        let actual = gate
            .actual
            .map_or_else(|| "–".to_owned(), |value| shown(value, gate.threshold));
        let status = match gate.status {
            GateStatus::Passed => "✅ passed",
            GateStatus::Failed if gate.critical => "❌ failed",
            GateStatus::Failed => "⚠️ failed (warning)",
            GateStatus::NotMeasured => "❔ not measured",
        };
        put(
            out,
            format_args!(
                "| {} | {actual} | {} | {status} |\n",
                cell(&gate.name),
                target(gate)
            ),
        );
    }
}

/// A heading with a list, unless it is empty.
pub(super) fn list(out: &mut String, head: &str, items: impl ExactSizeIterator<Item = String>) {
    let count = items.len();
    if count == 0 {
        return;
    }
    put(out, format_args!("\n### {head}\n\n"));
    for item in items.take(LINES) {
        put(out, format_args!("- {item}\n"));
    }
    if count > LINES {
        put(out, format_args!("- and {} more\n", count - LINES));
    }
}

/// What was not measured, and what would do it.
pub(super) fn not_measured(out: &mut String, items: &[NotMeasured]) {
    let items = items.iter().map(|item| {
        format!(
            "**{}**: {}. To measure it: {}",
            text(&item.what),
            text(&item.why),
            text(&item.how_to_measure)
        )
    });
    list(out, "Not measured", items);
}

fn findings(out: &mut String, report: &ReleaseReadinessReport, most: usize) {
    let count = report.findings.len();
    if count == 0 {
        return;
    }
    put(
        out,
        format_args!(
            "\n### Findings: the first {} of {count}\n\n| Severity | Where | What | How to mend it |\n|---|---|---|---|\n",
            count.min(most)
        ),
    );
    for finding in report.findings.iter().take(most) {
        put(
            out,
            format_args!(
                "| {} | {} | {} ({}) | {} |\n",
                capital(finding.severity.as_str()),
                code_cell(&format!("{}:{}", finding.path, finding.line)),
                cell(&finding.message),
                code_cell(&finding.names()),
                cell(&finding.fix)
            ),
        );
    }
}

/// What the findings are limited to, and what was ignored: a reader must not take the list for all.
fn left_out(out: &mut String, report: &ReleaseReadinessReport) {
    let told = scope_told(report);
    list(out, "Left out", told.iter().map(|line| text(line)));
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn agents(out: &mut String, report: &ReleaseReadinessReport) {
    put(
        out,
        format_args!(
            "\n<details><summary>Agents and time: {:.1} s in all</summary>\n\n| Agent | Outcome | Time | Evidence |\n|---|---|---:|---|\n",
            report.wall_duration
        ),
    );
    for (id, agent) in &report.agent_results {
        let evidence: Vec<String> = agent.evidence.iter().map(|e| cell(&e.method)).collect();
        let outcome = match &agent.error {
            Some(error) => format!("{}: {}", agent.outcome.word(), cell(error)),
            None => agent.outcome.word().to_owned(),
        };
        let time = match agent.own_and_shared_ms() {
            Some((own, scan)) => format!(
                "{:.2} s, after {:.2} s of the shared scan",
                own / 1e3,
                scan / 1e3
            ),
            None => format!("{:.2} s", agent.duration_ms / 1e3),
        };
        put(
            out,
            format_args!(
                "| {} | {outcome} | {time} | {} |\n",
                code_cell(id.as_str()),
                evidence.join("<br>")
            ),
        );
    }
    put(
        out,
        format_args!(
            "\n{} · {} · {}\n\n</details>\n",
            text(&report.path),
            text(&report.timestamp),
            text(&report.schema)
        ),
    );
}
