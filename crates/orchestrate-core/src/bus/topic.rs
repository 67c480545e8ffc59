//! What a run tells whoever listens, under the topics that users of such systems know.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::{Event, EventKind};
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

    /// What an event of a run says on the bus; most have one topic, some none. The handoffs of a group
    /// are told with its end, because only then each of them has one.
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

    /// Whether its topic is meant: a whole one, a beginning followed by `*`, or `*` for all.
    #[must_use]
    pub fn is_about(&self, topics: &str) -> bool {
        match topics.strip_suffix('*') {
            Some(beginning) => self.topic.starts_with(beginning),
            None => topics == self.topic,
        }
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

/// The handoffs that the output of a group tells of, if it is one that has come to its end.
fn handoffs(step: &str, output: &Value) -> Vec<BusMessage> {
    let ended = output.get("ended_by").is_some();
    let list = output.get("handoffs").and_then(Value::as_array);
    let list = list.filter(|_| ended).into_iter().flatten();
    let read = |entry: &Value| -> Option<[BusMessage; 2]> {
        let field = |name: &str| entry.get(name)?.as_str();
        let (from, to, status) = (field("from")?, field("to")?, field("status")?);
        Some([
            BusMessage::handoff(step, from, to, None),
            BusMessage::handoff(step, from, to, Some(status)),
        ])
    };
    list.filter_map(read).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::StepPath;
    use crate::outcome::Outcome;

    #[test]
    fn handoffs_are_told_with_the_end_of_their_group() {
        let event = |output: Value| Event {
            seq: 1,
            at_us: 2,
            kind: EventKind::GroupFinished {
                step: StepPath::root(),
                outcome: Outcome::Succeeded,
                output: Arc::new(output),
                confidence: 1.0,
            },
        };
        let entry = json!({"from": "a", "to": "b", "status": "completed"});
        let ended = event(json!({"ended_by": "completed", "handoffs": [entry]}));
        let told: Vec<(String, Option<String>)> = BusMessage::of(&ended)
            .into_iter()
            .map(|message| (message.topic, message.agent))
            .collect();
        let expected = [
            (topics::HANDOFF_INITIATED, "a"),
            (topics::HANDOFF_COMPLETED, "b"),
        ];
        assert_eq!(
            told,
            expected.map(|(topic, agent)| (topic.to_owned(), Some(agent.to_owned())))
        );
        assert!(BusMessage::of(&event(json!({"handoffs": [entry]}))).is_empty());
    }
}
