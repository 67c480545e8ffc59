//! The project's own tests, measured for whoever goes on in the same copy of the repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::{CoverageReport, Gap};
use orchestrate_analysis::language::Language;
use orchestrate_analysis::measured::Measured;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::outcome::FailureClass;

use super::backend::{AnalysisBackend, Job, finish};
use super::test_runs::{TestRuns, copied, read};
use super::trust::Trust;
use super::{coverage, masked};
use crate::work_copy::{Placed, WorkCopy};

/// An empty test in Python, which makes its runner find something.
const EMPTY_TEST: (&str, &str) = (
    "test_nothing_is_tested_yet.py",
    "import unittest\n\n\nclass TestNothing(unittest.TestCase):\n    def test_nothing(self):\n        pass\n",
);
const NO_TESTS: &str = "there are no tests in Python: an empty one was run, so that its runner had something to measure";

/// What a measurement gave.
#[derive(Debug)]
pub(crate) struct MeasuredTests {
    /// The answer of the test coverage analyser.
    pub(crate) output: AgentOutput,
    /// The sources as they were read.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The tests that were run, and the copy that they were run in.
    pub(crate) tests: TestRuns,
    /// What they reach, if that is known. What it is worth is told in the answer.
    pub(crate) coverage: Option<CoverageReport>,
    /// What they do not reach, by what each gap weighs.
    pub(crate) gaps: Vec<Gap>,
}

impl AnalysisBackend {
    /// Scans the repository, runs its tests under coverage in a copy, each project's for at most so
    /// long, and answers as the test coverage analyser does.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(crate) async fn measure_tests(
        &self,
        input: &AgentInput,
        timeout: Duration,
    ) -> Result<MeasuredTests, AgentFailure> {
        let (snapshot, waited_ms) = self.scanned(&input.run).await?;
        let progress = &self.options.progress;
        let copy = copied(&self.root, &input.cancel).await;
        // Held until the tests have been run.
        let empty = copy
            .as_ref()
            .ok()
            .and_then(|copy| an_empty_test(copy, &snapshot));
        let tests = TestRuns::made_in(copy, &snapshot, timeout, progress).await;
        let was_empty = empty.is_some();
        drop(empty);
        let (root, options) = (self.root.clone(), self.options.clone());
        // Reports are read, so this may not run where it is polled.
        let folded = tokio::task::spawn_blocking(move || {
            let own = Instant::now();
            let mut job = Job {
                root: &root,
                snapshot: &snapshot,
                options: &options,
                trust: Trust::of(&root, &snapshot),
                tests: Some(tests),
                tools: Vec::new(),
            };
            let mut answer = coverage::analyse(&job);
            if was_empty {
                answer.warnings.push(NO_TESTS.to_owned());
            }
            let output = masked::output(finish(answer, &snapshot, waited_ms, own));
            let tests = job.tests.take()?;
            let index = coverage::index(&root, &snapshot);
            let coverage = match tests.coverage(&root, &index) {
                Measured::Measured { value } => Some(value),
                Measured::NotMeasured { .. } | Measured::Failed { .. } => None,
            };
            let gaps = coverage.as_ref().map_or_else(Vec::new, |report| {
                coverage::ranked(&root, &snapshot, report)
            });
            Some(MeasuredTests {
                output,
                snapshot,
                tests,
                coverage,
                gaps,
            })
        });
        folded.await.ok().flatten().ok_or_else(|| {
            let message = "the measurement ended without a result";
            AgentFailure::new(FailureClass::Internal, message)
        })
    }

    /// The directory that is analysed.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The sources of a run that was measured before, perhaps by another process.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(crate) async fn sources(&self, input: &AgentInput) -> Result<Arc<Snapshot>, AgentFailure> {
        let (snapshot, _) = self.scanned(&input.run).await?;
        Ok(snapshot)
    }

    /// The least that the coverage of all product files can be.
    pub(crate) fn least(snapshot: &Snapshot, report: &CoverageReport) -> f64 {
        coverage::floor(report, snapshot)
    }

    /// What reports that were written in a copy say of the sources.
    pub(crate) fn read_reports(
        &self,
        copy: &WorkCopy,
        snapshot: &Snapshot,
        reports: &[PathBuf],
    ) -> Measured<CoverageReport> {
        let index = coverage::index(&self.root, snapshot);
        let inside = reports.iter();
        let inside = inside.map(|path| path.strip_prefix(copy.root()).unwrap_or(path).to_owned());
        read(copy, &self.root, &index, inside.collect())
    }
}

/// An empty test where there is Python without any test: its runners refuse to measure nothing. No
/// line of the product is run by it.
fn an_empty_test(copy: &WorkCopy, snapshot: &Snapshot) -> Option<Placed> {
    let is_python = |path: &str| Language::of_path(path) == Some(Language::Python);
    let has_product = snapshot.product().any(|file| is_python(&file.path));
    let has_tests = snapshot.tests.iter().any(|test| is_python(&test.path));
    let (path, text) = EMPTY_TEST;
    let wanted = has_product && !has_tests && !copy.root().join(path).exists();
    // Where it cannot be written, the runner says what it says without tests.
    wanted
        .then(|| Placed::new_file(&copy.root(), path, text).ok())
        .flatten()
}
