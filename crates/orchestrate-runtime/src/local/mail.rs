//! Messages between the agents of a team: sent with the end of a step, delivered with the beginning of one.

use std::sync::Arc;

use orchestrate_core::bus::{OutgoingMessage, TeamMessage};
use orchestrate_core::event::EventKind;
use orchestrate_core::id::AgentId;

use super::dispatcher::Dispatcher;
use super::flights::Step;

impl Dispatcher {
    /// Hands a step what has come in for its agent. Every attempt of the step gets the same.
    pub(super) fn deliver(&mut self, step: &Step) {
        let Some(work) = step.task.agent_work().filter(|_| step.attempts == 1) else {
            return;
        };
        let agent = &work.agent.id;
        let before =
            |message: &&Arc<TeamMessage>| step.scope.iter().any(|it| it.step == message.step);
        let waiting = self.mail.waiting(agent).filter(before);
        let waiting: Vec<u32> = waiting.map(|message| message.id).collect();
        for message in waiting {
            self.publish(EventKind::MessageDelivered {
                message,
                step: step.task.path.clone(),
                to: agent.clone(),
            });
        }
    }

    /// Sends what an agent gave beside its output.
    pub(super) fn send(&mut self, step: &Step, messages: Vec<OutgoingMessage>) {
        let Some(work) = step.task.agent_work() else {
            return;
        };
        let (step, from) = (&step.task.path, &work.agent.id);
        for OutgoingMessage { to, content } in messages {
            let (step, from) = (step.clone(), from.clone());
            self.publish(if self.mail.reaches(&from, &to) {
                let id = self.mail.next_id();
                let message = Arc::new(TeamMessage {
                    id,
                    from,
                    step,
                    to,
                    content,
                });
                EventKind::MessageSent { message }
            } else {
                let others: Vec<&str> = self.mail.members().map(AgentId::as_str).collect();
                let possible = others.join(", ");
                let why = format!("`{to}` reaches nobody in the team (possible: *, {possible})");
                EventKind::MessageRefused {
                    step,
                    from,
                    to,
                    why,
                }
            });
        }
    }

    /// Says what nobody has fetched, once the run is over.
    pub(super) fn return_mail(&mut self) {
        let left: Vec<(u32, AgentId)> = self
            .mail
            .undelivered()
            .map(|(to, message)| (message.id, to.clone()))
            .collect();
        for (message, to) in left {
            self.publish(EventKind::MessageUndelivered { message, to });
        }
    }
}
