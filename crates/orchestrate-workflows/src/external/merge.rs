//! Findings of tools beside those of the analysis: one entry for what is the same.

use std::collections::HashMap;

use orchestrate_analysis::finding::{self, Finding};
use orchestrate_analysis::inventory::role_of_path;
use orchestrate_analysis::language::Language;
use orchestrate_analysis::secrets::redact;
use orchestrate_analysis::source::Role;

use super::family::Family;
use super::model::{Reported, ToolRun, ToolState};
use crate::report::{ReportedFinding, ToolSource};
use crate::rules;

/// What the tools add to a list of findings.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    /// For findings of the analysis, by position: the tools that report the same.
    sources: HashMap<usize, Vec<ToolSource>>,
    /// What only tools report, in the form of a finding, with the tools.
    pub(crate) added: Vec<(Finding, Vec<ToolSource>)>,
}

impl Merged {
    /// The tools that report the same as the finding at this position.
    pub(crate) fn sources(&self, position: usize) -> &[ToolSource] {
        self.sources.get(&position).map_or(&[], Vec::as_slice)
    }
}

/// Merges what tools reported with what the analysis found. `roles` are those of the files that were
/// read, `line` gives the text of a line of a file.
pub(crate) fn merge(
    findings: &[Finding],
    runs: &[ToolRun],
    roles: &HashMap<&str, Role>,
    line: impl Fn(&str, u32) -> String,
) -> Merged {
    let mut by_place: HashMap<(&str, u32), Vec<usize>> = HashMap::new();
    for (position, finding) in findings.iter().enumerate() {
        by_place
            .entry((&finding.path, finding.line))
            .or_default()
            .push(position);
    }
    let mut merged = Merged::default();
    let mut families: Vec<Family> = Vec::new();
    for run in runs {
        let ToolState::Done(reported) = &run.state else {
            continue;
        };
        let tool = run.tool.name();
        for one in reported {
            let source = ToolSource {
                tool: tool.to_owned(),
                rule: one.rule.clone(),
            };
            let same = match &one.family {
                Family::Advisory(id) => findings.iter().position(|it| names_advisory(it, id)),
                family => by_place
                    .get(&(one.path.as_str(), one.line))
                    .into_iter()
                    .flatten()
                    .copied()
                    .find(|position| {
                        findings
                            .get(*position)
                            .is_some_and(|it| is_of(&it.rule_id, family))
                    }),
            };
            let sources = match same {
                Some(position) => merged.sources.entry(position).or_default(),
                None => {
                    let known = merged
                        .added
                        .iter()
                        .zip(&families)
                        .position(|((it, _), family)| {
                            it.path == one.path
                                && it.line == one.line
                                && *family == one.family
                                && *family != Family::Own
                        });
                    let position = known.unwrap_or_else(|| {
                        let finding = added(one, tool, roles, line(&one.path, one.line));
                        merged.added.push((finding, Vec::new()));
                        families.push(one.family.clone());
                        merged.added.len() - 1
                    });
                    let Some((finding, sources)) = merged.added.get_mut(position) else {
                        continue;
                    };
                    // Of two tools the graver one is shown.
                    finding.severity = finding.severity.min(one.severity);
                    sources
                }
            };
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    let mut findings: Vec<Finding> = merged
        .added
        .iter()
        .map(|(finding, _)| finding.clone())
        .collect();
    finding::number_equal(&mut findings);
    for ((finding, _), numbered) in merged.added.iter_mut().zip(findings) {
        finding.fingerprint = numbered.fingerprint;
    }
    merged
}

/// Merges what the tools of one agent report with what another agent found at the same line of the
/// same kind: a linter knows weaknesses too.
pub(crate) fn merge_across(findings: &mut Vec<ReportedFinding>) {
    let family = |finding: &ReportedFinding| match finding.rule_id.split_once('.') {
        Some(("eslint", rule)) => Family::of_eslint(rule),
        Some(("clippy", lint)) => Family::of_clippy(&format!("clippy::{lint}")),
        _ => Family::Own,
    };
    let mut same: Vec<(usize, usize)> = Vec::new();
    for (position, finding) in findings.iter().enumerate() {
        let family = family(finding);
        if family == Family::Own {
            continue;
        }
        let mut others = findings.iter();
        let other = others.position(|other| {
            other.path == finding.path
                && other.line == finding.line
                && is_of(&other.rule_id, &family)
        });
        same.extend(other.map(|other| (position, other)));
    }
    for (from, to) in &same {
        let mut sources = findings
            .get(*from)
            .map(|it| it.sources.clone())
            .unwrap_or_default();
        if let Some(finding) = findings.get_mut(*to) {
            finding.sources.append(&mut sources);
        }
    }
    let mut position = 0;
    findings.retain(|_| {
        position += 1;
        !same.iter().any(|(from, _)| from + 1 == position)
    });
}

/// Whether a rule of ours is of a kind.
fn is_of(rule_id: &str, family: &Family) -> bool {
    match family {
        Family::Rule(id) => rule_id == *id,
        Family::Weakness(798) if rule_id.starts_with("secrets.") => true,
        Family::Weakness(_) => {
            let all = rules::all();
            let rule = all.iter().find(|rule| rule.id == rule_id);
            rule.and_then(|rule| rule.cwe)
                .is_some_and(|cwe| Family::of_cwe(cwe) == *family)
        }
        Family::Advisory(_) | Family::Own => false,
    }
}

fn names_advisory(finding: &Finding, id: &str) -> bool {
    finding.rule_id.contains(id) || finding.message.contains(id)
}

fn added(one: &Reported, tool: &str, roles: &HashMap<&str, Role>, line: String) -> Finding {
    let role = roles
        .get(one.path.as_str())
        .copied()
        .unwrap_or_else(|| role_of_path(&one.path, Language::of_path(&one.path)));
    let rule_id = format!("{tool}.{}", one.rule);
    // What a tool says may quote the credential that it found.
    let text = |text: &str| redact(text).into_owned();
    Finding {
        fingerprint: finding::fingerprint(&rule_id, &one.path, "", &redact(&line)),
        rule_id,
        severity: one.severity,
        confidence: one.confidence,
        path: one.path.clone(),
        line: one.line,
        column: one.column,
        message: text(&one.message),
        fix: text(&one.fix),
        in_test: role == Role::Test,
        suppressed: None,
    }
}
