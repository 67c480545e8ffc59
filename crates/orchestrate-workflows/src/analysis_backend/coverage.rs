//! The test coverage analyser: reads the reports that exist, believes those that fit the sources,
//! and reads what the tests claim. It runs tests only when it was asked to, and then believes no older report.

use std::collections::BTreeSet;
use std::path::Path;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::{
    Age, CoverageOptions, CoverageReport, FunctionSpan, Gap, IndexedSource, LineSpan,
    ReportEvidence, SourceIndex, measure, rank_by_callers, rank_gaps,
};
use orchestrate_analysis::language::Language;
use orchestrate_analysis::measured::Measured;
use orchestrate_analysis::scan::FileFacts;
use orchestrate_analysis::source::Role;
use serde_json::json;

use super::answer::Answer;
use super::backend::Job;
use super::test_claims;

pub(crate) const METRIC: &str = "coverage_percent";
/// How many gaps are named.
const GAPS: usize = 20;

pub(super) fn analyse(job: &Job<'_>) -> Answer {
    let Job {
        root,
        snapshot,
        options,
        ..
    } = job;
    let mut answer = Answer::by(
        "coverage reports that exist, checked for age, paths and version of the sources",
    );
    let definition =
        "confidence is the share of lines in product files that the accepted reports name";
    answer.notes.push(definition.to_owned());
    let index = index(root, snapshot);
    test_claims::state(&mut answer, snapshot);
    let measured = match &job.tests {
        Some(tests) => {
            "the project's own tests, run under coverage in a copy of the repository"
                .clone_into(&mut answer.method);
            tests.state(&mut answer);
            tests.coverage(root, &index)
        }
        None => with_advice(measure(
            root,
            &index,
            &CoverageOptions {
                reports: options.coverage_reports.clone(),
                ..CoverageOptions::default()
            },
        )),
    };
    let measured = match (measured, test_claims::doubt(snapshot)) {
        (Measured::Measured { .. }, Some((why, how))) => Measured::NotMeasured { why, how },
        (measured, _) => measured,
    };
    if let Some(report) = answer.take(METRIC, measured) {
        state(&mut answer, &report, job);
    }
    answer
}

/// The sources as the reports are compared with them.
pub(super) fn index(root: &Path, snapshot: &Snapshot) -> SourceIndex {
    let files = snapshot.files.iter().map(|file| IndexedSource {
        path: file.path.clone(),
        language: file.language,
        role: file.role,
        modified: std::fs::metadata(root.join(&file.path))
            .and_then(|found| found.modified())
            .ok(),
        lines: file.lines,
        test_lines: file
            .functions
            .iter()
            .filter(|function| function.is_test && file.role == Role::Product)
            .map(|function| LineSpan {
                first: function.line,
                last: function.end_line,
            })
            .collect(),
    });
    SourceIndex {
        files: files.collect(),
    }
}

/// Running the tests is one way to a report, and this program can do it.
fn with_advice<T>(measured: Measured<T>) -> Measured<T> {
    match measured {
        Measured::NotMeasured { why, how } => Measured::NotMeasured {
            why,
            how: format!("{how}; or let `orchestrate release-prep --run-tests` measure it"),
        },
        other => other,
    }
}

fn state(answer: &mut Answer, report: &CoverageReport, job: &Job<'_>) {
    let snapshot = job.snapshot;
    answer.metric(METRIC, report.percent());
    let floor = floor(report, snapshot);
    if floor < report.percent() {
        answer.bounds(
            METRIC,
            &json!({
                "least": floor,
                "most": report.percent(),
                "why": why_bounds(report),
                "how_to_measure": "let the coverage tool load every product file (`--source=.`, `--all`, `--workspace`, `./...`)",
            }),
        );
    }
    for language in &report.languages_not_measured {
        answer.not_measured(
            format!("coverage of {}", language.language.name()),
            format!("{} ({} product files)", language.why, language.files),
            language.how.clone(),
        );
    }
    for rejected in &report.rejected {
        answer.warnings.push(format!(
            "coverage report `{}` {}",
            rejected.path, rejected.why
        ));
    }
    let gaps = ranked(job.root, snapshot, report);
    answer.detail("gaps_count", &gaps.len());
    answer.detail("gaps", &gaps.iter().take(GAPS).collect::<Vec<_>>());
    answer.detail("definition", &report.definition());
    answer.detail("totals", &report.totals);
    answer.detail("reports", &report.evidence);
    let by_language: Vec<_> = report
        .languages
        .iter()
        .map(|language| {
            json!({
                "language": language.language,
                "totals": language.totals,
                "files": language.files.len(),
                "files_missing_from_report": language.sources_missing_from_report.len(),
            })
        })
        .collect();
    answer.detail("languages", &by_language);
    answer.files_read = Some(report.evidence.len() as u64);
    answer.files_skipped = Some(report.rejected.len() as u64);
    answer.confidence = share_of_lines(report, snapshot);
    answer.notes.extend(report.notes.iter().cloned());
    answer.notes.extend(report.evidence.iter().map(told));
}

/// What is not covered, by what each gap weighs.
pub(super) fn ranked(root: &Path, snapshot: &Snapshot, report: &CoverageReport) -> Vec<Gap> {
    let spans: Vec<FunctionSpan> = snapshot
        .product()
        .flat_map(|file| {
            file.functions
                .iter()
                .filter(|function| !function.is_test)
                .map(|function| FunctionSpan {
                    path: file.path.clone(),
                    name: function.name.clone(),
                    start: function.line,
                    end: function.end_line,
                    cyclomatic: function.cyclomatic,
                })
        })
        .collect();
    let mut gaps = rank_gaps(report, &spans);
    // The sources are read again, once and only here: the scan keeps no texts.
    let texts: Vec<String> = snapshot
        .product()
        .filter_map(|file| std::fs::read_to_string(root.join(&file.path)).ok())
        .collect();
    let names = spans.iter().map(|span| span.name.as_str());
    rank_by_callers(&mut gaps, texts.iter().map(String::as_str), names);
    gaps
}

fn told(evidence: &ReportEvidence) -> String {
    let age = match &evidence.age {
        Age::NotOlderThanSources { written, .. } => {
            format!("written {written}, not older than its sources")
        }
        Age::Unknown => "of unknown age".to_owned(),
    };
    format!(
        "read `{}` ({}), {age}",
        evidence.path,
        evidence.format.name()
    )
}

fn why_bounds(report: &CoverageReport) -> String {
    let missing: usize = report
        .languages
        .iter()
        .map(|language| language.sources_missing_from_report.len())
        .chain(report.languages_not_measured.iter().map(|l| l.files))
        .sum();
    format!("no report names {missing} of the product files")
}

/// The least that the coverage of all product files can be: everything in product files that no
/// report names, files of unmeasured languages included, taken as code that never ran.
pub(super) fn floor(report: &CoverageReport, snapshot: &Snapshot) -> f64 {
    let named = named(report);
    let is_unmeasured = |language| {
        let mut unmeasured = report.languages_not_measured.iter();
        unmeasured.any(|other| other.language == language)
    };
    let floors = report.totals.iter().map(|totals| {
        // A file counts with the unit of its language; that of a language without any, with each.
        let counts_here = |file: &FileFacts| {
            let mut measured = report.languages.iter();
            is_unmeasured(file.language)
                || measured.any(|l| l.language == file.language && l.totals.unit == totals.unit)
        };
        let unnamed: u64 = snapshot
            .product()
            .filter(|file| !named.contains(file.path.as_str()) && counts_here(file))
            .map(executable_at_most)
            .sum();
        100.0 * totals.covered as f64 / (totals.total + unnamed) as f64
    });
    floors.fold(report.percent(), f64::min)
}

/// The most lines that a coverage tool could count in a file. In Rust and Go code runs in
/// functions only; elsewhere whatever is no comment may run.
fn executable_at_most(file: &FileFacts) -> u64 {
    match file.language {
        Language::Rust | Language::Go => file
            .functions
            .iter()
            .filter(|function| !function.is_test)
            .map(|function| u64::from(function.code_lines))
            .sum(),
        _ => u64::from(file.code_lines),
    }
}

/// The product files that the accepted reports name.
fn named(report: &CoverageReport) -> BTreeSet<&str> {
    report
        .languages
        .iter()
        .flat_map(|language| &language.files)
        .map(|file| file.path.as_str())
        .collect()
}

fn share_of_lines(report: &CoverageReport, snapshot: &Snapshot) -> f64 {
    let covered = named(report);
    let lines = |named: bool| -> u64 {
        snapshot
            .product()
            .filter(|file| !named || covered.contains(file.path.as_str()))
            .map(|file| u64::from(file.lines))
            .sum()
    };
    match lines(false) {
        0 => 0.0,
        all => lines(true) as f64 / all as f64,
    }
}
