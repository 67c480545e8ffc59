//! What an engineer needs behind the report: how the figures came to be and what was read.

use maud::{Markup, html as markup};
use orchestrate_core::evidence::Evidence;
use serde::Deserialize as _;
use serde_json::Value;

use super::parts::{State, counted, seconds, short, state, text};
use crate::analysis_backend::ScanSummary;
use crate::report::{AgentSummary, ReleaseReadinessReport};

/// How many gaps are shown.
const GAPS: usize = 20;

/// What an agent stated under a name.
fn stated<'a>(report: &'a ReleaseReadinessReport, agent: &str, field: &str) -> Option<&'a Value> {
    let mut results = report.agent_results.iter();
    let (_, summary) = results.find(|(id, _)| id.as_str() == agent)?;
    summary.output.get(field)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, field: &str) -> Option<f64> {
    value.get(field).and_then(Value::as_f64)
}

fn figure(value: &Value, field: &str) -> String {
    number(value, field).map_or_else(|| "–".to_owned(), short)
}

pub(super) fn coverage(report: &ReleaseReadinessReport) -> Markup {
    let of = |field| stated(report, "test_coverage_analyzer", field);
    let (totals, gaps) = (list(of("totals")), list(of("gaps")));
    let all = of("gaps_count").and_then(Value::as_u64).unwrap_or_default();
    let runs = list(of("test_runs"));
    let definition = of("definition").and_then(Value::as_str).unwrap_or_default();
    markup! {
        @if !totals.is_empty() || !runs.is_empty() {
            details {
                summary { "Test coverage and where tests tell most" }
                @if !runs.is_empty() { (test_runs(runs)) }
                @if !totals.is_empty() {
                    p.quiet { (definition) "." }
                    div.wide { table {
                        thead { tr { th { "Unit" } th.number { "Executed" } th.number { "Of" } th.number { "Percent" } th.number { "Least, if what no report names never runs" } } }
                        tbody { @for one in totals { tr {
                            td { (word(one, "unit")) }
                            td.number { (figure(one, "covered")) }
                            td.number { (figure(one, "total")) }
                            td.number { (figure(one, "percent")) " %" }
                            td.number { (figure(one, "floor_percent")) " %" }
                        } } }
                    } }
                }
                @if !gaps.is_empty() {
                    h3 { "The gaps that matter most" }
                    p.quiet { "By complexity, lines that never ran, and callers: the first " (gaps.len().min(GAPS)) " of " (all) "." }
                    div.wide { table {
                        thead { tr { th { "Function" } th { "Where" } th.number { "Not run" } th.number { "Complexity" } th.number { "Callers" } th.number { "Rank" } } }
                        tbody { @for gap in gaps.iter().take(GAPS) { tr {
                            td { code { (word(gap, "function")) } }
                            td { code { (word(gap, "path")) ":" (figure(gap, "start")) } }
                            td.number { (figure(gap, "uncovered")) }
                            td.number { (figure(gap, "cyclomatic")) }
                            td.number { (figure(gap, "callers")) }
                            td.number { (figure(gap, "importance")) }
                        } } }
                    } }
                }
            }
        }
    }
}

fn test_runs(runs: &[Value]) -> Markup {
    markup! {
        h3 { "Test runs" }
        @for run in runs {
            @let passed = run.get("passed").and_then(Value::as_bool);
            p {
                @match passed {
                    Some(true) => (state(State::Good, "passed")),
                    Some(false) => (state(State::Bad, "failed")),
                    None => (state(State::Open, "not measured")),
                }
                " " (word(run, "what"))
                @if let Some(time) = number(run, "duration_ms") { " · " (seconds(time / 1e3)) }
                @if let Some(code) = run.get("exit_code").and_then(Value::as_i64) { " · exit " (code) }
            }
            @if !word(run, "command").is_empty() { pre { (word(run, "command")) } }
            @if !word(run, "tail").is_empty() { pre { (word(run, "tail")) } }
        }
    }
}

pub(super) fn quality(report: &ReleaseReadinessReport) -> Markup {
    let components = list(stated(report, "code_reviewer", "components"));
    markup! {
        @if !components.is_empty() {
            details {
                summary { "How the quality score is made" }
                p.quiet { "The score is the sum of the contributions. A component gives all of its weight at 0 and half of it at the value in the column." }
                div.wide { table {
                    thead { tr { th { "Component" } th.number { "Value" } th { "Unit" } th.number { "Half at" } th.number { "Gives" } th.number { "Of" } } }
                    tbody { @for one in components { tr {
                        td { (word(one, "name")) }
                        td.number { (figure(one, "value")) }
                        td { (word(one, "unit")) }
                        td.number { (figure(one, "half_at")) }
                        td.number { (number(one, "contribution").map_or("–".to_owned(), |v| format!("{v:.2}"))) }
                        td.number { (number(one, "weight").map_or("–".to_owned(), |v| format!("{:.2}", 10.0 * v))) }
                    } } }
                } }
            }
        }
    }
}

pub(super) fn documentation(report: &ReleaseReadinessReport) -> Markup {
    let of = |field| stated(report, "documentation_writer", field);
    let (languages, undocumented) = (list(of("languages")), list(of("undocumented")));
    let all = of("undocumented_count")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    markup! {
        @if !languages.is_empty() {
            details {
                summary { "Documentation" }
                div.wide { table {
                    thead { tr { th { "Language" } th.number { "Public" } th.number { "Documented" } th.number { "Percent" } th { "What is public" } } }
                    tbody { @for one in languages { tr {
                        td { (word(one, "language")) }
                        td.number { (figure(one, "public")) }
                        td.number { (figure(one, "documented")) }
                        td.number { (figure(one, "percent")) " %" }
                        td { (text(word(one, "definition"))) }
                    } } }
                } }
                @if !undocumented.is_empty() {
                    p.quiet { "Without documentation, the first " (undocumented.len()) " of " (all) ":" }
                    ul.places { @for one in undocumented {
                        li { code { (word(one, "path")) ":" (figure(one, "line")) } " " (word(one, "kind")) " " code { (word(one, "name")) } }
                    } }
                }
            }
        }
    }
}

pub(super) fn agents(report: &ReleaseReadinessReport) -> Markup {
    markup! {
        details {
            summary { "Agents and their evidence" }
            @for (id, agent) in &report.agent_results {
                h3 { (id.as_str()) }
                p { (agent_state(agent)) " · " (seconds(agent.duration_ms / 1e3)) " · confidence " (short(100.0 * agent.confidence)) " %" }
                @if let Some(error) = &agent.error { p { (text(error)) } }
                @for one in &agent.evidence { (evidence(one)) }
            }
            p.quiet { (seconds(report.wall_duration)) " by the clock; " (seconds(report.summed_duration)) " summed over the agents, who share one scan." }
        }
    }
}

fn agent_state(agent: &AgentSummary) -> Markup {
    let word = agent.outcome.word().replace('_', " ");
    let kind = if agent.success {
        State::Good
    } else {
        State::Bad
    };
    state(kind, &word)
}

fn evidence(evidence: &Evidence) -> Markup {
    markup! {
        ul.evidence {
            li {
                (text(&evidence.method)) " · " (evidence.tool) " " (evidence.version)
                @if let Some(time) = evidence.duration_ms { " · " (seconds(time / 1e3)) }
                @if let Some(code) = evidence.exit_code { " · exit " (code) }
                @if let Some(files) = evidence.files_read { " · " (files) " files read" }
                @if let Some(files) = evidence.files_skipped.filter(|count| *count > 0) { ", " (files) " left out" }
                @if let Some(command) = &evidence.command { pre { (command.join(" ")) } }
                @for note in &evidence.notes { p.quiet { (text(note)) } }
            }
        }
    }
}

pub(super) fn read(report: &ReleaseReadinessReport) -> Markup {
    let mut agents = report.agent_results.values();
    let scan = agents.find_map(|agent| ScanSummary::deserialize(agent.output.get("scan")?).ok());
    markup! {
        @if let Some(scan) = scan {
            details {
                summary { "What was read and what was not" }
                p { (counted(scan.files_analysed, "source file")) ", " (scan.lines) " lines, of which " (scan.product_code_lines) " lines of product code." }
                div.wide { table {
                    thead { tr { th { "Language" } th { "Files by their part" } } }
                    tbody { @for (language, roles) in &scan.by_language { tr {
                        td { (language.name()) }
                        td { @for (position, (role, files)) in roles.iter().enumerate() {
                            @if position > 0 { ", " }
                            (files) " " (format!("{role:?}").to_lowercase())
                        } }
                    } } }
                } }
                @if !scan.other_languages.is_empty() {
                    p { "Of other languages, not analysed: "
                        @for (position, (language, files)) in scan.other_languages.iter().enumerate() {
                            @if position > 0 { ", " }
                            (language) " " (files)
                        } "."
                    }
                }
                @if scan.vendored > 0 { p { "Vendored, not read: " (scan.vendored) "." } }
                @if scan.skipped_count > 0 {
                    p { (counted(scan.skipped_count, "source file")) " could not be analysed:" }
                    ul.places { @for one in &scan.skipped { li { code { (one.path) } " " (one.why) } } }
                }
                @if scan.syntax_error_count > 0 {
                    p { (counted(scan.syntax_error_count, "source file")) " read in part only, for syntax errors:" }
                    ul.places { @for path in &scan.syntax_errors { li { code { (path) } } } }
                }
            }
        }
    }
}
