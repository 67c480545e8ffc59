//! The boundary to a person who decides: what is asked, what was shown, what was decided.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical;
use crate::id::{RunId, StepPath};

/// A question that a run waits on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalRequest {
    /// The run.
    pub run: RunId,
    /// Where the question stands: the step that asks, or for a question about a call of a step's
    /// agent a place of its own below that step. It is decided by this.
    pub step: StepPath,
    /// The step whose agent waits with a call; absent when the step itself asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_of: Option<StepPath>,
    /// What is asked.
    pub question: String,
    /// What can be decided.
    pub decisions: Vec<String>,
    /// What the person is shown: an object, by name.
    pub shown: Arc<Value>,
    /// Digest of the question, the decisions and what was shown. An answer must name it.
    pub digest: String,
}

impl ApprovalRequest {
    /// A request with its digest.
    #[must_use]
    pub fn new(
        run: RunId,
        step: StepPath,
        question: String,
        decisions: Vec<String>,
        shown: Arc<Value>,
    ) -> Self {
        let digest = digest(&question, &decisions, &shown);
        Self {
            run,
            step,
            call_of: None,
            question,
            decisions,
            shown,
            digest,
        }
    }

    /// The request for a question about a call, the `number`-th that the agent of `step` asks, from 1.
    #[must_use]
    pub fn of_call(run: RunId, step: &StepPath, number: usize, question: CallQuestion) -> Self {
        let CallQuestion {
            question,
            decisions,
            shown,
        } = question;
        let place = step.child(&format_args!("ask-{number}"));
        Self {
            call_of: Some(step.clone()),
            ..Self::new(run, place, question, decisions, shown)
        }
    }

    /// The step that waits for the answer.
    #[must_use]
    pub fn waiting_step(&self) -> &StepPath {
        self.call_of.as_ref().unwrap_or(&self.step)
    }

    /// An answer to exactly this request.
    #[must_use]
    pub fn answer(&self, decision: impl Into<String>, by: impl Into<String>) -> ApprovalAnswer {
        ApprovalAnswer {
            digest: self.digest.clone(),
            decision: decision.into(),
            by: by.into(),
            comment: None,
            edits: None,
        }
    }

    /// Whether an answer is one to this request.
    ///
    /// # Errors
    /// [`AnswerRefused`] when the answer was given to something else that was shown, or decides
    /// something that cannot be decided. The request stays open then.
    pub fn admits(&self, answer: &ApprovalAnswer) -> Result<(), AnswerRefused> {
        if answer.digest != self.digest {
            return Err(AnswerRefused::OtherRequest);
        }
        if !self.decisions.contains(&answer.decision) {
            return Err(AnswerRefused::NoSuchDecision {
                given: answer.decision.clone(),
                possible: self.decisions.join(", "),
            });
        }
        Ok(())
    }
}

/// A question about a call that an agent cannot make before a person has decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallQuestion {
    /// What is asked.
    pub question: String,
    /// What can be decided.
    pub decisions: Vec<String>,
    /// What the person is shown: an object, by name. It must tell this call from every other of the step.
    pub shown: Arc<Value>,
}

impl CallQuestion {
    /// The digest that an answer to it names.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.question, &self.decisions, &self.shown)
    }
}

fn digest(question: &str, decisions: &[String], shown: &Value) -> String {
    canonical::digest(&json!({
        "question": question,
        "decisions": decisions,
        "shown": shown,
    }))
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalAnswer {
    /// The digest of the request that it answers.
    pub digest: String,
    /// One of the request's decisions.
    pub decision: String,
    /// Who decided.
    pub by: String,
    /// What they say to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What they want changed; later steps read it as `steps.<name>.output.edits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<Value>,
}

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerRefused {
    /// What was shown is not what is asked now.
    #[error("the answer was given to something else than what is asked now")]
    OtherRequest,
    /// A decision that was not offered.
    #[error("`{given}` cannot be decided here (possible: {possible})")]
    NoSuchDecision {
        /// What was decided.
        given: String,
        /// What could have been, separated by commas.
        possible: String,
    },
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// The person decided.
    Decided(ApprovalAnswer),
    /// Not now: the request stays open, and the run pauses once nothing else is left to do.
    Later,
    /// Nobody can ever be asked here; the step fails with this reason.
    Unavailable(String),
}

/// Asks a person.
#[async_trait]
pub trait Approver: Send + Sync + fmt::Debug {
    /// Its name, for example `terminal`; shown in events.
    fn name(&self) -> &str;

    /// Asks. Dropping the future withdraws the question. Several questions may be asked at the same time.
    async fn ask(&self, request: &ApprovalRequest) -> Asked;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(shown: Value) -> ApprovalRequest {
        ApprovalRequest::new(
            RunId::of(&[1]),
            StepPath::root().child(&"gate"),
            "Deploy?".into(),
            vec!["approve".into(), "reject".into()],
            Arc::new(shown),
        )
    }

    #[test]
    fn an_answer_holds_only_for_what_was_shown() {
        let (one, other) = (request(json!({"v": 1})), request(json!({"v": 2})));
        let answer = one.answer("approve", "ann");
        assert_eq!(one.admits(&answer), Ok(()));
        assert_eq!(other.admits(&answer), Err(AnswerRefused::OtherRequest));
        let made_up = one.answer("maybe", "ann");
        assert_eq!(
            one.admits(&made_up).map_err(|e| e.to_string()),
            Err("`maybe` cannot be decided here (possible: approve, reject)".into())
        );
    }
}
