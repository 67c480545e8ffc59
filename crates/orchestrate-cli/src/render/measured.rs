//! What reports of measurements share: lists, findings, gaps, and who measured what for how long.

use std::collections::BTreeMap;

use anstyle::Style;
use orchestrate_core::id::AgentId;
use orchestrate_core::outcome::Outcome;
use orchestrate_workflows::analysis_backend::ScanSummary;
use orchestrate_workflows::report::{AgentSummary, NotMeasured, ReportedFinding};
use serde::Deserialize as _;

use super::page::Page;
use super::style::{BAD, DIM, GOOD, WARN};
use super::text::{counted, duration, word};

/// How many entries a list of the text shows; the document holds all of them.
pub(super) const ITEMS: usize = 10;

/// A section with a list, unless it is empty.
pub(super) fn list(page: &mut Page, heading: &str, items: &[String]) {
    if !items.is_empty() {
        page.section(&format!("{heading} ({})", items.len()));
        page.items(ITEMS, items.iter().map(String::as_str));
    }
}

/// A section with what was not measured and what would do it, unless everything was.
pub(super) fn not_measured(page: &mut Page, items: &[NotMeasured]) {
    if items.is_empty() {
        return;
    }
    page.section(&format!("NOT MEASURED ({})", items.len()));
    for item in items.iter().take(ITEMS) {
        page.hanging(2, "- ", &format!("{}: {}", item.what, item.why));
        page.hanging(4, "how: ", &item.how_to_measure);
    }
    page.rest(items.len().saturating_sub(ITEMS));
}

/// A finding with its place.
pub(super) fn finding_at(page: &mut Page, finding: &ReportedFinding) {
    let severity = word(&finding.severity);
    let place = format!("{}:{}:{}", finding.path, finding.line, finding.column);
    page.hanging(2, &format!("{severity:<9}"), &place);
    page.text(11, &format!("{} ({})", finding.message, finding.names()));
}

/// The agents, and what they read below `path`.
pub(super) fn measured_by(page: &mut Page, agents: &BTreeMap<AgentId, AgentSummary>, path: &str) {
    page.section("AGENTS");
    for (id, agent) in agents {
        agent_line(page, id.as_str(), agent);
    }
    page.gap();
    scanned(page, agents, path);
}

/// How long it took, in seconds.
pub(super) fn spent(page: &mut Page, wall: f64, summed: f64) {
    page.text(2, &format!("Time: {} by the clock", duration(wall)));
    page.text(
        8,
        &format!(
            "{} summed over the agents, who share one scan",
            duration(summed)
        ),
    );
}

fn agent_line(page: &mut Page, id: &str, agent: &AgentSummary) {
    let (style, sign) = state(&agent.outcome);
    let word = agent.outcome.word().replace('_', " ");
    let time = duration(agent.duration_ms / 1e3);
    let own = agent.own_and_shared_ms();
    let own = own.map(|(own, _)| format!("  ({} its own)", duration(own / 1e3)));
    let own = own.unwrap_or_default();
    page.state(style, sign, &format!("{id:<25} {word:<13} {time:>9}{own}"));
    if let Some(error) = &agent.error {
        page.text(9, error);
    }
}

/// The sign of an outcome.
pub(super) fn state(outcome: &Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Succeeded => (GOOD, "[ok]"),
        Outcome::Skipped { .. } => (DIM, "[skip]"),
        Outcome::Partial { .. } | Outcome::Cancelled { .. } => (WARN, "[stop]"),
        Outcome::Paused { .. } => (WARN, "[wait]"),
        _ => (BAD, "[FAIL]"),
    }
}

/// What was read and what was not, from the scan that the agents share.
fn scanned(page: &mut Page, agents: &BTreeMap<AgentId, AgentSummary>, path: &str) {
    let scan = agents
        .values()
        .find_map(|agent| ScanSummary::deserialize(agent.output.get("scan")?).ok());
    let Some(scan) = scan else { return };
    let languages: Vec<String> = scan
        .by_language
        .iter()
        .map(|(language, roles)| format!("{} {}", language.name(), roles.values().sum::<u32>()))
        .collect();
    let languages = match &*languages {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    let files = counted(scan.files_analysed, "file");
    let lines = counted(scan.lines, "line");
    page.text(
        2,
        &format!("Analysed: {files}{languages}, {lines}, in `{path}`"),
    );
    if scan.skipped_count > 0 {
        let first = scan.skipped.first();
        let first = first.map_or(String::new(), |it| {
            format!(", first `{}`: {}", it.path, it.why)
        });
        let skipped = counted(scan.skipped_count, "source file");
        page.text(2, &format!("Skipped: {skipped}{first}"));
    }
    if let Some(first) = scan.decoded_lossily.first() {
        let files = counted(scan.decoded_lossily_count, "file");
        page.text(
            2,
            &format!(
                "Read with replacement characters, for invalid bytes: {files}, first `{first}`"
            ),
        );
    }
    if scan.syntax_error_count > 0 {
        let files = counted(scan.syntax_error_count, "file");
        page.text(2, &format!("Read in part only, for syntax errors: {files}"));
    }
    if !scan.other_languages.is_empty() {
        let others: Vec<String> = scan
            .other_languages
            .iter()
            .map(|(language, files)| format!("{language} {files}"))
            .collect();
        page.text(
            2,
            &format!("Not analysed, other languages: {}", others.join(", ")),
        );
    }
    if scan.vendored > 0 {
        let files = counted(scan.vendored, "file");
        page.text(2, &format!("Not analysed, vendored: {files}"));
    }
}
