//! What an agent records of the calls that it makes inside one step, so that a resumed step repeats no finished one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::{ApprovalAnswer, CallQuestion};
use crate::backend::AgentFailure;
use crate::limits::Usage;
use crate::task::words;
use crate::tool::Effect;

words! {
    /// What is called.
    CallKind, "kind of call", {
        /// A language model.
        Model = "model",
        /// A tool.
        Tool = "tool",
        /// An agent elsewhere.
        Agent = "agent",
    }
}

/// A call that is about to be made. Its ordinal comes from its position in the agent's work, never from chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallIntent {
    /// Position among the calls of the step, from 0.
    pub ordinal: u32,
    /// What is called.
    pub kind: CallKind,
    /// The model or tool.
    pub name: String,
    /// Digest of everything that is sent; another digest at the same ordinal is another call.
    pub digest: String,
    /// What it can change.
    pub effect: Effect,
    /// What it may use at most: all that is known of its use as long as nobody saw its end.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub most: Usage,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallResult {
    /// Whether the other side answered as asked.
    pub success: bool,
    /// The answer, or what is known of the failure.
    pub response: Arc<Value>,
    /// What it used.
    pub usage: Usage,
}

/// What is known of a call that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum CallStart {
    /// It is recorded now and has never been made: make it.
    Fresh,
    /// It was made before and this is how it ended: do not make it again.
    Recorded(CallResult),
    /// It was begun before and nobody saw its end. It is safe to repeat only if its effect is.
    InDoubt,
}

/// Records calls before and after they are made.
#[async_trait]
pub trait CallLog: Send + Sync + fmt::Debug {
    /// Announces a call; returns only once that is recorded.
    ///
    /// # Errors
    /// When it cannot be recorded; the call must then not be made.
    async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure>;

    /// Records how the call of that ordinal ended; returns only once that is recorded.
    ///
    /// # Errors
    /// When it cannot be recorded; the agent must then stop.
    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure>;
}

/// The log that an attempt is given; without one, every call is fresh and nothing is kept.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    log: Option<Arc<dyn CallLog>>,
    /// What was decided about calls of this step, by the digest of the question.
    decided: Decided,
}

/// What is decided of a call whose end nobody saw when it is to be made once more.
pub const AGAIN: &str = "again";

/// Answers of people by the digest of what was asked. Cloning shares them, and having none costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Decided(Option<Arc<Answers>>);

#[derive(Debug, Clone, Default)]
struct Answers {
    by_digest: BTreeMap<String, ApprovalAnswer>,
    /// How many were given and count no longer.
    used_up: usize,
}

impl Decided {
    /// Takes in one more answer.
    pub fn insert(&mut self, answer: ApprovalAnswer) {
        let answers = Arc::make_mut(self.0.get_or_insert_default());
        answers.by_digest.insert(answer.digest.clone(), answer);
    }

    /// A call of the step was begun. Whoever said [`AGAIN`] allowed it once: if its end is not seen either,
    /// the next attempt has to ask anew. The attempt that began it keeps the answers that it was given.
    pub fn call_begun(&mut self) {
        let Some(answers) = &mut self.0 else { return };
        let is_again = |answer: &ApprovalAnswer| answer.decision == AGAIN;
        if answers.by_digest.values().any(is_again) {
            let answers = Arc::make_mut(answers);
            let before = answers.by_digest.len();
            answers.by_digest.retain(|_, answer| !is_again(answer));
            answers.used_up += before - answers.by_digest.len();
        }
    }

    fn get(&self, digest: &str) -> Option<&ApprovalAnswer> {
        self.0.as_ref()?.by_digest.get(digest)
    }

    /// The number of the next question of the step, from 1: it asks one at a time.
    #[must_use]
    pub fn next_number(&self) -> usize {
        let given = self.0.as_ref();
        given.map_or(1, |it| it.by_digest.len() + it.used_up + 1)
    }
}

impl Calls {
    /// Calls that are recorded in a log.
    #[must_use]
    pub fn recorded_in(log: Arc<dyn CallLog>) -> Self {
        Self {
            log: Some(log),
            decided: Decided::default(),
        }
    }

    /// The same with what was decided about calls of the step.
    #[must_use]
    pub fn with_decided(mut self, decided: Decided) -> Self {
        self.decided = decided;
        self
    }

    /// What a person decided about a call.
    ///
    /// # Errors
    /// The failure with which the attempt must end while nobody has: it carries the question, and the
    /// executor makes another attempt once there is an answer. The call must not be made.
    pub fn decision(&self, question: CallQuestion) -> Result<ApprovalAnswer, AgentFailure> {
        match self.decided.get(&question.digest()) {
            Some(answer) => Ok(answer.clone()),
            None => Err(AgentFailure::waiting(question)),
        }
    }

    /// Announces a call; see [`CallLog::begin`].
    ///
    /// # Errors
    /// As [`CallLog::begin`].
    pub async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure> {
        match &self.log {
            Some(log) => log.begin(intent).await,
            None => Ok(CallStart::Fresh),
        }
    }

    /// Records how a call ended; see [`CallLog::finish`].
    ///
    /// # Errors
    /// As [`CallLog::finish`].
    pub async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        match &self.log {
            Some(log) => log.finish(ordinal, result).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leave_to_make_a_call_again_is_used_up_by_the_next_call_and_no_number_is_given_twice() {
        let answer = |digest: &str, decision: &str| ApprovalAnswer {
            digest: digest.to_owned(),
            decision: decision.to_owned(),
            by: "ann".to_owned(),
            comment: None,
            edits: None,
        };
        let mut decided = Decided::default();
        decided.call_begun();
        decided.insert(answer("allowed", "approve"));
        decided.insert(answer("doubt", AGAIN));
        let given = decided.clone();
        decided.call_begun();
        let known = |it: &Decided| ["allowed", "doubt"].map(|digest| it.get(digest).is_some());
        assert_eq!(
            (known(&given), known(&decided)),
            ([true, true], [true, false])
        );
        assert_eq!((given.next_number(), decided.next_number()), (3, 3));
        decided.insert(answer("doubt", AGAIN));
        assert_eq!(decided.next_number(), 4);
    }
}
