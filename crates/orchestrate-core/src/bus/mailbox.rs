//! What was sent in a run and not delivered yet: a fold over its events.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Recipient, TeamMessage};
use crate::event::EventKind;
use crate::id::{AgentId, StepPath};

/// What became of the messages of a run. A message to a team is delivered, or not, once for each of its receivers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailCensus {
    /// Messages that were sent.
    pub sent: u32,
    /// Messages that were refused, because they could reach nobody.
    pub refused: u32,
    /// Deliveries that were made.
    pub delivered: u32,
    /// Deliveries that were not, because the receiver had no further step.
    pub undelivered: u32,
}

impl MailCensus {
    /// Whether nobody sent anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &EventKind) {
        match event {
            EventKind::MessageSent { .. } => self.sent += 1,
            EventKind::MessageRefused { .. } => self.refused += 1,
            EventKind::MessageDelivered { .. } => self.delivered += 1,
            EventKind::MessageUndelivered { .. } => self.undelivered += 1,
            _ => {}
        }
    }
}

/// The mailboxes of a team.
#[derive(Debug, Clone, Default)]
pub struct Mailboxes {
    members: BTreeSet<AgentId>,
    boxes: BTreeMap<AgentId, VecDeque<Arc<TeamMessage>>>,
    /// What was delivered with steps that have not ended, because each of their attempts gets it.
    delivered: BTreeMap<StepPath, Vec<Arc<TeamMessage>>>,
    sent: u32,
}

impl Mailboxes {
    /// Empty mailboxes for these agents.
    #[must_use]
    pub fn new(members: impl IntoIterator<Item = AgentId>) -> Self {
        Self {
            members: members.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The number of the next message.
    #[must_use]
    pub fn next_id(&self) -> u32 {
        self.sent
    }

    /// Who is in the team.
    pub fn members(&self) -> impl Iterator<Item = &AgentId> {
        self.members.iter()
    }

    /// Whether a message can reach anybody.
    #[must_use]
    pub fn reaches(&self, from: &AgentId, to: &Recipient) -> bool {
        match to {
            Recipient::Agent(agent) => self.members.contains(agent),
            Recipient::Team => self.members.iter().any(|member| member != from),
        }
    }

    /// Messages that wait for an agent, oldest first.
    pub fn waiting(&self, agent: &AgentId) -> impl Iterator<Item = &Arc<TeamMessage>> {
        self.boxes.get(agent).into_iter().flatten()
    }

    /// Messages that were delivered with a step, oldest first; none once the step has ended.
    #[must_use]
    pub fn of_step(&self, step: &StepPath) -> &[Arc<TeamMessage>] {
        self.delivered.get(step).map_or(&[], Vec::as_slice)
    }

    /// Takes in an event: a message that was sent goes into the boxes of its receivers, a delivered one leaves its box.
    pub fn apply(&mut self, event: &EventKind) {
        match event {
            EventKind::MessageSent { message } => {
                self.sent += 1;
                let receivers: Vec<AgentId> = match &message.to {
                    Recipient::Agent(agent) => vec![agent.clone()],
                    Recipient::Team => {
                        let others = self.members.iter();
                        others.filter(|it| **it != message.from).cloned().collect()
                    }
                };
                for receiver in receivers {
                    self.boxes
                        .entry(receiver)
                        .or_default()
                        .push_back(message.clone());
                }
            }
            EventKind::MessageDelivered { message, step, to } => {
                let Some(waiting) = self.boxes.get_mut(to) else {
                    return;
                };
                let at = waiting.iter().position(|it| it.id == *message);
                if let Some(message) = at.and_then(|at| waiting.remove(at)) {
                    let with = self.delivered.entry(step.clone()).or_default();
                    with.push(message);
                }
            }
            EventKind::StepFinished { step, .. } if !self.delivered.is_empty() => {
                self.delivered.remove(step);
            }
            _ => {}
        }
    }

    /// Everything that was sent and not delivered, with whom it did not reach.
    pub fn undelivered(&self) -> impl Iterator<Item = (&AgentId, &Arc<TeamMessage>)> {
        let boxes = self.boxes.iter();
        boxes.flat_map(|(to, waiting)| waiting.iter().map(move |message| (to, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn agent(id: &str) -> AgentId {
        AgentId::new(id).unwrap()
    }

    fn sent(mail: &mut Mailboxes, from: &str, to: &str) {
        let message = TeamMessage {
            id: mail.next_id(),
            from: agent(from),
            step: StepPath::root(),
            to: Recipient::try_from(to.to_owned()).unwrap(),
            content: Arc::new(json!(to)),
        };
        assert!(mail.reaches(&message.from, &message.to));
        let message = Arc::new(message);
        mail.apply(&EventKind::MessageSent { message });
    }

    #[test]
    fn each_receiver_gets_a_message_once_and_what_nobody_fetched_is_counted() {
        let mut mail = Mailboxes::new(["a", "b", "c"].map(agent));
        sent(&mut mail, "a", "b");
        sent(&mut mail, "c", "*");
        let ids = |mail: &Mailboxes, who: &str| -> Vec<u32> {
            mail.waiting(&agent(who))
                .map(|message| message.id)
                .collect()
        };
        assert_eq!(
            (ids(&mail, "a"), ids(&mail, "b"), ids(&mail, "c")),
            (vec![1], vec![0, 1], vec![])
        );
        let delivered = |mail: &mut Mailboxes, message: u32, to: &str| {
            let (step, to) = (StepPath::root(), agent(to));
            mail.apply(&EventKind::MessageDelivered { message, step, to });
        };
        delivered(&mut mail, 0, "b");
        delivered(&mut mail, 0, "b");
        delivered(&mut mail, 1, "b");
        assert_eq!(
            (ids(&mail, "b"), mail.of_step(&StepPath::root()).len()),
            (vec![], 2)
        );
        let left: Vec<_> = mail
            .undelivered()
            .map(|(to, it)| (to.as_str(), it.id))
            .collect();
        assert_eq!(left, [("a", 1)]);
        assert!(!mail.reaches(&agent("a"), &Recipient::Agent(agent("ghost"))));
        assert!(!Mailboxes::new([agent("a")]).reaches(&agent("a"), &Recipient::Team));
    }
}
