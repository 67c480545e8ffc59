//! The bus itself: a bounded log with a cursor for each subscriber.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::BusMessage;

/// What a subscriber wants to hear and how far it has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Topics: a whole one, a beginning followed by `*` (`orchestration.*`), or `*` for all.
    pub topics: Vec<String>,
    /// The number of the next message that it has not read.
    pub next: u64,
}

/// What a subscriber had not read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Polled {
    /// The messages with their numbers, oldest first.
    pub messages: Vec<(u64, Arc<BusMessage>)>,
    /// Messages, of whatever topic, that were dropped for want of room before it read them.
    pub missed: u64,
}

/// A log of messages that several subscribers read at their own speed. Nothing is lost silently:
/// what had to be dropped is counted for each subscriber that had not read it.
#[derive(Debug, Clone)]
pub struct MessageBus {
    log: VecDeque<Arc<BusMessage>>,
    /// The number of the first message in the log.
    first: u64,
    keep: usize,
    subscribers: BTreeMap<String, Subscription>,
}

impl Default for MessageBus {
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl MessageBus {
    /// A bus that keeps the latest `keep` messages.
    #[must_use]
    pub fn new(keep: usize) -> Self {
        Self {
            log: VecDeque::new(),
            first: 0,
            keep: keep.max(1),
            subscribers: BTreeMap::new(),
        }
    }

    /// Adds a message and gives its number.
    pub fn publish(&mut self, message: BusMessage) -> u64 {
        let number = self.first + self.log.len() as u64;
        self.log.push_back(Arc::new(message));
        while self.log.len() > self.keep {
            self.log.pop_front();
            self.first += 1;
        }
        number
    }

    /// Listens to topics from now on; what was published before is not read. Subscribing again
    /// changes the topics and keeps the place.
    pub fn subscribe(
        &mut self,
        name: impl Into<String>,
        topics: impl IntoIterator<Item = impl Into<String>>,
    ) {
        let next = self.first + self.log.len() as u64;
        let place = self.subscribers.entry(name.into());
        let subscription = place.or_insert(Subscription {
            topics: Vec::new(),
            next,
        });
        subscription.topics = topics.into_iter().map(Into::into).collect();
    }

    /// Listens no more; false when nobody of that name did.
    pub fn unsubscribe(&mut self, name: &str) -> bool {
        self.subscribers.remove(name).is_some()
    }

    /// What a subscriber wants and how far it has read.
    #[must_use]
    pub fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.subscribers.get(name)
    }

    /// What a subscriber has not read, up to `most` messages, and moves its cursor behind them.
    /// `None` for a name that has not subscribed.
    pub fn poll(&mut self, name: &str, most: usize) -> Option<Polled> {
        let subscription = self.subscribers.get_mut(name)?;
        let mut polled = Polled {
            missed: self.first.saturating_sub(subscription.next),
            ..Polled::default()
        };
        subscription.next = subscription.next.max(self.first);
        let skip = usize::try_from(subscription.next - self.first).unwrap_or(usize::MAX);
        for message in self.log.iter().skip(skip) {
            if polled.messages.len() >= most {
                break;
            }
            if subscription.topics.iter().any(|it| message.is_about(it)) {
                polled.messages.push((subscription.next, message.clone()));
            }
            subscription.next += 1;
        }
        Some(polled)
    }

    /// The messages about an agent that are still kept, oldest first.
    pub fn history<'a>(&'a self, agent: &'a str) -> impl Iterator<Item = &'a Arc<BusMessage>> {
        self.log
            .iter()
            .filter(move |message| message.agent.as_deref() == Some(agent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::topics;
    use proptest::prelude::*;
    use serde_json::json;

    fn message(topic: &str, agent: &str) -> BusMessage {
        BusMessage {
            topic: topic.into(),
            agent: Some(agent.into()),
            payload: Arc::new(json!(null)),
        }
    }

    fn read(bus: &mut MessageBus, name: &str) -> (Vec<u64>, u64) {
        let polled = bus.poll(name, 100).unwrap();
        let numbers = polled.messages.iter().map(|(number, _)| *number);
        (numbers.collect(), polled.missed)
    }

    #[test]
    fn each_subscriber_reads_its_topics_at_its_own_speed() {
        let mut bus = MessageBus::new(4);
        bus.publish(message(topics::PLAN_STARTED, "a"));
        bus.subscribe("all", ["*"]);
        bus.subscribe("ends", [topics::TASK_COMPLETED]);
        bus.subscribe("runs", ["orchestration.*"]);
        bus.publish(message(topics::TASK_COMPLETED, "a"));
        bus.publish(message(topics::AGENT_STATUS_CHANGED, "b"));
        assert_eq!(read(&mut bus, "all"), (vec![1, 2], 0));
        assert_eq!(read(&mut bus, "all"), (vec![], 0));
        assert_eq!(read(&mut bus, "ends"), (vec![1], 0));
        for _ in 0..4 {
            bus.publish(message(topics::TASK_ASSIGNED, "b"));
        }
        assert_eq!(read(&mut bus, "runs"), (vec![3, 4, 5, 6], 2));
        assert_eq!(bus.history("b").count(), 4);
        assert!(
            bus.poll("nobody", 1).is_none() && bus.unsubscribe("all") && !bus.unsubscribe("all")
        );
    }

    proptest! {
        #[test]
        fn prop_what_is_read_and_what_is_missed_add_up(keep in 1usize..8, steps in prop::collection::vec((0usize..5, 0usize..4), 0..30)) {
            let mut bus = MessageBus::new(keep);
            bus.subscribe("one", ["*"]);
            let (mut published, mut read, mut missed) = (0u64, 0u64, 0u64);
            for (publish, most) in steps {
                for _ in 0..publish {
                    prop_assert_eq!(bus.publish(message("t", "a")), published);
                    published += 1;
                }
                let polled = bus.poll("one", most).unwrap();
                for (number, _) in &polled.messages {
                    prop_assert_eq!(*number, read + missed + polled.missed);
                    read += 1;
                }
                missed += polled.missed;
            }
            let polled = bus.poll("one", usize::MAX).unwrap();
            prop_assert_eq!(read + polled.messages.len() as u64 + missed + polled.missed, published);
        }
    }
}
