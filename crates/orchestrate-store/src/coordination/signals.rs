//! Signals: told to one agent or to all others, once each, while they last.

use orchestrate_core::coordination::Signal;
use orchestrate_core::learning::{StoreError, check_name};
use serde_json::{Value, json};

use super::team::{Team, numbered, put, whole};
use crate::documents::{Change, Document, Read, Select};

const SIGNALS: &str = "signals";
/// How far each agent has read.
const CURSORS: &str = "cursors";
/// The number of the last signal.
const LAST: &str = "last";
/// How many old signals are looked at whenever one is sent; what ran out among them is removed.
const SWEEP: usize = 32;

impl Team {
    /// Tells one agent, or without `target` all others, something that holds for so many
    /// milliseconds. Gives its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send(
        &self,
        source: &str,
        target: Option<&str>,
        kind: &str,
        payload: Value,
        ttl_ms: u64,
    ) -> Result<u64, StoreError> {
        for agent in [Some(source), target].into_iter().flatten() {
            check_name("agent", agent)?;
        }
        let at = self.now();
        let mut signal = Signal {
            number: 0,
            kind: kind.to_owned(),
            source: source.to_owned(),
            target: target.map(str::to_owned),
            payload,
            at,
            until: at.saturating_add(ttl_ms),
        };
        let oldest = Select::After(String::new(), SWEEP);
        let reads = [
            Read::key(LAST, SIGNALS),
            Read {
                kind: SIGNALS,
                select: oldest,
            },
        ];
        self.change(SIGNALS, &reads, move |found| {
            signal.number = number(found, LAST) + 1;
            let mut changes = vec![
                put(LAST, SIGNALS, &json!({"number": signal.number})),
                put(SIGNALS, numbered(signal.number), &signal),
            ];
            let over = whole::<Signal>(found, SIGNALS).into_iter();
            let over = over.filter(|it| it.until <= at);
            changes.extend(over.map(|it| Change::Delete(SIGNALS, numbered(it.number))));
            Ok((changes, signal.number))
        })
        .await
    }

    /// What an agent was not told yet, in order. Each signal is told to each agent once, whoever
    /// else has read it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receive(&self, agent: &str) -> Result<Vec<Signal>, StoreError> {
        check_name("agent", agent)?;
        let (agent, now) = (agent.to_owned(), self.now());
        let space = self.space(SIGNALS);
        let cursor = Read::key(CURSORS, &*agent);
        // How far it has read only ever grows, so reading from an old place misses nothing.
        let seen = self
            .documents
            .read(&space, std::slice::from_ref(&cursor))
            .await?;
        let behind = Select::After(numbered(number(&seen, CURSORS)), usize::MAX);
        let reads = [
            cursor,
            Read {
                kind: SIGNALS,
                select: behind,
            },
        ];
        self.change(SIGNALS, &reads, move |found| {
            let read = number(found, CURSORS);
            let mut signals: Vec<Signal> = whole(found, SIGNALS);
            signals.retain(|it| it.number > read);
            let changes = match signals.last() {
                Some(last) => vec![put(CURSORS, &*agent, &json!({"number": last.number}))],
                None => Vec::new(),
            };
            signals.retain(|it| it.is_for(&agent, now));
            Ok((changes, signals))
        })
        .await
    }
}

/// The number that the document of a kind holds; 0 when there is none.
pub(super) fn number(found: &[Document], kind: &str) -> u64 {
    let one = found.iter().find(|it| it.kind == kind);
    one.and_then(|it| it.body.get("number")?.as_u64())
        .unwrap_or(0)
}
