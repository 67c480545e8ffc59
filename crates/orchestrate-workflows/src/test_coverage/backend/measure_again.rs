//! The last step: run all tests with everything that was accepted, and measure what they reach now.

use std::collections::BTreeSet;
use std::time::Duration;

use orchestrate_analysis::language::Language;
use orchestrate_analysis::measured::Measured;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::outcome::FailureClass;
use serde_json::{Value, json};

use super::measure::{figures, suite};
use super::run::{TestCoverageBackend, bound, workflow};
use super::session::Session;
use crate::test_coverage::candidate::{Judged, Suite};
use crate::test_coverage::report::TestFile;
use crate::test_run::{self, TestRun};
use crate::work_copy::Placed;

impl TestCoverageBackend {
    pub(super) async fn measure_again(
        &self,
        input: &AgentInput,
    ) -> Result<AgentOutput, AgentFailure> {
        let workflow = workflow(input)?;
        // A gap for which nothing could be written gives null.
        let judged: Option<Vec<Option<Judged>>> = bound(input, "judged")?;
        let judged = judged.into_iter().flatten().flatten();
        let accepted = judged.filter(|it| it.accepted);
        let files: Vec<TestFile> = accepted.filter_map(|it| it.test).collect();
        let mut slot = self.session.lock().await;
        if files.is_empty() {
            *slot = None;
            let why = "no test was accepted, so nothing has changed";
            return Ok(AgentOutput::json(json!({"figures": null, "why": why})));
        }
        let before: Vec<Suite> = bound(input, "suites")?;
        let session = Session::of(&mut slot, self, input).await?;
        let timeout = Duration::from_secs(workflow.tests_seconds);
        let (output, runs) = self.with_all(session, &files, &before, timeout).await?;
        // The copy has done its work.
        *slot = None;
        let evidence = runs.iter().flat_map(TestRun::evidence);
        Ok(evidence.fold(AgentOutput::json(output), AgentOutput::with_evidence))
    }

    async fn with_all(
        &self,
        session: &Session,
        files: &[TestFile],
        before: &[Suite],
        timeout: Duration,
    ) -> Result<(Value, Vec<TestRun>), AgentFailure> {
        let Session { copy, snapshot, .. } = session;
        let root = copy.root();
        let mut placed = Vec::new();
        for file in files {
            let written = Placed::new_file(&root, &file.path, &file.content);
            placed.push(
                written.map_err(|error| {
                    AgentFailure::new(FailureClass::Internal, error.to_string())
                })?,
            );
        }
        let languages: BTreeSet<Language> = snapshot.product().map(|file| file.language).collect();
        let runs = test_run::run(copy, &languages, timeout, &self.progress).await;
        let broken: Vec<String> = runs
            .iter()
            .filter_map(|run| broken(&suite(run), before))
            .collect();
        let reports = runs.iter().flat_map(|run| run.reports.clone());
        let reports: Vec<_> = reports.collect();
        let measured = self.analysis.read_reports(copy, snapshot, &reports);
        drop(placed);
        let output = match (measured, broken.is_empty()) {
            (Measured::Measured { value }, true) => {
                json!({"figures": figures(snapshot, &value), "why": null})
            }
            (Measured::Measured { .. }, false) => {
                let why = format!("with all accepted tests together {}", broken.join("; "));
                json!({"figures": null, "why": why})
            }
            (Measured::NotMeasured { why, .. } | Measured::Failed { why, .. }, _) => {
                json!({"figures": null, "why": why})
            }
        };
        Ok((output, runs))
    }
}

/// What is worse in a project than it was before, if anything is.
fn broken(now: &Suite, before: &[Suite]) -> Option<String> {
    let same = |it: &&Suite| it.languages == now.languages && it.inside == now.inside;
    let before = before.iter().find(same)?;
    if now.passed == Some(true) || now.passed == before.passed && now.failed == before.failed {
        return None;
    }
    let is_new = |name: &&String| !before.failed.contains(name);
    let new: Vec<&str> = now
        .failed
        .iter()
        .filter(is_new)
        .map(String::as_str)
        .collect();
    Some(match (now.passed, new.as_slice()) {
        (None, _) => "the tests cannot be run to their end".to_owned(),
        (_, []) if !now.failed.is_empty() => return None,
        (_, []) => "tests fail".to_owned(),
        (_, names) => format!("tests fail: {}", names.join(", ")),
    })
}
