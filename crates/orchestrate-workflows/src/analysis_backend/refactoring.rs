//! The refactoring specialist: which files are worth mending first. Complex code that nobody touches can wait; what
//! is complex, often changed and copied costs every week.

use std::collections::BTreeMap;

use orchestrate_analysis::churn::churn;
use orchestrate_analysis::finding::{Confidence, Finding, Severity, number_equal};
use orchestrate_analysis::metrics::FunctionFacts;
use serde::Serialize;

use super::answer::Answer;
use super::backend::Job;
use super::smell::Smell;

/// How many files are listed, and how many of them are findings.
const NAMED: usize = 20;
const FOUND: usize = 10;
/// Files below this cognitive complexity need no mending.
const LEAST: u32 = 15;

/// A file that could be mended.
#[derive(Debug, Serialize)]
struct Candidate<'s> {
    path: &'s str,
    /// Cognitive complexity of all its functions.
    cognitive: u32,
    /// Commits of the last twelve months; none where that was not measured.
    commits: Option<u32>,
    /// Share of its lines of code that are copies.
    copied: f64,
    priority: f64,
    #[serde(skip)]
    worst: Option<&'s FunctionFacts>,
}

pub(super) fn rank(job: &Job<'_>) -> Answer {
    let mut answer = Answer::over(
        job,
        "files by priority = cognitive complexity of all functions x (1 + commits of the last twelve months) x (1 + share of copied lines)",
    );
    if job.snapshot.cancelled || job.trust.files() == 0 {
        answer.not_measured(
            "refactoring_candidates",
            "there is no product source that was read to its end",
            "run it on product code in Rust, Python, JavaScript, TypeScript or Go",
        );
        return answer;
    }
    let commits = answer
        .take("churn", churn(job.root))
        .map(|churn| churn.commits);
    let candidates = candidates(job, commits.as_ref());
    answer.product_metric(job, "refactoring_candidates", candidates.len() as f64);
    let mut found: Vec<Finding> = candidates.iter().take(FOUND).filter_map(finding).collect();
    number_equal(&mut found);
    for finding in &found {
        answer.finding(finding);
    }
    let first: Vec<&Candidate<'_>> = candidates.iter().take(NAMED).collect();
    answer.detail("candidates", &first);
    answer.not_measured.extend(job.trust.gap());
    answer
}

fn candidates<'s>(job: &Job<'s>, commits: Option<&BTreeMap<String, u32>>) -> Vec<Candidate<'s>> {
    let copied_lines = &job.snapshot.duplication.copied_lines;
    let mut all: Vec<Candidate<'s>> = job
        .snapshot
        .product()
        .map(|file| {
            let functions = || file.functions.iter().filter(|function| !function.is_test);
            let cognitive = functions().map(|function| function.cognitive).sum();
            let commits = commits.map(|all| all.get(&file.path).copied().unwrap_or_default());
            let copied = f64::from(copied_lines.get(&file.path).copied().unwrap_or_default());
            let copied = (copied / f64::from(file.code_lines.max(1))).min(1.0);
            let changes = 1.0 + f64::from(commits.unwrap_or_default());
            Candidate {
                path: &file.path,
                cognitive,
                commits,
                copied,
                priority: f64::from(cognitive) * changes * (1.0 + copied),
                worst: functions()
                    .max_by_key(|function| (function.cognitive, std::cmp::Reverse(function.line))),
            }
        })
        .filter(|candidate| candidate.cognitive >= LEAST)
        .collect();
    // Stable, so that equals stay in the order of their paths.
    all.sort_by(|a, b| b.priority.total_cmp(&a.priority));
    all
}

fn finding(candidate: &Candidate<'_>) -> Option<Finding> {
    let worst = candidate.worst?;
    let commits = match candidate.commits {
        Some(1) => ", 1 commit in twelve months".to_owned(),
        Some(commits) => format!(", {commits} commits in twelve months"),
        None => String::new(),
    };
    Some(
        Smell {
            rule_id: "refactoring.hotspot",
            severity: Severity::Info,
            confidence: Confidence::Medium,
            path: candidate.path,
            line: worst.line,
            subject: "",
            message: format!(
                "cognitive complexity {} in this file{commits}, {:.0} % of its lines copied; the hardest is `{}` with {}",
                candidate.cognitive,
                100.0 * candidate.copied,
                worst.name,
                worst.cognitive
            ),
            fix: "begin with the function that is named: take its cases apart, and what is copied together",
        }
        .into(),
    )
}
