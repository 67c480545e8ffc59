//! What a run tells whoever listens, under the topics that users of such systems know.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Event, EventKind};
use crate::outcome::Outcome;
use crate::template::{AgentTemplate, StatusChange};

/// The names of the topics.
pub mod topics {
    /// A run began. Payload: run, plan digest, task.
    pub const PLAN_STARTED: &str = "orchestration.plan_started";
    /// An agent was given a step. Payload: step, agent, backend, attempt.
    pub const TASK_ASSIGNED: &str = "orchestration.task_assigned";
    /// An agent's step ended. Payload: step, agent, outcome, confidence, attempts, duration, error.
    pub const TASK_COMPLETED: &str = "orchestration.task_completed";
    /// A run ended. Payload: outcome, usage.
    pub const PLAN_COMPLETED: &str = "orchestration.plan_completed";
    /// Control is to move from one agent to another. Payload: step, from, to.
    pub const HANDOFF_INITIATED: &str = "orchestration.handoff_initiated";
    /// The receiver of a handoff has done its part. Payload: step, from, to, outcome.
    pub const HANDOFF_COMPLETED: &str = "orchestration.handoff_completed";
    /// An agent was added to a registry. Payload: agent, role, tier.
    pub const AGENT_REGISTERED: &str = "agent.registered";
    /// An agent's status is another than before. Payload: agent, from, to.
    pub const AGENT_STATUS_CHANGED: &str = "agent.status_changed";
    /// An agent sent a message to another or to its team. Payload: the message.
    pub const MESSAGE_SENT: &str = "team.message_sent";
    /// A message reached an agent. Payload: message, step, to.
    pub const MESSAGE_DELIVERED: &str = "team.message_delivered";

    /// All of them.
    pub const ALL: [&str; 10] = [
        PLAN_STARTED,
        TASK_ASSIGNED,
        TASK_COMPLETED,
        PLAN_COMPLETED,
        HANDOFF_INITIATED,
        HANDOFF_COMPLETED,
        AGENT_REGISTERED,
        AGENT_STATUS_CHANGED,
        MESSAGE_SENT,
        MESSAGE_DELIVERED,
    ];

    /// Whether a topic is meant: a whole one, a beginning followed by `*`, or `*` for all.
    #[must_use]
    pub fn is_meant(topic: &str, wanted: &str) -> bool {
        match wanted.strip_suffix('*') {
            Some(beginning) => topic.starts_with(beginning),
            None => wanted == topic,
        }
    }
}

/// One message on the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BusMessage {
    /// Its topic, one of [`topics`].
    pub topic: String,
    /// The agent that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What it says.
    pub payload: Arc<Value>,
}

impl BusMessage {
    fn new(topic: &str, agent: Option<&str>, payload: Value) -> Self {
        Self {
            topic: topic.to_owned(),
            agent: agent.map(str::to_owned),
            payload: Arc::new(payload),
        }
    }

    /// What an event of a run says on the bus; most have one topic, some none. What became of
    /// handoffs is told with the round in which it happened.
    #[must_use]
    pub fn of(event: &Event) -> Vec<Self> {
        match &event.kind {
            EventKind::GroupFinished { step, output, .. } => handoffs(step.as_str(), output),
            _ => Self::one(event).into_iter().collect(),
        }
    }

    fn one(event: &Event) -> Option<Self> {
        let about =
            |topic: &str, agent: &str, payload: Value| Some(Self::new(topic, Some(agent), payload));
        match &event.kind {
            EventKind::RunStarted {
                run_id,
                plan_digest,
                task,
                ..
            } => Some(Self::new(
                topics::PLAN_STARTED,
                None,
                json!({"run": run_id, "plan_digest": plan_digest, "task": task}),
            )),
            EventKind::StepStarted {
                step,
                worker,
                backend,
                attempt,
            } => {
                let who = worker.to_string();
                let payload =
                    json!({"step": step, "agent": who, "backend": backend, "attempt": attempt});
                about(topics::TASK_ASSIGNED, &who, payload)
            }
            EventKind::StepFinished {
                step,
                worker,
                outcome,
                confidence,
                attempts,
                duration_us,
                ..
            } => {
                // What was never assigned is not completed either.
                if matches!(outcome, Outcome::Skipped { .. }) {
                    return None;
                }
                let who = worker.to_string();
                let payload = json!({
                    "step": step, "agent": who, "outcome": outcome.word(), "confidence": confidence,
                    "attempts": attempts, "duration_us": duration_us, "error": outcome.error(),
                });
                about(topics::TASK_COMPLETED, &who, payload)
            }
            EventKind::MessageSent { message } => about(
                topics::MESSAGE_SENT,
                message.from.as_str(),
                json!({"message": message}),
            ),
            EventKind::MessageDelivered { message, step, to } => about(
                topics::MESSAGE_DELIVERED,
                to.as_str(),
                json!({"message": message, "step": step, "to": to}),
            ),
            EventKind::RunFinished { outcome, usage, .. } => Some(Self::new(
                topics::PLAN_COMPLETED,
                None,
                json!({"outcome": outcome.word(), "usage": usage, "error": outcome.error()}),
            )),
            _ => None,
        }
    }

    /// Whether its topic is meant, as by [`topics::is_meant`].
    #[must_use]
    pub fn is_about(&self, wanted: &str) -> bool {
        topics::is_meant(&self.topic, wanted)
    }

    /// An agent was added to a registry.
    #[must_use]
    pub fn registered(template: &AgentTemplate) -> Self {
        let payload =
            json!({"agent": template.id, "role": template.role, "tier": template.tier_preference});
        Self::new(topics::AGENT_REGISTERED, Some(&template.id), payload)
    }

    /// An agent's status changed.
    #[must_use]
    pub fn status_changed(change: &StatusChange) -> Self {
        let payload = json!({"agent": change.agent, "from": change.from, "to": change.to});
        Self::new(topics::AGENT_STATUS_CHANGED, Some(&change.agent), payload)
    }

    /// A handoff began, or with an outcome: ended.
    fn handoff(step: &str, from: &str, to: &str, outcome: Option<&str>) -> Self {
        let (topic, agent) = match outcome {
            None => (topics::HANDOFF_INITIATED, from),
            Some(_) => (topics::HANDOFF_COMPLETED, to),
        };
        let mut payload = json!({"step": step, "from": from, "to": to});
        if let (Some(outcome), Some(payload)) = (outcome, payload.as_object_mut()) {
            payload.insert("outcome".to_owned(), outcome.into());
        }
        Self::new(topic, Some(agent), payload)
    }
}

/// The handoffs that began or ended in a round, as the output of the round tells them.
fn handoffs(step: &str, output: &Value) -> Vec<BusMessage> {
    // The loop around the rounds ends with the output of its last one, which was told already.
    let is_round = step.rsplit('/').next().is_some_and(|it| it.contains('#'));
    let list = output.get("handoff_news").and_then(Value::as_array);
    let list = list.filter(|_| is_round).into_iter().flatten();
    let read = |entry: &Value| -> Option<Vec<BusMessage>> {
        let field = |name: &str| entry.get(name)?.as_str();
        let (from, to, status) = (field("from")?, field("to")?, field("status")?);
        let mut messages = Vec::new();
        if entry.get("is_new") == Some(&Value::Bool(true)) {
            messages.push(BusMessage::handoff(step, from, to, None));
        }
        if status != "initiated" {
            messages.push(BusMessage::handoff(step, from, to, Some(status)));
        }
        Some(messages)
    };
    list.filter_map(read).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StepPath;

    #[test]
    fn handoffs_are_told_in_the_round_in_which_they_begin_and_end() {
        let told = |step: StepPath, status: &str, is_new: bool| -> Vec<(String, Option<String>)> {
            let entry = json!({"from": "a", "to": "b", "status": status, "is_new": is_new});
            let event = Event {
                seq: 1,
                at_us: 2,
                kind: EventKind::GroupFinished {
                    step,
                    outcome: Outcome::Succeeded,
                    output: Arc::new(json!({"handoff_news": [entry]})),
                    confidence: 1.0,
                },
            };
            let messages = BusMessage::of(&event).into_iter();
            messages.map(|it| (it.topic, it.agent)).collect()
        };
        let (began, ended) = (
            (topics::HANDOFF_INITIATED.to_owned(), Some("a".to_owned())),
            (topics::HANDOFF_COMPLETED.to_owned(), Some("b".to_owned())),
        );
        let round = || StepPath::root().iteration(0);
        assert_eq!(
            told(round(), "initiated", true),
            std::slice::from_ref(&began)
        );
        assert_eq!(
            told(round(), "completed", false),
            std::slice::from_ref(&ended)
        );
        assert_eq!(told(round(), "refused", true), [began, ended]);
        assert!(told(StepPath::root(), "completed", false).is_empty());
    }
}
