//! The findings: how many of which severity, the worst of them, and behind that all of them.

use std::collections::BTreeMap;

use maud::{Markup, html as markup};
use orchestrate_analysis::finding::Severity;

use super::parts::{counted, severity, text};
use crate::formats::left_out::scope_told;
use crate::report::{ReleaseReadinessReport, ReportedFinding};
use crate::rules;

/// How many findings the first table shows.
const FIRST: usize = 10;
/// How many findings the details hold; a browser has to bear them.
const MOST: usize = 2_000;

const SEVERITIES: [Severity; 5] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
    Severity::Info,
];

pub(super) fn summary(report: &ReleaseReadinessReport) -> Markup {
    let findings = &report.findings;
    let count = |wanted| findings.iter().filter(|it| it.severity == wanted).count();
    let left_out = scope_told(report);
    markup! {
        section {
            h2 id="findings" { "Findings " span.count { (findings.len()) } }
            @if findings.is_empty() {
                p { "None in what was read." }
            } @else {
                ul.counts {
                    @for kind in SEVERITIES {
                        @let found = count(kind);
                        li.none[found == 0] { (severity(kind)) " " b { (found) } }
                    }
                }
                (table(&findings.iter().take(FIRST).collect::<Vec<_>>()))
                @if findings.len() > FIRST {
                    p.quiet { "The first " (FIRST) ", worst first. " a href="#all-findings" { "All of them" } " stand in the details." }
                }
            }
            @if !left_out.is_empty() {
                ul.quiet { @for line in &left_out { li { (text(line)) } } }
            }
        }
    }
}

fn table(findings: &[&ReportedFinding]) -> Markup {
    markup! {
        div.wide {
            table {
                thead { tr { th scope="col" { "Severity" } th scope="col" { "What and where" } } }
                tbody {
                    @for finding in findings {
                        tr {
                            td { (severity(finding.severity)) }
                            td {
                                p { (text(&finding.message)) }
                                p.quiet { code { (place(finding)) } " · " (finding.names()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn place(finding: &ReportedFinding) -> String {
    format!("{}:{}:{}", finding.path, finding.line, finding.column)
}

pub(super) fn all(report: &ReleaseReadinessReport) -> Markup {
    let shown = report.findings.get(..MOST).unwrap_or(&report.findings);
    let mut by_rule: BTreeMap<(Severity, &str), Vec<&ReportedFinding>> = BTreeMap::new();
    for finding in shown {
        by_rule
            .entry((finding.severity, &finding.rule_id))
            .or_default()
            .push(finding);
    }
    let more = report.findings.len() - shown.len();
    markup! {
        @if !report.findings.is_empty() {
            details id="all-findings" {
                summary { "All findings, by rule" }
                @for ((kind, rule), findings) in &by_rule {
                    (rule_block(*kind, rule, findings))
                }
                @if more > 0 {
                    p { (counted(more, "more finding")) ", less severe, stand in the JSON form only." }
                }
            }
        }
    }
}

fn rule_block(kind: Severity, id: &str, findings: &[&ReportedFinding]) -> Markup {
    let rule = rules::all().iter().find(|rule| rule.id == id).copied();
    let title = rule.map_or(id, |rule| rule.title);
    markup! {
        details.rule open[kind <= Severity::High] {
            summary { (severity(kind)) " " (title) " " span.count { (findings.len()) } }
            p.quiet {
                code { (id) }
                @if let Some(rule) = rule {
                    " · " (rule.why) "."
                    @if let Some(cwe) = rule.cwe { " CWE-" (cwe) "." }
                }
            }
            ul.places {
                @for finding in findings {
                    li {
                        p { code { (place(finding)) } " " (text(&finding.message)) }
                        p.quiet {
                            "To mend it: " (text(&finding.fix))
                            " · sure: " (format!("{:?}", finding.confidence).to_lowercase())
                            " · " (finding.agent.as_str())
                            @if !finding.sources.is_empty() { " · " (finding.names()) }
                            " · " code { (finding.fingerprint) }
                        }
                    }
                }
            }
        }
    }
}
