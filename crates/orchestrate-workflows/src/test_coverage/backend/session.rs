//! The copy of a repository in which one run measures, and what is known of the repository.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::language::Language;
use orchestrate_core::backend::{AgentFailure, AgentInput};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::RunId;
use orchestrate_core::outcome::FailureClass;

use super::run::TestCoverageBackend;
use crate::analysis_backend::copied;
use crate::process::Stop;
use crate::programs::Progress;
use crate::test_coverage::validation::Ran;
use crate::test_run::{self, Ask, TestRun, TestState};
use crate::work_copy::WorkCopy;

/// A copy for one run. It goes on from step to step, because building everything anew for each test
/// would take most of the time.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) run: RunId,
    pub(super) copy: WorkCopy,
    pub(super) snapshot: Arc<Snapshot>,
    /// Places of tests that were accepted in this process; they lie there only while they are checked.
    pub(super) taken: BTreeSet<String>,
}

/// A run of tests: how it went, with what there is to know of it.
#[derive(Debug)]
pub(super) struct TestsRan {
    pub(super) ran: Ran,
    pub(super) duration: Duration,
    pub(super) reports: Vec<PathBuf>,
    pub(super) output: String,
    pub(super) evidence: Vec<Evidence>,
}

impl Session {
    /// The session of a step's run: the one that is there, or a new copy where another process began the run.
    pub(super) async fn of<'a>(
        slot: &'a mut Option<Self>,
        backend: &TestCoverageBackend,
        input: &AgentInput,
    ) -> Result<&'a mut Self, AgentFailure> {
        if slot.as_ref().is_none_or(|session| session.run != input.run) {
            // The old copy goes before the new one needs its place.
            *slot = None;
            let snapshot = backend.analysis.sources(input).await?;
            let copy = copied(backend.analysis.root(), &input.cancel).await;
            *slot = Some(Self {
                run: input.run.clone(),
                copy: copy.map_err(|why| AgentFailure::new(FailureClass::Internal, why))?,
                snapshot,
                taken: BTreeSet::new(),
            });
        }
        slot.as_mut().ok_or_else(|| {
            AgentFailure::new(FailureClass::Internal, "there is no copy of the repository")
        })
    }

    /// Runs tests of the project that a source belongs to.
    pub(super) async fn tests(
        &self,
        (language, source): (Language, &str),
        ask: Ask<'_>,
        timeout: Duration,
    ) -> TestsRan {
        // Whoever checks a test says what is checked.
        let silent = Progress::default();
        match test_run::run_of(&self.copy, (language, source), ask, timeout, &silent).await {
            Some(run) => TestsRan::of(run),
            None => TestsRan {
                ran: Ran::NotRun("it belongs to no project whose tests can be run".to_owned()),
                duration: Duration::ZERO,
                reports: Vec::new(),
                output: String::new(),
                evidence: Vec::new(),
            },
        }
    }
}

impl TestsRan {
    fn of(run: TestRun) -> Self {
        let ended = run.ended();
        let ran = match (&run.state, ended) {
            (_, Some((Stop::TimedOut(_), _))) => Ran::TimedOut,
            (TestState::Passed, _) => Ran::Passed,
            (TestState::Failed(why), _) => Ran::Failed {
                why: why.clone(),
                failed: run.failed.clone(),
            },
            (TestState::NotMeasured { why, .. }, _) => Ran::NotRun(why.clone()),
        };
        Self {
            ran,
            duration: ended.map_or(Duration::ZERO, |(_, duration)| duration),
            output: run.tail().to_owned(),
            evidence: run.evidence(),
            reports: run.reports,
        }
    }
}
