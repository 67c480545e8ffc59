//! The documentation writer: the share of public items with documentation, and the documents that a project owes its users.

use std::collections::BTreeMap;

use orchestrate_analysis::documentation::{
    Changelog, DocumentationReport, ProjectDocuments, Readme, documentation,
};
use orchestrate_analysis::finding::{Confidence, Finding, Severity, number_equal};

use super::answer::Answer;
use super::backend::Job;
use super::smell::Smell;

const METRIC: &str = "doc_coverage_percent";
/// How many undocumented items are named one by one.
const NAMED: usize = 50;

pub(super) fn check(job: &Job<'_>) -> Answer {
    let Job {
        snapshot, trust, ..
    } = job;
    let mut answer = Answer::over(
        job,
        "public items with documentation of all public items, as each language defines public; README, changelog, licence and relative links",
    );
    project(&mut answer, &snapshot.documents);
    if let Some(report) = answer.take(METRIC, documentation(snapshot)) {
        answer.product_metric(job, METRIC, report.percent);
        undocumented(&mut answer, &report);
    }
    answer.not_measured.extend(trust.gap());
    answer
}

fn project(answer: &mut Answer, documents: &ProjectDocuments) {
    match &documents.readme {
        Readme::Present { .. } => {}
        Readme::Trivial { path } => answer
            .warnings
            .push(format!("`{path}` says nearly nothing")),
        Readme::Missing => answer.warnings.push("there is no README".to_owned()),
    }
    match (&documents.changelog, &documents.version) {
        (Changelog::Missing, _) => answer.warnings.push("there is no changelog".to_owned()),
        (Changelog::Behind { path }, Some(version)) => answer.warnings.push(format!(
            "`{path}` does not mention version {} of `{}`",
            version.version, version.manifest
        )),
        (Changelog::Behind { path }, None) => answer
            .warnings
            .push(format!("`{path}` does not mention the current version")),
        (Changelog::Current { .. } | Changelog::Unchecked { .. }, _) => {}
    }
    if documents.licence.is_none() {
        answer.warnings.push("there is no licence".to_owned());
    }
    let mut found: Vec<Finding> = documents
        .broken_links
        .iter()
        .map(|link| {
            Finding::from(Smell {
                rule_id: "docs.broken-link",
                severity: Severity::Low,
                confidence: Confidence::High,
                path: &link.path,
                line: link.line,
                subject: &link.target,
                message: format!("the link to `{}` leads nowhere", link.target),
                fix: "mend the path or take the link out",
            })
        })
        .collect();
    number_equal(&mut found);
    for finding in &found {
        answer.finding(finding);
    }
    answer.detail("project", documents);
}

/// One finding per file, because a list of thousands of items is read by nobody.
fn undocumented(answer: &mut Answer, report: &DocumentationReport) {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut first_lines: BTreeMap<&str, u32> = BTreeMap::new();
    for item in &report.undocumented {
        files.entry(&item.path).or_default().push(&item.name);
        first_lines.entry(&item.path).or_insert(item.line);
    }
    for (path, names) in &files {
        let first: Vec<String> = names
            .iter()
            .take(3)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = names.len().saturating_sub(first.len());
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        answer.finding(&Finding::from(Smell {
            rule_id: "docs.undocumented",
            severity: Severity::Info,
            confidence: Confidence::High,
            path,
            line: first_lines.get(path).copied().unwrap_or(1),
            subject: "",
            message: format!("public without documentation: {}{rest}", first.join(", ")),
            fix: "say what it is for, what it takes and gives, and how it fails",
        }));
    }
    answer.detail("public_items", &report.public);
    answer.detail("documented_items", &report.documented);
    answer.detail("languages", &report.languages);
    let named: Vec<_> = report.undocumented.iter().take(NAMED).collect();
    answer.detail("undocumented", &named);
    answer.detail("undocumented_count", &report.undocumented.len());
}
