//! The project's own tests, run under coverage when that was asked for, and what follows from them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::{CoverageOptions, CoverageReport, SourceIndex, measure};
use orchestrate_analysis::language::Language;
use orchestrate_analysis::measured::Measured;
use orchestrate_core::cancel::CancelSignal;

use super::answer::Answer;
use crate::programs::Progress;
use crate::test_run::{self, TestRun, TestState};
use crate::work_copy::WorkCopy;

/// What running the tests came to.
#[derive(Debug)]
pub(crate) struct TestRuns {
    /// Where they were run; or why they were not.
    copy: Result<WorkCopy, String>,
    runs: Vec<TestRun>,
}

impl TestRuns {
    /// Runs the tests of every project in a copy of the repository, each for at most so long. Dropping
    /// the future ends them.
    pub(super) async fn make(
        root: &Path,
        snapshot: &Snapshot,
        timeout: Duration,
        progress: &Progress,
        cancel: &CancelSignal,
    ) -> Self {
        let copy = copied(root, cancel).await;
        Self::made_in(copy, snapshot, timeout, progress).await
    }

    /// The same in a copy that is there.
    pub(super) async fn made_in(
        copy: Result<WorkCopy, String>,
        snapshot: &Snapshot,
        timeout: Duration,
        progress: &Progress,
    ) -> Self {
        let languages: BTreeSet<Language> = snapshot.product().map(|file| file.language).collect();
        let runs = match &copy {
            Ok(copy) => test_run::run(copy, &languages, timeout, progress).await,
            Err(_) => Vec::new(),
        };
        Self { copy, runs }
    }

    /// Where the tests were run, for whoever runs more there; or why there is no such place.
    pub(crate) fn into_copy(self) -> Result<WorkCopy, String> {
        self.copy
    }

    /// What was run.
    pub(crate) fn runs(&self) -> &[TestRun] {
        &self.runs
    }

    /// Adds what was run and how it ended.
    pub(super) fn state(&self, answer: &mut Answer) {
        let documents: Vec<_> = self.runs.iter().map(TestRun::document).collect();
        answer.detail("test_runs", &documents);
        if let Ok(copy) = &self.copy {
            answer.notes.extend(copy.notes.iter().cloned());
        }
        for run in &self.runs {
            answer.evidence.extend(run.evidence());
            match &run.state {
                TestState::Passed => {}
                TestState::Failed(why) => answer.blockers.push(format!(
                    "the tests fail ({}{}): {why}",
                    run.what,
                    inside(run)
                )),
                TestState::NotMeasured { why, how } => {
                    let names: Vec<&str> = run
                        .languages
                        .iter()
                        .map(|language| language.name())
                        .collect();
                    answer.not_measured(
                        format!("the tests in {}{}", names.join(" and "), inside(run)),
                        why.clone(),
                        how.clone(),
                    );
                }
            }
        }
    }

    /// The coverage that the runs measured. Reports from before them are never looked at.
    pub(super) fn coverage(&self, root: &Path, index: &SourceIndex) -> Measured<CoverageReport> {
        let copy = match &self.copy {
            Ok(copy) => copy,
            Err(why) => {
                return Measured::Failed {
                    why: format!("the tests were not run: {why}"),
                    how: "run them under coverage by hand and give the report with `--coverage-report`".to_owned(),
                };
            }
        };
        let reports: Vec<_> = self
            .runs
            .iter()
            .flat_map(|run| &run.reports)
            .map(|path| path.strip_prefix(copy.root()).unwrap_or(path).to_owned())
            .collect();
        if !reports.is_empty() {
            return read(copy, root, index, reports);
        }
        let reasons: Vec<(&str, &str)> = self
            .runs
            .iter()
            .filter_map(|run| match &run.state {
                TestState::NotMeasured { why, how } => Some((why.as_str(), how.as_str())),
                TestState::Failed(_) => Some((
                    "the tests failed before coverage was written",
                    "mend the tests",
                )),
                TestState::Passed => None,
            })
            .collect();
        let join = |part: fn(&(&str, &str)) -> String| {
            reasons.iter().map(part).collect::<Vec<_>>().join("; ")
        };
        if reasons.is_empty() {
            return Measured::NotMeasured {
                why: "there is no project whose tests could be run: no `Cargo.toml`, `pyproject.toml`, `package.json` or `go.mod`".to_owned(),
                how: "run the tests under coverage by hand and give the report with `--coverage-report`".to_owned(),
            };
        }
        Measured::NotMeasured {
            why: join(|(why, _)| (*why).to_owned()),
            how: join(|(_, how)| (*how).to_owned()),
        }
    }
}

/// A copy of a repository; or why there is none.
pub(crate) async fn copied(root: &Path, cancel: &CancelSignal) -> Result<WorkCopy, String> {
    let (from, stop) = (root.to_owned(), cancel.clone());
    let copied = tokio::task::spawn_blocking(move || WorkCopy::of(&from, &stop)).await;
    copied.unwrap_or_else(|_| Err("copying the repository ended without a result".to_owned()))
}

/// What reports in a copy say of the sources of the original.
pub(super) fn read(
    copy: &WorkCopy,
    root: &Path,
    index: &SourceIndex,
    reports: Vec<PathBuf>,
) -> Measured<CoverageReport> {
    let options = CoverageOptions {
        reports,
        roots: vec![root.to_owned()],
    };
    measure(&copy.root(), index, &options)
}

fn inside(run: &TestRun) -> String {
    if run.inside.is_empty() {
        String::new()
    } else {
        format!(" in `{}`", run.inside)
    }
}
