//! The project's own tests, measured for whoever goes on in the same copy of the repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::{CoverageReport, Gap};
use orchestrate_analysis::measured::Measured;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::outcome::FailureClass;

use super::backend::{AnalysisBackend, Job, finish, milliseconds};
use super::test_runs::{TestRuns, read};
use super::trust::Trust;
use super::{coverage, masked};
use crate::work_copy::WorkCopy;

/// What a measurement gave.
#[derive(Debug)]
pub(crate) struct MeasuredTests {
    /// The answer of the test coverage analyser.
    pub(crate) output: AgentOutput,
    /// The sources as they were read.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The tests that were run, and the copy that they were run in.
    pub(crate) tests: TestRuns,
    /// What they reach, if that is known and believed.
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
        let started = Instant::now();
        let snapshot = self
            .shared
            .of(&input.run, self.root.clone(), self.options.scan.clone())
            .await
            .map_err(masked::failure)?;
        let waited_ms = milliseconds(started);
        let progress = &self.options.progress;
        let tests = TestRuns::make(&self.root, &snapshot, timeout, progress, &input.cancel).await;
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
            let answer = coverage::analyse(&job);
            let output = masked::output(finish(answer, &snapshot, waited_ms, own));
            let tests = job.tests.take()?;
            let is_measured = output.output.get(coverage::METRIC).is_some();
            let index = coverage::index(&root, &snapshot);
            let coverage = match tests.coverage(&root, &index) {
                Measured::Measured { value } if is_measured => Some(value),
                _ => None,
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
        let (root, options) = (self.root.clone(), self.options.scan.clone());
        let scanned = self.shared.of(&input.run, root, options).await;
        scanned.map_err(masked::failure)
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
