//! Sessions and notes of agents, in the documents of a store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::canonical;
use orchestrate_core::learning::{StoreError, check_name};
use orchestrate_core::memory::{
    Folded, Memory, SessionSummary, SessionTurn, check_note, check_part, with_turn,
};
use serde_json::{Value, json};

use crate::documents::{Change, Document, Documents, Read, Select, transact};
use crate::store::Now;

/// The space of everything here.
const SPACE: &str = "memory";
/// A session's part of one agent: its group is the session.
const SESSIONS: &str = "sessions";
const NOTES: &str = "notes";

/// What agents keep from run to run. Cheap to clone; all clones and all processes share what is in it.
#[derive(Clone)]
pub struct StoredMemory {
    documents: Arc<dyn Documents>,
    now: Now,
}

/// A note with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// By what it is asked for.
    pub key: String,
    /// What it says.
    pub text: String,
    /// When it was written, in milliseconds since 1970; absent for those of earlier versions.
    pub updated_ms: Option<u64>,
}

impl StoredMemory {
    pub(crate) fn new(documents: Arc<dyn Documents>, now: Now) -> Self {
        Self { documents, now }
    }

    /// All notes, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notes(&self) -> Result<Vec<Note>, StoreError> {
        let found = self.documents.read(SPACE, &[Read::all(NOTES)]).await?;
        let notes = found.iter().filter_map(|document| {
            Some(Note {
                key: document.key.clone(),
                text: text(document)?,
                updated_ms: updated(document),
            })
        });
        Ok(notes.collect())
    }

    /// What was malformed and left out since this was last asked.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.documents.take_warnings()
    }
}

/// Stands between the names in the key of a part.
const BETWEEN: &str = "--in--";
/// The longest key that every backend takes.
const LONGEST_KEY: usize = 200;

/// The key of a part: its names where they can be told apart in it, else a digest of them.
fn key(session: &str, agent: &str) -> String {
    let key = format!("{session}{BETWEEN}{agent}");
    if key.len() <= LONGEST_KEY && key.split_once(BETWEEN) == Some((session, agent)) {
        key
    } else {
        canonical::digest(&json!([session, agent]))
    }
}

/// Whose part of which session a document is.
fn names(document: &Document) -> Option<(&str, &str)> {
    let named = |name: &str| document.body.get(name).and_then(Value::as_str);
    // Those of earlier versions are named by their keys alone.
    let both = named("session").zip(named("agent"));
    both.or_else(|| document.key.split_once(BETWEEN))
}

fn turns(document: &Document) -> Vec<SessionTurn> {
    let turns = document.body.get("turns").cloned().unwrap_or_default();
    serde_json::from_value(turns).unwrap_or_default()
}

fn text(document: &Document) -> Option<String> {
    let text = document.body.get("text").and_then(Value::as_str)?;
    Some(text.to_owned())
}

fn updated(document: &Document) -> Option<u64> {
    document.body.get("updated_ms").and_then(Value::as_u64)
}

#[async_trait]
impl Memory for StoredMemory {
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError> {
        check_part(session, agent)?;
        let read = Read::key(SESSIONS, key(session, agent));
        let found = self.documents.read(SPACE, &[read]).await?;
        Ok(found.first().map(turns).unwrap_or_default())
    }

    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<bool, StoreError> {
        check_part(session, agent)?;
        let key = key(session, agent);
        let read = Read::key(SESSIONS, key.clone());
        let (session, agent, now) = (session.to_owned(), agent.to_owned(), (self.now)());
        let decide = move |found: &[Document]| {
            let before = found.first().map(turns).unwrap_or_default();
            let (turns, is_folded) = with_turn(before, turn, folded);
            let body =
                json!({"session": session, "agent": agent, "turns": turns, "updated_ms": now});
            let part = Document {
                kind: SESSIONS,
                key,
                group: session,
                body,
            };
            Ok((vec![Change::Put(part)], is_folded))
        };
        transact(&*self.documents, SPACE, &[read], decide).await
    }

    async fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        let found = self.documents.read(SPACE, &[Read::all(SESSIONS)]).await?;
        let summaries = found.iter().filter_map(|document| {
            let (session, agent) = names(document)?;
            let turns = turns(document);
            Some(SessionSummary::of(
                session,
                agent,
                &turns,
                updated(document),
            ))
        });
        let mut summaries: Vec<SessionSummary> = summaries.collect();
        summaries.sort_by(|a, b| (&a.session, &a.agent).cmp(&(&b.session, &b.agent)));
        Ok(summaries)
    }

    async fn forget(&self, session: &str) -> Result<Vec<String>, StoreError> {
        check_name("session", session)?;
        let read = Read {
            kind: SESSIONS,
            select: Select::Group(session.to_owned()),
        };
        let session = session.to_owned();
        let decide = move |found: &[Document]| {
            // A backend without an index gives the parts of all sessions.
            let parts = found.iter().filter_map(|document| {
                let (name, agent) = names(document)?;
                let gone = Change::Delete(SESSIONS, document.key.clone());
                (name == session).then(|| (agent.to_owned(), gone))
            });
            let mut parts: Vec<(String, Change)> = parts.collect();
            parts.sort_by(|(a, _), (b, _)| a.cmp(b));
            let (agents, changes) = parts.into_iter().unzip();
            Ok((changes, agents))
        };
        transact(&*self.documents, SPACE, &[read], decide).await
    }

    async fn note_keys(&self) -> Result<Vec<String>, StoreError> {
        let found = self.documents.read(SPACE, &[Read::all(NOTES)]).await?;
        Ok(found.into_iter().map(|document| document.key).collect())
    }

    async fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        check_name("key of a note", key)?;
        let read = Read::key(NOTES, key);
        let found = self.documents.read(SPACE, &[read]).await?;
        Ok(found.first().and_then(text))
    }

    async fn put_note(&self, key: &str, text: &str) -> Result<(), StoreError> {
        check_note(key, text)?;
        let change = if text.is_empty() {
            Change::Delete(NOTES, key.to_owned())
        } else {
            Change::Put(Document {
                kind: NOTES,
                key: key.to_owned(),
                group: String::new(),
                body: json!({"text": text, "updated_ms": (self.now)()}),
            })
        };
        let decide = move |_: &[Document]| Ok(vec![change]);
        self.documents.change(SPACE, &[], Box::new(decide)).await
    }
}

impl fmt::Debug for StoredMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredMemory({})", self.documents.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_parts_have_one_key() {
        assert_eq!(key("s", "a"), "s--in--a");
        assert_ne!(key("x--in", "b"), key("x", "in--b"));
        let long = "n".repeat(128);
        assert!(key(&long, &long).len() <= LONGEST_KEY);
    }
}
