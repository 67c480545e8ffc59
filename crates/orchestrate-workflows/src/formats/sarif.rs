//! The report as SARIF 2.1.0: one run per agent, its findings as results, what it did not measure
//! as notifications.
//!
//! Suppressed findings and those in tests are not in the report and so not here.

use std::collections::BTreeMap;

use orchestrate_analysis::finding::Severity;
use orchestrate_core::id::AgentId;
use serde::Deserialize;
use serde_json::Value;

use super::rules::help;
use super::sarif_model::{
    ArtifactLocation, AutomationDetails, Driver, Invocation, Location, Log, Notification,
    PhysicalLocation, Region, Rule, RuleProperties, Run, SarifResult, Tool,
};
use crate::report::{AgentSummary, NotMeasured, ReleaseReadinessReport, ReportedFinding};

/// Results of one run at most. Code scanning services show no more and refuse files with many
/// more; the worst are kept, and a notification says what was left out.
const MAX_RESULTS: usize = 5_000;

/// Renders the report as a SARIF document.
#[must_use]
pub fn sarif(report: &ReleaseReadinessReport) -> Value {
    let mut by_agent: BTreeMap<&AgentId, Vec<&ReportedFinding>> = BTreeMap::new();
    for finding in &report.findings {
        by_agent.entry(&finding.agent).or_default().push(finding);
    }
    let runs = report.agent_results.iter().map(|(id, agent)| {
        let findings = by_agent.remove(id).unwrap_or_default();
        run(id, agent, &findings)
    });
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: runs.collect(),
        properties: BTreeMap::from([
            ("schema", report.schema.clone()),
            ("verdict", report.verdict.as_str().to_owned()),
        ]),
    };
    // Plain data with string keys: this cannot fail.
    serde_json::to_value(log).unwrap_or_default()
}

fn run(id: &AgentId, agent: &AgentSummary, findings: &[&ReportedFinding]) -> Run {
    let kept = findings.get(..MAX_RESULTS).unwrap_or(findings);
    let mut notifications = Vec::new();
    if let Some(error) = &agent.error {
        notifications.push(notification("error", error.clone()));
    }
    if kept.len() < findings.len() {
        let text = format!(
            "{} of {} findings are shown, the worst ones; the JSON report holds all of them",
            kept.len(),
            findings.len()
        );
        notifications.push(notification("warning", text));
    }
    for item in not_measured(agent) {
        let NotMeasured {
            what,
            why,
            how_to_measure,
        } = item;
        let text = format!("not measured: {what}: {why}. To measure it: {how_to_measure}");
        notifications.push(notification("warning", text));
    }
    let mut rules: BTreeMap<&str, (usize, Severity, &ReportedFinding)> = BTreeMap::new();
    for finding in kept {
        let next = rules.len();
        // Findings come worst first, so the first one of a rule has its worst severity.
        rules
            .entry(&finding.rule_id)
            .or_insert((next, finding.severity, finding));
    }
    let results = kept
        .iter()
        .map(|finding| {
            let index = rules
                .get(finding.rule_id.as_str())
                .map_or(0, |(index, _, _)| *index);
            result(finding, index)
        })
        .collect();
    let mut listed: Vec<_> = rules.into_values().collect();
    listed.sort_by_key(|(index, _, _)| *index);
    let is_security = id.as_str() == "security_auditor";
    Run {
        tool: Tool {
            driver: Driver {
                name: format!("orchestrate {id}"),
                version: env!("CARGO_PKG_VERSION"),
                rules: listed
                    .into_iter()
                    .map(|(_, severity, finding)| rule(finding, severity, is_security))
                    .collect(),
            },
        },
        automation_details: AutomationDetails {
            id: format!("release-prep/{id}/"),
        },
        column_kind: "unicodeCodePoints",
        invocations: vec![Invocation {
            execution_successful: agent.success,
            tool_execution_notifications: notifications,
        }],
        results,
    }
}

fn notification(level: &'static str, text: String) -> Notification {
    Notification {
        level,
        message: text.into(),
    }
}

/// What this agent says that it did not measure. The fold has told already if that has another form.
fn not_measured(agent: &AgentSummary) -> Vec<NotMeasured> {
    agent
        .output
        .get("not_measured")
        .and_then(|list| Vec::deserialize(list).ok())
        .unwrap_or_default()
}

fn rule(example: &ReportedFinding, worst: Severity, is_security: bool) -> Rule {
    let known = help(&example.rule_id);
    let mut tags = Vec::new();
    if is_security {
        tags.push("security".to_owned());
    }
    tags.extend(
        known
            .as_ref()
            .map(|known| format!("external/cwe/cwe-{:03}", known.cwe)),
    );
    let short = known
        .as_ref()
        .map_or(example.rule_id.as_str(), |known| known.title);
    Rule {
        id: example.rule_id.clone(),
        short_description: short.into(),
        full_description: known.as_ref().map(|known| known.why.into()),
        help: example.fix.as_str().into(),
        properties: RuleProperties {
            tags,
            security_severity: is_security.then(|| score(worst)),
        },
    }
}

fn result(finding: &ReportedFinding, rule_index: usize) -> SarifResult {
    // `a1b2-2` is the second of its kind; the consumer's own form for that is `a1b2:2`.
    let line_hash = match finding.fingerprint.split_once('-') {
        Some((hash, ordinal)) => format!("{hash}:{ordinal}"),
        None => format!("{}:1", finding.fingerprint),
    };
    SarifResult {
        rule_id: finding.rule_id.clone(),
        rule_index,
        level: level(finding.severity),
        message: format!("{}. To mend it: {}", finding.message, finding.fix).into(),
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: percent_encoded(&finding.path),
                    uri_base_id: "%SRCROOT%",
                },
                region: Region {
                    start_line: finding.line.max(1),
                    start_column: finding.column.max(1),
                },
            },
        }],
        partial_fingerprints: BTreeMap::from([
            ("orchestrate/v1", finding.fingerprint.clone()),
            ("primaryLocationLineHash", line_hash),
        ]),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of the range that consumers give to each word.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// A relative path as a URI reference: everything but unreserved characters and `/` is encoded.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
