//! The boundary to whatever runs an agent.

use std::num::NonZeroU64;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::approval::CallQuestion;
use crate::bus::{OutgoingMessage, Recipient, TeamMessage};
use crate::calls::Calls;
use crate::cancel::CancelSignal;
use crate::evidence::Evidence;
use crate::id::{RunId, StepPath};
use crate::limits::Usage;
use crate::outcome::FailureClass;
use crate::plan::Toolbox;
use crate::scope::Scope;
use crate::task::Context;
use crate::team::Agent;
use crate::tool::Effect;

/// Everything one attempt of an agent is given. Cheap to make: all of it is shared.
#[derive(Debug, Clone)]
pub struct AgentInput {
    /// The run it belongs to.
    pub run: RunId,
    /// The task as the user wrote it.
    pub task: Arc<str>,
    /// The context of the task.
    pub context: Arc<Context>,
    /// Who is to do it.
    pub agent: Arc<Agent>,
    /// Where in the plan.
    pub step: StepPath,
    /// What it is told beyond its template's instructions.
    pub instruction: Option<Arc<str>>,
    /// Named values that the plan binds for this step, for example `previous_output`.
    pub inputs: Vec<(Arc<str>, Arc<Value>)>,
    /// What stands at the head of its prompt, the same for several steps.
    pub prefix: Option<PromptPrefix>,
    /// Tools that it may use in a loop of its own, and for how many turns.
    pub toolbox: Option<Arc<Toolbox>>,
    /// JSON Schema of the answer that is wanted.
    pub answer: Option<Arc<Value>>,
    /// The results of the steps before it.
    pub scope: Scope,
    /// What other agents of the team have sent to it since its last step, oldest first.
    pub messages: Vec<Arc<TeamMessage>>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What was reserved for the attempt; it must use no more.
    pub reserved: Usage,
    /// Where it records the calls that it makes, so that a resumed step repeats none that has finished.
    pub calls: Calls,
    /// Raised when the attempt is to stop.
    pub cancel: CancelSignal,
}

/// A shared prefix with its values looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptPrefix {
    /// The values in the order of their names.
    pub values: Vec<(Arc<str>, Arc<Value>)>,
    /// How long it is worth keeping, in seconds.
    pub ttl_s: u64,
}

impl PromptPrefix {
    /// The prefix as text: the same bytes for equal values, whatever the order of keys inside them.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.values {
            text.push_str("## ");
            text.push_str(name);
            text.push('\n');
            match &**value {
                Value::String(plain) => text.push_str(plain),
                other => text.push_str(&crate::canonical::to_string(other)),
            }
            text.push_str("\n\n");
        }
        text
    }
}

impl AgentInput {
    /// A value bound by the plan.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Arc<Value>> {
        self.inputs
            .iter()
            .find(|(key, _)| &**key == name)
            .map(|(_, value)| value)
    }

    /// The key that is the same for every attempt of this step in this run.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}:{}", self.run, self.step.as_str())
    }
}

/// What an agent gives when it succeeds.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentOutput {
    /// Its answer.
    pub output: Arc<Value>,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// What it used beyond the attempt itself (tokens, cost); calls are counted by the executor.
    pub usage: Usage,
    /// How its figures came to be.
    pub evidence: Vec<Evidence>,
    /// What it tells others of the team; they get it with their next step.
    pub messages: Vec<OutgoingMessage>,
}

impl AgentOutput {
    /// An answer with full confidence that used nothing.
    #[must_use]
    pub fn json(output: impl Into<Arc<Value>>) -> Self {
        Self {
            output: output.into(),
            confidence: 1.0,
            usage: Usage::default(),
            evidence: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// The same answer with one more message to an agent or to the team.
    #[must_use]
    pub fn with_message(mut self, to: Recipient, content: impl Into<Arc<Value>>) -> Self {
        let content = content.into();
        self.messages.push(OutgoingMessage { to, content });
        self
    }

    /// The same answer with another confidence, kept within 0 to 1.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f64) -> Self {
        self.confidence = if confidence.is_nan() {
            0.0
        } else {
            confidence.clamp(0.0, 1.0)
        };
        self
    }

    /// The same answer with what it used.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The same answer with one more piece of evidence.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }
}

/// Why an attempt failed, with what it had by then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct AgentFailure {
    /// In what way; decides whether it is tried again.
    pub class: FailureClass,
    /// What happened.
    pub message: String,
    /// How long to wait at least before trying again, in milliseconds, if the other side said so.
    pub retry_after_ms: Option<NonZeroU64>,
    /// What there was by then.
    pub output: Option<Arc<Value>>,
    /// What it used all the same.
    pub usage: Usage,
    /// How far it got.
    pub evidence: Vec<Evidence>,
    /// How many tokens more the attempt would have needed to go on, if it ended because what was reserved
    /// for it was less than it might have used.
    pub short_of: Option<NonZeroU64>,
    /// What a person must decide before there can be another attempt. The step has not failed then:
    /// it waits, and what its calls gave is not asked for again.
    pub question: Option<Box<CallQuestion>>,
}

impl AgentFailure {
    /// A failure of a class.
    #[must_use]
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            retry_after_ms: None,
            output: None,
            usage: Usage::default(),
            evidence: Vec::new(),
            short_of: None,
            question: None,
        }
    }

    /// An attempt that cannot go on before a person has decided. Where nobody can be asked, it was denied.
    #[must_use]
    pub fn waiting(question: CallQuestion) -> Self {
        let message = format!("a person must decide: {}", question.question);
        Self {
            question: Some(Box::new(question)),
            ..Self::new(FailureClass::Denied, message)
        }
    }

    /// The agent's own report that it did not succeed.
    #[must_use]
    pub fn reported(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Reported, message)
    }

    /// The same failure with what there was by then.
    #[must_use]
    pub fn with_output(mut self, output: impl Into<Arc<Value>>) -> Self {
        self.output = Some(output.into());
        self
    }
}

/// Runs agents. Which backend runs which agent is settled before a run starts.
#[async_trait]
pub trait AgentBackend: Send + Sync + std::fmt::Debug {
    /// Its name, for example `analysis`; shown in plans, events and errors.
    fn name(&self) -> &str;

    /// Whether it can run this agent. Must be quick and free of effects.
    fn supports(&self, agent: &Agent) -> bool;

    /// What one attempt may use at most. It is reserved before the attempt and settled after with
    /// what was used; a backend that uses no model says so here, so that it is not held up by others.
    fn reservation(&self, agent: &Agent) -> Usage {
        agent.reservation()
    }

    /// The least with which an attempt makes sense. Where limits leave less than the reservation, the attempt
    /// is given what they leave, down to this; so a backend that says less here must keep to
    /// [`AgentInput::reserved`].
    fn least(&self, agent: &Agent) -> Usage {
        self.reservation(agent)
    }

    /// Whether everything that an attempt uses is used by calls that it records with what each may use at
    /// most. Of an attempt whose end nobody saw, its calls then tell what it used; else all that was reserved
    /// counts as used.
    fn records_what_it_uses(&self, _agent: &Agent) -> bool {
        false
    }

    /// Whether the figures in what this agent gives were measured. A model only states them: no gate
    /// is held against those.
    fn measures(&self, _agent: &Agent) -> bool {
        true
    }

    /// What an attempt of this agent can change. What only reads is simply made again when nobody saw
    /// the end of an attempt; what writes, when its retry policy allows a second one; anything else
    /// is left to a person.
    fn effect(&self, _agent: &Agent) -> Effect {
        Effect::Write
    }

    /// Why no attempt of this agent could succeed until a person acts, for example because the account
    /// that pays for it is used up. It is asked before each attempt, which is then not begun; so it
    /// must be quick and free of effects.
    fn unavailable(&self, _agent: &Agent) -> Option<AgentFailure> {
        None
    }

    /// One attempt. Dropping the future cancels it; work on other threads must ask `input.cancel`.
    ///
    /// An implementation must not block the thread it is polled on: the executor polls an attempt
    /// once in place before it moves it to a worker.
    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_give_the_same_bytes() {
        let prefix = |value: Value| PromptPrefix {
            values: vec![
                ("knowledge".into(), Arc::new(value)),
                ("rules".into(), Arc::new(json!("be exact"))),
            ],
            ttl_s: 60,
        };
        let one = prefix(json!({"a": 1, "b": [2]}));
        let other = prefix(serde_json::from_str(r#"{"b": [2], "a": 1}"#).unwrap_or_default());
        assert_eq!(
            one.text(),
            "## knowledge\n{\"a\":1,\"b\":[2]}\n\n## rules\nbe exact\n\n"
        );
        assert_eq!(one.text(), other.text());
    }
}
