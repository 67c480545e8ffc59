//! Checks one test, as `validation` asks for it.

use orchestrate_analysis::secrets::redact;
use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use serde_json::{Value, json};

use super::attempt::{Checked, Job, check};
use super::run::{TestCoverageBackend, bound, workflow};
use super::session::Session;
use crate::test_coverage::candidate::{Candidate, Judged, Suite};
use crate::test_coverage::gap::Brief;
use crate::test_coverage::report::{Attempt, TestFile};

impl TestCoverageBackend {
    pub(super) async fn validate(&self, input: &AgentInput) -> Result<AgentOutput, AgentFailure> {
        let workflow = workflow(input)?;
        let brief: Brief = bound(input, "gap")?;
        let candidate: Candidate = bound(input, "candidate")?;
        let mut attempts: Vec<Attempt> = bound(input, "attempts")?;
        let suites: Vec<Suite> = bound(input, "suites")?;
        if candidate.skeleton {
            let judged = skeleton(&brief, candidate);
            return Ok(AgentOutput::json(json!(judged)));
        }
        let mut slot = self.session.lock().await;
        let session = Session::of(&mut slot, self, input).await?;
        let job = Job {
            backend: self,
            session,
            workflow: &workflow,
            brief: &brief,
            candidate: &candidate,
            suites: &suites,
        };
        let Checked {
            mut attempt,
            evidence,
        } = check(&job).await?;
        attempt.number = attempts.len() + 1;
        attempt.reason = redact(&attempt.reason).into_owned();
        attempt.output = redact(&attempt.output).into_owned();
        let accepted = attempt.accepted;
        if accepted {
            session.taken.insert(candidate.path.clone());
        }
        let can_mend = brief.tests.cannot.is_none();
        let done = accepted || !can_mend || attempt.number >= workflow.attempts as usize;
        let feedback = match done {
            true => Value::Null,
            false => feedback(&attempt, &candidate),
        };
        attempts.push(attempt);
        let judged = Judged {
            rank: brief.gap.rank,
            done,
            accepted,
            feedback,
            attempts,
            test: accepted.then(|| file(candidate)),
        };
        let output = AgentOutput::json(json!(judged));
        Ok(evidence
            .into_iter()
            .fold(output, AgentOutput::with_evidence))
    }
}

fn file(candidate: Candidate) -> TestFile {
    TestFile {
        path: candidate.path,
        content: candidate.content,
        skeleton: candidate.skeleton,
    }
}

/// A skeleton is handed on as what it is: there is nothing in it to be checked.
fn skeleton(brief: &Brief, candidate: Candidate) -> Judged {
    Judged {
        rank: brief.gap.rank,
        done: true,
        accepted: false,
        feedback: Value::Null,
        attempts: Vec::new(),
        test: Some(file(candidate)),
    }
}

/// What the writer is told before it tries again.
fn feedback(attempt: &Attempt, candidate: &Candidate) -> Value {
    json!({
        "why_it_was_not_accepted": attempt.reason,
        "output": attempt.output,
        "faults_that_it_did_not_notice": attempt.faults.iter()
            .filter(|fault| fault.fate.as_ref().is_some_and(|fate| !fate.is_noticed()))
            .map(|fault| format!("line {}: {}", fault.line, fault.what))
            .collect::<Vec<_>>(),
        "your_last_path": candidate.path,
        "your_last_test": candidate.content,
    })
}
