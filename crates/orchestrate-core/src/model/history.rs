//! A conversation that cannot be malformed.
//!
//! Invariant: a tool call stands only together with its result ([`Entry::Calls`]), so no operation can
//! part them. What providers want beyond that (a user speaks first, nobody speaks twice in a row) is
//! made good by [`History::messages`], whatever was done to the history before.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Exchange, OpenCalls, ToolRequest};
use crate::canonical;

/// One closed part of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// What the model is told.
    User {
        /// The words.
        text: String,
    },
    /// What the model answered.
    Assistant {
        /// The words.
        text: String,
    },
    /// What the model called, with what came back.
    Calls {
        /// What it wrote beside the calls; may be empty.
        text: String,
        /// The calls; at least one.
        exchanges: Vec<Exchange>,
    },
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::User { text } | Self::Assistant { text } => text.len(),
            Self::Calls { text, exchanges } => {
                let sizes = exchanges.iter().map(|exchange| {
                    let request = &exchange.request;
                    let arguments = canonical::to_string(&request.arguments).len();
                    request.id.len() * 2
                        + request.name.len()
                        + arguments
                        + exchange.answer.content.len()
                });
                text.len() + sizes.sum::<usize>()
            }
        }
    }
}

/// A conversation. Cloning shares its entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Entry>", into = "Vec<Entry>")]
#[schemars(with = "Vec<Entry>")]
pub struct History {
    entries: Vec<Arc<Entry>>,
    bytes: usize,
    digest: String,
}

impl From<Vec<Entry>> for History {
    fn from(entries: Vec<Entry>) -> Self {
        entries.into_iter().map(Arc::new).collect()
    }
}

impl From<History> for Vec<Entry> {
    fn from(history: History) -> Self {
        let entries = history.entries.into_iter();
        entries
            .map(|entry| Arc::try_unwrap(entry).unwrap_or_else(|shared| (*shared).clone()))
            .collect()
    }
}

impl FromIterator<Arc<Entry>> for History {
    fn from_iter<I: IntoIterator<Item = Arc<Entry>>>(entries: I) -> Self {
        let mut history = Self::default();
        for entry in entries {
            history.push(entry);
        }
        history
    }
}

impl History {
    /// A conversation that begins with what the model is told.
    #[must_use]
    pub fn begin(text: impl Into<String>) -> Self {
        let mut history = Self::default();
        history.tell(text);
        history
    }

    /// Adds what the model is told.
    pub fn tell(&mut self, text: impl Into<String>) {
        self.push(Arc::new(Entry::User { text: text.into() }));
    }

    /// Adds what the model answered.
    pub fn answered(&mut self, text: impl Into<String>) {
        self.push(Arc::new(Entry::Assistant { text: text.into() }));
    }

    /// Adds a round of calls with their results.
    ///
    /// # Errors
    /// The calls, unchanged, while a result is missing.
    pub fn called(&mut self, calls: OpenCalls) -> Result<(), OpenCalls> {
        let (text, exchanges) = calls.close()?;
        if exchanges.is_empty() {
            self.answered(text);
        } else {
            self.push(Arc::new(Entry::Calls { text, exchanges }));
        }
        Ok(())
    }

    fn push(&mut self, entry: Arc<Entry>) {
        self.bytes += entry.bytes();
        let value = serde_json::to_value(&*entry).unwrap_or_default();
        self.digest = canonical::digest(&json!([self.digest, value]));
        self.entries.push(entry);
    }

    /// How many parts it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The parts in order.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().map(|entry| &**entry)
    }

    /// About how many bytes were said.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Digest of everything that was said, in order.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The last `keep` parts behind a summary of those before; itself when there are no more than that.
    #[must_use]
    pub fn compacted(&self, keep: usize, summary: &str) -> Self {
        let Some(cut) = self.entries.len().checked_sub(keep).filter(|cut| *cut > 0) else {
            return self.clone();
        };
        let mut compacted = Self::begin(format!("Summary of what was said before:\n{summary}"));
        for entry in self.entries.iter().skip(cut) {
            compacted.push(entry.clone());
        }
        compacted
    }

    /// Adds what was said in another conversation.
    pub fn extend(&mut self, other: &Self) {
        for entry in &other.entries {
            self.push(entry.clone());
        }
    }

    /// What was said from a part on.
    #[must_use]
    pub fn since(&self, from: usize) -> Self {
        self.entries.iter().skip(from).cloned().collect()
    }

    /// The last parts that fit into so many bytes, at least one, and the task before them: the part at
    /// `task` is never left out. Gives where the task stands then. A call and its result are one part.
    #[must_use]
    pub fn window(&self, task: usize, most_bytes: usize) -> (Self, usize) {
        if self.bytes <= most_bytes {
            return (self.clone(), task);
        }
        let told = self.entries.get(task);
        let mut room = most_bytes.saturating_sub(told.map_or(0, |entry| entry.bytes()));
        let mut from = self.entries.len().saturating_sub(1);
        while let Some(before) = from.checked_sub(1)
            && let Some(entry) = self.entries.get(before)
            && (before == task || entry.bytes() <= room)
        {
            if before != task {
                room -= entry.bytes();
            }
            from = before;
        }
        if from <= task {
            return (self.since(from), task - from);
        }
        let mut window: Self = told.cloned().into_iter().collect();
        window.extend(&self.since(from));
        (window, 0)
    }

    /// What another agent sees that takes over: the conversation as one told text, and none of its calls.
    #[must_use]
    pub fn handed_over(&self, instruction: &str) -> Self {
        let mut text = String::from("What was said before you took over:\n");
        for entry in self.entries() {
            match entry {
                Entry::User { text: said } => text.push_str(&format!("user: {said}\n")),
                Entry::Assistant { text: said } => text.push_str(&format!("assistant: {said}\n")),
                Entry::Calls { exchanges, .. } => {
                    for Exchange { request, answer } in exchanges {
                        text.push_str(&format!("{}: {}\n", request.name, answer.content));
                    }
                }
            }
        }
        text.push_str(instruction);
        Self::begin(text)
    }

    /// The conversation in the order and alternation that every provider accepts: a user speaks first,
    /// user and assistant take turns, and the results of tools follow their calls at once.
    #[must_use]
    pub fn messages(&self) -> Vec<Message<'_>> {
        let mut messages: Vec<Message<'_>> = Vec::with_capacity(self.entries.len() + 1);
        for entry in self.entries() {
            match entry {
                Entry::User { text } => say(&mut messages, Message::user(text)),
                Entry::Assistant { text } => say(&mut messages, Message::assistant(text)),
                Entry::Calls { text, exchanges } => {
                    begin_with_user(&mut messages);
                    let calls = exchanges.iter().map(|exchange| &exchange.request).collect();
                    // What was said just before and the calls are one answer to the provider.
                    let said = match messages.last_mut() {
                        Some(Message::Assistant {
                            text: before,
                            calls,
                        }) if calls.is_empty() => {
                            let joined = joined(before, text);
                            messages.pop();
                            joined
                        }
                        _ => Cow::Borrowed(text.as_str()),
                    };
                    messages.push(Message::Assistant { text: said, calls });
                    messages.push(Message::Results(exchanges.iter().collect()));
                }
            }
        }
        messages
    }
}

/// A message as providers know them.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// Told to the model.
    User(Cow<'a, str>),
    /// Answered by it.
    Assistant {
        /// The words; may be empty when there are calls.
        text: Cow<'a, str>,
        /// The calls.
        calls: Vec<&'a ToolRequest>,
    },
    /// The results of the calls of the message before, each with its call, in the same order.
    Results(Vec<&'a Exchange>),
}

impl<'a> Message<'a> {
    fn user(text: &'a str) -> Self {
        Self::User(Cow::Borrowed(text))
    }

    fn assistant(text: &'a str) -> Self {
        Self::Assistant {
            text: Cow::Borrowed(text),
            calls: Vec::new(),
        }
    }
}

fn joined<'a>(before: &str, after: &str) -> Cow<'a, str> {
    let gap = if before.is_empty() || after.is_empty() {
        ""
    } else {
        "\n\n"
    };
    Cow::Owned(format!("{before}{gap}{after}"))
}

fn begin_with_user(messages: &mut Vec<Message<'_>>) {
    if messages.is_empty() {
        messages.push(Message::user("(continued)"));
    }
}

/// Adds a text, joined to the one before when the same side speaks again. Empty texts say nothing.
fn say<'a>(messages: &mut Vec<Message<'a>>, message: Message<'a>) {
    let (Message::User(text) | Message::Assistant { text, .. }) = &message else {
        return;
    };
    if text.trim().is_empty() {
        return;
    }
    match (messages.last_mut(), &message) {
        (Some(Message::User(before)), Message::User(text)) => *before = joined(before, text),
        (
            Some(Message::Assistant {
                text: before,
                calls,
            }),
            Message::Assistant { text, .. },
        ) if calls.is_empty() => {
            *before = joined(before, text);
        }
        (None, Message::Assistant { .. }) => {
            begin_with_user(messages);
            messages.push(message);
        }
        _ => messages.push(message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ToolAnswer;
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn request(id: &str) -> ToolRequest {
        ToolRequest {
            id: id.into(),
            name: "fs.read".into(),
            arguments: Arc::new(json!({"path": "a"})),
            signatures: Vec::new(),
        }
    }

    /// What all providers demand of a conversation.
    fn check(messages: &[Message<'_>]) {
        let mut ids = BTreeSet::new();
        if let Some(first) = messages.first() {
            assert!(matches!(first, Message::User(_)), "{first:?}");
        }
        for pair in messages.windows(2) {
            match (&pair[0], &pair[1]) {
                (Message::Assistant { calls, .. }, Message::Results(results)) => {
                    assert!(!calls.is_empty());
                    let asked: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
                    let answered: Vec<&str> =
                        results.iter().map(|it| it.request.id.as_str()).collect();
                    assert_eq!(asked, answered);
                }
                (Message::Assistant { calls, .. }, Message::User(_)) => assert!(calls.is_empty()),
                (Message::User(_), Message::Assistant { .. })
                | (Message::Results(_), Message::Assistant { .. } | Message::User(_)) => {}
                (before, after) => panic!("{before:?} is followed by {after:?}"),
            }
        }
        for message in messages {
            match message {
                Message::User(text) => assert!(!text.trim().is_empty()),
                Message::Assistant { text, calls } => {
                    assert!(!calls.is_empty() || !text.trim().is_empty());
                    let mut here = BTreeSet::new();
                    for call in calls {
                        assert!(!call.id.is_empty() && here.insert(&call.id));
                    }
                    ids.extend(here);
                }
                Message::Results(_) => {}
            }
        }
        assert!(
            !matches!(messages.last(), Some(Message::Assistant { calls, .. }) if !calls.is_empty())
        );
    }

    #[derive(Debug, Clone)]
    enum Operation {
        Tell(String),
        Answer(String),
        Call(Vec<String>, Vec<bool>),
        Compact(usize),
        Window(usize, usize),
        HandOver,
        Reload,
    }

    fn operations() -> impl Strategy<Value = Vec<Operation>> {
        let text = "[ a-z]{0,6}";
        let one = prop_oneof![
            text.prop_map(Operation::Tell),
            text.prop_map(Operation::Answer),
            (
                proptest::collection::vec("[ab]{0,2}", 0..4),
                proptest::collection::vec(any::<bool>(), 4)
            )
                .prop_map(|(ids, answered)| Operation::Call(ids, answered)),
            (0usize..5).prop_map(Operation::Compact),
            (0usize..8, 0usize..60).prop_map(|(task, bytes)| Operation::Window(task, bytes)),
            Just(Operation::HandOver),
            Just(Operation::Reload),
        ];
        proptest::collection::vec(one, 0..30)
    }

    proptest! {
        /// Whatever is done to a conversation, in whatever order, providers accept it.
        #[test]
        fn prop_every_history_projects_to_messages_that_providers_accept(operations in operations()) {
            let mut history = History::default();
            for operation in operations {
                match operation {
                    Operation::Tell(text) => history.tell(text),
                    Operation::Answer(text) => history.answered(text),
                    Operation::Call(ids, answered) => {
                        let requests = ids.iter().map(|id| request(id)).collect();
                        let mut calls = OpenCalls::new(String::new(), requests, history.len() as u32);
                        for (position, answered) in answered.iter().enumerate() {
                            if *answered {
                                calls.answer(position, ToolAnswer::result("ok"));
                            }
                        }
                        // A call without its result does not get in; a cancelled one is answered first.
                        if let Err(mut open) = history.called(calls) {
                            open.abandon("cancelled");
                            prop_assert!(history.called(open).is_ok());
                        }
                    }
                    Operation::Compact(keep) => history = history.compacted(keep, "much"),
                    Operation::Window(task, bytes) => {
                        let told = history.entries.get(task).cloned();
                        let last = history.entries.last().cloned();
                        let (window, at) = history.window(task, bytes);
                        // The task and the last part are never left out.
                        if let Some(told) = told {
                            prop_assert_eq!(window.entries.get(at), Some(&told));
                        }
                        prop_assert_eq!(window.entries.last(), last.as_ref());
                        history = window;
                    }
                    Operation::HandOver => history = history.handed_over("go on"),
                    Operation::Reload => {
                        let text = serde_json::to_string(&history).unwrap();
                        let read: History = serde_json::from_str(&text).unwrap();
                        prop_assert_eq!(&read, &history);
                        history = read;
                    }
                }
                check(&history.messages());
            }
        }
    }

    #[test]
    fn the_digest_tells_every_difference_and_no_order_of_keys() {
        let one = |value: Value| {
            let mut history = History::begin("x");
            let mut request = request("1");
            request.arguments = Arc::new(value);
            let mut calls = OpenCalls::new("t".into(), vec![request], 0);
            calls.answer(0, ToolAnswer::result("r"));
            history.called(calls).unwrap();
            history.digest().to_owned()
        };
        assert_eq!(one(json!({"a": 1, "b": 2})), one(json!({"b": 2, "a": 1})));
        assert_ne!(one(json!({"a": 1})), one(json!({"a": 2})));
    }

    #[test]
    fn a_round_is_closed_only_when_every_call_has_its_result() {
        let mut history = History::begin("x");
        let calls = OpenCalls::new(String::new(), vec![request("1"), request("1")], 3);
        let open = history.called(calls).unwrap_err();
        assert_eq!(history.len(), 1);
        let ids: Vec<&str> = open
            .iter()
            .map(|(request, _)| request.id.as_str())
            .collect();
        assert_eq!(ids, ["1", "call_3_1"]);
    }
}
