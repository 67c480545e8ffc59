//! Streams of events: numbered without gaps, read from any place, bounded in length.

use orchestrate_core::coordination::StreamEvent;
use orchestrate_core::learning::{StoreError, check_name};
use serde_json::{Value, json};

use super::signals::number;
use super::team::{Team, numbered, put};
use crate::documents::{Change, Read, Select};

const EVENTS: &str = "events";
/// The number of the last event.
const LAST: &str = "last";
/// How many of the oldest events are looked at whenever one is published.
const SWEEP: usize = 8;

impl Team {
    /// Adds an event to a stream, of which the newest `keep` stay. Gives its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn publish(
        &self,
        stream: &str,
        source: &str,
        kind: &str,
        payload: Value,
        keep: u64,
    ) -> Result<u64, StoreError> {
        check_name("stream", stream)?;
        let mut event = StreamEvent {
            number: 0,
            kind: kind.to_owned(),
            source: source.to_owned(),
            payload,
            at: self.now(),
        };
        let keep = keep.max(1);
        let oldest = Read {
            kind: EVENTS,
            select: Select::After(String::new(), SWEEP),
        };
        let reads = [Read::key(LAST, EVENTS), oldest];
        self.change(&part(stream), &reads, move |found| {
            event.number = number(found, LAST) + 1;
            let mut changes = vec![
                put(LAST, EVENTS, &json!({"number": event.number})),
                put(EVENTS, numbered(event.number), &event),
            ];
            let last_over = numbered(event.number.saturating_sub(keep));
            let over = found
                .iter()
                .filter(|it| it.kind == EVENTS && it.key <= last_over);
            changes.extend(over.map(|it| Change::Delete(EVENTS, it.key.clone())));
            Ok((changes, event.number))
        })
        .await
    }

    /// At most so many events behind number `after`, in order. Who reads keeps the number of the
    /// last one and goes on from there; 0 is the beginning.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(
        &self,
        stream: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StreamEvent>, StoreError> {
        let select = Select::After(numbered(after), limit);
        self.events(stream, select).await
    }

    /// The newest events of a stream, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tail(&self, stream: &str, count: usize) -> Result<Vec<StreamEvent>, StoreError> {
        self.events(stream, Select::Last(count)).await
    }

    /// Removes all events of a stream but the newest `keep`. Gives how many were removed; numbers go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn trim(&self, stream: &str, keep: usize) -> Result<usize, StoreError> {
        check_name("stream", stream)?;
        self.change(&part(stream), &[Read::all(EVENTS)], move |found| {
            let over = found.len().saturating_sub(keep);
            let over = found.iter().take(over);
            let changes: Vec<_> = over
                .map(|it| Change::Delete(EVENTS, it.key.clone()))
                .collect();
            let count = changes.len();
            Ok((changes, count))
        })
        .await
    }

    async fn events(&self, stream: &str, select: Select) -> Result<Vec<StreamEvent>, StoreError> {
        check_name("stream", stream)?;
        let read = Read {
            kind: EVENTS,
            select,
        };
        self.read(&part(stream), read).await
    }
}

fn part(stream: &str) -> String {
    format!("streams/{stream}")
}
