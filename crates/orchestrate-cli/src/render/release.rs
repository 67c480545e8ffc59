//! The release readiness report for people. It shows what the report holds, and adds nothing to it.

use std::collections::BTreeMap;

use anstyle::Style;
use orchestrate_core::gate::{GateStatus, QualityGate, shown};
use orchestrate_workflows::formats::scope_told;
use orchestrate_workflows::gates::target;
use orchestrate_workflows::report::{ReleaseReadinessReport, ReportedFinding, Verdict};
use serde_json::Value;

use super::measured::{ITEMS, finding_at, list, measured_by, not_measured, spent};
use super::page::Page;
use super::style::{BAD, GOOD, WARN};
use super::text::{self, duration, word};

/// The report as a page of so many columns.
pub(crate) fn release(report: &ReleaseReadinessReport, width: usize) -> String {
    let mut page = Page::new(width, "RELEASE PREPARATION REPORT");
    page.gap();
    let (style, sign, word) = match report.verdict {
        Verdict::Ready => (GOOD, "[ok]", "READY"),
        Verdict::NotReady => (BAD, "[FAIL]", "NOT READY"),
        Verdict::Undecided => (WARN, "[ ?? ]", "UNDECIDED"),
    };
    let confidence = report.confidence.as_str();
    page.state(style, sign, &format!("{word} (confidence: {confidence})"));
    page.text(9, &report.summary);

    page.section("QUALITY GATES");
    let names = report
        .quality_gates
        .iter()
        .map(|gate| text::width(&gate.name));
    let widest = names.max().unwrap_or_default();
    for gate in &report.quality_gates {
        gate_line(&mut page, gate, widest);
    }
    list(&mut page, "BLOCKERS", &report.blockers);
    list(&mut page, "WARNINGS", &report.warnings);
    not_measured(&mut page, &report.not_measured);
    findings(&mut page, &report.findings);
    left_out(&mut page, report);
    gaps(&mut page, report);

    measured_by(&mut page, &report.agent_results, &report.path);
    spent(&mut page, report.wall_duration, report.summed_duration);
    page.finish()
}

/// How the state of a gate is shown.
pub(super) fn gate_state(gate: &QualityGate) -> (Style, &'static str) {
    match gate.status {
        GateStatus::Passed => (GOOD, "[ok]"),
        GateStatus::Failed if gate.critical => (BAD, "[FAIL]"),
        GateStatus::Failed => (WARN, "[warn]"),
        GateStatus::NotMeasured => (WARN, "[ ?? ]"),
    }
}

fn gate_line(page: &mut Page, gate: &QualityGate, widest: usize) {
    let (style, sign) = gate_state(gate);
    let actual = gate.actual.map_or("not measured".to_owned(), |value| {
        format!("{}{}", shown(value, gate.threshold), unit(&gate.metric))
    });
    let target = target(gate).replace('≥', ">=").replace('≤', "<=");
    let unit = unit(&gate.metric);
    let weight = if gate.critical { "" } else { ", warns only" };
    let name = &gate.name;
    page.state(
        style,
        sign,
        &format!("{name:<widest$}  {actual:<13} (target: {target}{unit}{weight})"),
    );
}

/// The unit of a metric, which its name ends with.
fn unit(metric: &str) -> &'static str {
    if metric.ends_with("_percent") {
        "%"
    } else if metric.ends_with("_score") {
        "/10"
    } else {
        ""
    }
}

fn findings(page: &mut Page, findings: &[ReportedFinding]) {
    if findings.is_empty() {
        return;
    }
    let mut counts = BTreeMap::<_, usize>::new();
    for finding in findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(severity, count)| format!("{count} {}", word(severity)))
        .collect();
    let shown = findings.len().min(ITEMS);
    let all = findings.len();
    page.section(&format!(
        "TOP FINDINGS ({shown} of {all}: {})",
        counts.join(", ")
    ));
    for finding in findings.iter().take(ITEMS) {
        finding_at(page, finding);
    }
    page.rest(all - shown);
}

/// What limits the list of findings. A reader must not take it for all there is.
fn left_out(page: &mut Page, report: &ReleaseReadinessReport) {
    let told = scope_told(report);
    if !told.is_empty() {
        page.section("LEFT OUT");
        page.items(ITEMS, told.iter().map(String::as_str));
    }
}

/// How many gaps the text shows.
const GAPS: usize = 5;

/// How the tests ended, where they were run, and where the next test would tell most.
fn gaps(page: &mut Page, report: &ReleaseReadinessReport) {
    let stated = |field: &str| {
        let mut results = report.agent_results.values();
        let list = results.find_map(|agent| agent.output.get(field)?.as_array());
        list.map(Vec::as_slice).unwrap_or_default()
    };
    let word = |value: &Value, field: &str| -> String {
        value
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (runs, gaps) = (stated("test_runs"), stated("gaps"));
    if runs.is_empty() && gaps.is_empty() {
        return;
    }
    page.section("TESTS");
    for run in runs {
        let (style, sign, how) = match run.get("passed").and_then(Value::as_bool) {
            Some(true) => (GOOD, "[ok]", "passed"),
            Some(false) => (BAD, "[FAIL]", "failed"),
            None => (WARN, "[ ?? ]", "not measured"),
        };
        let time = run
            .get("duration_ms")
            .and_then(Value::as_f64)
            .unwrap_or_default();
        let (what, inside) = (word(run, "what"), word(run, "inside"));
        let place = if inside.is_empty() {
            inside
        } else {
            format!(" in {inside}")
        };
        page.state(
            style,
            sign,
            &format!("{what}{place}: {how} in {}", duration(time / 1e3)),
        );
        if how != "passed" {
            page.text(9, &word(run, "why"));
            for line in word(run, "tail").lines() {
                page.text(9, &format!("| {line}"));
            }
        }
    }
    if !gaps.is_empty() {
        page.text(2, "Not covered, by complexity, lines and callers:");
    }
    for gap in gaps.iter().take(GAPS) {
        let figure = |field: &str| gap.get(field).and_then(Value::as_u64).unwrap_or_default();
        let place = format!("{}:{}", word(gap, "path"), figure("start"));
        let missing = gap
            .get("uncovered")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        page.hanging(2, "- ", &format!("`{}` {place}", word(gap, "function")));
        page.text(
            4,
            &format!(
                "{missing} not run, complexity {}, callers {}",
                figure("cyclomatic"),
                figure("callers")
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::id::AgentId;
    use orchestrate_core::outcome::{FailureClass, Outcome};
    use orchestrate_workflows::report::AgentSummary;
    use serde_json::json;

    /// A report as it could be read from a file, with whatever a test puts into it.
    fn report(fields: serde_json::Value) -> ReleaseReadinessReport {
        let mut all = json!({
            "schema": "orchestrate.release-readiness/1", "path": "demo", "verdict": "ready",
            "approved": true, "confidence": "medium", "quality_gates": [], "agent_results": {},
            "blockers": [], "warnings": [], "not_measured": [], "summary": "Ready.",
            "findings": [], "timestamp": "2026-01-01T00:00:00Z", "wall_duration": 2.31,
            "summed_duration": 4.5, "evidence": [],
        });
        for (name, value) in fields.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    fn gate(
        metric: &str,
        name: &str,
        actual: Option<f64>,
        status: &str,
        critical: bool,
    ) -> serde_json::Value {
        let passed = match status {
            "passed" => json!(true),
            "failed" => json!(false),
            _ => json!(null),
        };
        json!({"name": name, "metric": metric, "threshold": 80.0, "actual": actual, "status": status,
            "passed": passed, "critical": critical, "message": "m", "evidence": []})
    }

    fn check(report: &ReleaseReadinessReport, width: usize, expected: Expect) {
        let text = anstream::adapter::strip_str(&release(report, width)).to_string();
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "{text:?}"
        );
        expected.assert_eq(&text);
    }

    #[test]
    fn everything_in_the_report_is_shown_and_nothing_else() {
        let finding = json!({"rule_id": "python.eval", "severity": "high", "confidence": "high",
            "path": "a\u{1b}[2J.py", "line": 3, "column": 7, "message": "`eval` of \u{202e}input",
            "fix": "f", "agent": "security_auditor", "fingerprint": "0"});
        let agent = |outcome: Outcome, error: Option<&str>, output| AgentSummary {
            success: outcome.is_success(),
            outcome,
            output,
            confidence: 1.0,
            duration_ms: 1234.0,
            error: error.map(str::to_owned),
            evidence: vec![],
        };
        let scan = json!({"scan": {
            "files_analysed": 3, "by_language": {"python": {"product": 2, "test": 1}}, "lines": 120,
            "product_code_lines": 80, "skipped_count": 1,
            "skipped": [{"path": "big.py", "why": "too large"}], "syntax_error_count": 1,
            "syntax_errors": ["b.py"], "other_languages": {"Java": 2}, "vendored": 4, "pruned": [],
            "links": 0, "wall_ms": 5,
        }});
        let id = |text| AgentId::new(text).unwrap();
        let mut full = report(json!({
            "verdict": "not_ready", "approved": false, "confidence": "high",
            "summary": "Not ready: Test coverage is 60, wanted at least 80.",
            "quality_gates": [
                gate("critical_issues", "Critical security issues", Some(0.0), "passed", true),
                gate("coverage_percent", "Test coverage", Some(60.0), "failed", true),
                gate("quality_score", "Quality score", None, "not_measured", true),
                gate("doc_coverage_percent", "Documentation coverage", Some(9.55), "failed", false),
            ],
            "blockers": ["Test coverage is 60, wanted at least 80"],
            "warnings": ["a", "b"],
            "not_measured": [{"what": "quality_score", "why": "it was left out",
                "how_to_measure": "add `code_reviewer` to `--agents`"}],
            "findings": [finding],
        }));
        full.agent_results.insert(
            id("security_auditor"),
            agent(Outcome::Succeeded, None, scan),
        );
        full.agent_results.insert(
            id("test_coverage_analyzer"),
            agent(
                Outcome::failed(FailureClass::Internal, "it broke"),
                Some("it broke"),
                json!(null),
            ),
        );
        check(
            &full,
            72,
            expect![[r#"
                ======================================================================
                  RELEASE PREPARATION REPORT
                ======================================================================

                  [FAIL] NOT READY (confidence: high)
                         Not ready: Test coverage is 60, wanted at least 80.

                  QUALITY GATES
                  --------------------------------------------------------------------
                  [ok]   Critical security issues  0             (target: <= 80)
                  [FAIL] Test coverage             60%           (target: >= 80%)
                  [ ?? ] Quality score             not measured  (target: >= 80/10)
                  [warn] Documentation coverage    9.5%          (target: >= 80%, warns only)

                  BLOCKERS (1)
                  --------------------------------------------------------------------
                  - Test coverage is 60, wanted at least 80

                  WARNINGS (2)
                  --------------------------------------------------------------------
                  - a
                  - b

                  NOT MEASURED (1)
                  --------------------------------------------------------------------
                  - quality_score: it was left out
                    how: add `code_reviewer` to `--agents`

                  TOP FINDINGS (1 of 1: 1 high)
                  --------------------------------------------------------------------
                  high     a\u{1b}[2J.py:3:7
                           `eval` of \u{202e}input (python.eval)

                  AGENTS
                  --------------------------------------------------------------------
                  [ok]   security_auditor          succeeded         1.2 s
                  [FAIL] test_coverage_analyzer    failed            1.2 s
                         it broke

                  Analysed: 3 files (Python 3), 120 lines, in `demo`
                  Skipped: 1 source file, first `big.py`: too large
                  Read in part only, for syntax errors: 1 file
                  Not analysed, other languages: Java 2
                  Not analysed, vendored: 4 files
                  Time: 2.3 s by the clock
                        4.5 s summed over the agents, who share one scan
                ======================================================================
            "#]],
        );
    }

    #[test]
    fn a_short_report_has_no_empty_sections_and_fits_a_narrow_terminal() {
        check(
            &report(json!({"summary": "Ready: all 3 gates that block a release passed."})),
            40,
            expect![[r#"
                ========================================
                  RELEASE PREPARATION REPORT
                ========================================

                  [ok]   READY (confidence: medium)
                         Ready: all 3 gates that block a
                         release passed.

                  QUALITY GATES
                  --------------------------------------

                  AGENTS
                  --------------------------------------

                  Time: 2.3 s by the clock
                        4.5 s summed over the agents,
                        who share one scan
                ========================================
            "#]],
        );
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let warnings: Vec<String> = (0..13).map(|i| format!("warning {i}")).collect();
        let text = release(&report(json!({"warnings": warnings})), 80);
        assert!(text.contains("warning 9") && !text.contains("warning 10"));
        assert!(text.contains("and 3 more; `--json` lists all"), "{text}");
    }
}
