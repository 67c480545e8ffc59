//! The code reviewer: a score from densities, with everything that it is made of, and where to begin.

use std::collections::BTreeMap;

use orchestrate_analysis::duplication::{CodeClone, MIN_LINES, MIN_TOKENS};
use orchestrate_analysis::finding::{Confidence, Finding, Severity, number_equal};
use orchestrate_analysis::metrics::HazardKind;
use orchestrate_analysis::quality::{QualityReport, quality};
use serde_json::{Value, json};

use super::answer::Answer;
use super::backend::Job;
use super::smell::Smell;
use super::tools;

/// How many copies are named, the largest first.
const COPIES: usize = 20;
const METRIC: &str = "quality_score";

pub(super) fn review(job: &Job<'_>) -> Answer {
    let Job {
        snapshot, trust, ..
    } = job;
    let mut answer = Answer::over(
        job,
        "a score from 0 to 10 over densities of complexity, size, nesting, copies, rule violations, hazards and unfinished work in product code",
    );
    let mut own = Vec::new();
    if let Some(report) = answer.take(METRIC, quality(snapshot)) {
        answer.product_metric(job, METRIC, report.score);
        own = findings(job, &report);
        answer.detail("components", &report.components);
        answer.detail("counts", &report.counts);
        answer.detail("duplication", &copies(job));
        answer.detail("files", &report.files);
        answer.detail("functions", &report.functions);
    }
    let merged = tools::merged(job.root, snapshot, &own, &job.tools);
    for (position, finding) in own.iter().enumerate() {
        answer.finding_of(finding, merged.sources(position));
    }
    for (finding, sources) in &merged.added {
        answer.finding_of(finding, sources);
    }
    tools::state(&mut answer, &job.tools);
    answer.not_measured.extend(trust.gap());
    answer
}

/// How much is copied, with the definition.
fn copies(job: &Job<'_>) -> Value {
    let duplication = &job.snapshot.duplication;
    json!({
        "blocks": duplication.clones.len(),
        "copied_lines": duplication.lines(),
        "definition": format!(
            "blocks of at least {MIN_TOKENS} tokens and {MIN_LINES} lines that stand earlier as well; only lines of the later copies count"
        ),
    })
}

/// The worst functions, the largest files and copies, and one finding per kind of hazard and file.
fn findings(job: &Job<'_>, report: &QualityReport) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for worst in &report.worst {
        let function = &worst.function;
        let smell = Smell {
            rule_id: "quality.complex-function",
            severity: Severity::Low,
            confidence: Confidence::High,
            path: &worst.path,
            line: function.line,
            subject: &function.name,
            message: format!(
                "`{}` has a cyclomatic complexity of {} and a cognitive one of {} in {} lines of code",
                function.name, function.cyclomatic, function.cognitive, function.code_lines
            ),
            fix: "split it where it decides between cases, and return early",
        };
        found.push(smell.into());
    }
    for (path, lines) in &report.oversized_files {
        let smell = Smell {
            rule_id: "quality.oversized-file",
            severity: Severity::Low,
            confidence: Confidence::High,
            path,
            line: 1,
            subject: "",
            message: format!("the file has {lines} lines of code"),
            fix: "split it by subject",
        };
        found.push(smell.into());
    }
    let mut clones: Vec<&CodeClone> = job.snapshot.duplication.clones.iter().collect();
    clones.sort_by_key(|it| std::cmp::Reverse(it.tokens));
    for it in clones.into_iter().take(COPIES) {
        let original = &it.original;
        let smell = Smell {
            rule_id: "quality.duplication",
            severity: Severity::Low,
            confidence: Confidence::High,
            path: &it.copy.path,
            line: it.copy.line,
            subject: &original.path,
            message: format!(
                "{} lines ({} tokens) are the same as `{}` from line {} on",
                it.lines(),
                it.tokens,
                original.path,
                original.line
            ),
            fix: "keep one of them and call it from both places",
        };
        found.push(smell.into());
    }
    for file in job.snapshot.product() {
        let mut kinds: BTreeMap<HazardKind, (u32, u32)> = BTreeMap::new();
        for hazard in file.hazards.iter().filter(|hazard| !hazard.in_test) {
            let (count, _) = kinds.entry(hazard.kind).or_insert((0, hazard.line));
            *count += 1;
        }
        for (kind, (count, line)) in kinds {
            let Some((rule_id, severity, what, fix)) = describe(kind) else {
                continue;
            };
            let smell = Smell {
                rule_id,
                severity,
                confidence: Confidence::Medium,
                path: &file.path,
                line,
                subject: "",
                message: format!(
                    "{what}: {count} in this file outside of tests, the first one here"
                ),
                fix,
            };
            found.push(smell.into());
        }
    }
    number_equal(&mut found);
    found
}

fn describe(kind: HazardKind) -> Option<(&'static str, Severity, &'static str, &'static str)> {
    let or_error = "return an error that says what was expected";
    Some(match kind {
        HazardKind::Panic => ("quality.panic", Severity::Low, "explicit panics", or_error),
        HazardKind::Unwrap => (
            "quality.unwrap",
            Severity::Low,
            "calls of `unwrap`",
            or_error,
        ),
        HazardKind::Expect => (
            "quality.expect",
            Severity::Info,
            "calls of `expect`",
            or_error,
        ),
        HazardKind::Unreachable => (
            "quality.unreachable",
            Severity::Info,
            "claims that a place is unreachable",
            "let the type say it",
        ),
        HazardKind::Todo | HazardKind::Unimplemented => (
            "quality.unfinished",
            Severity::Medium,
            "places that are not implemented",
            "implement them or take them out",
        ),
        HazardKind::BareExcept => (
            "quality.bare-except",
            Severity::Low,
            "handlers that swallow every error",
            "name the exceptions that are expected",
        ),
        _ => return None,
    })
}
