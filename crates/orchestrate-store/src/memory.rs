//! Sessions and notes of agents, in the documents of a store.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::learning::{StoreError, check_name};
use orchestrate_core::memory::{Folded, Memory, SessionTurn, check_note, with_turn};
use serde_json::{Value, json};

use crate::documents::{Change, Document, Documents, Read};

/// The space of everything here.
const SPACE: &str = "memory";
/// A session's part of one agent: its group is the session.
const SESSIONS: &str = "sessions";
const NOTES: &str = "notes";

/// What agents keep from run to run. Cheap to clone; all clones and all processes share what is in it.
#[derive(Clone)]
pub struct StoredMemory(Arc<dyn Documents>);

/// A session and who takes part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its name.
    pub session: String,
    /// The agent.
    pub agent: String,
    /// How many turns are kept, a summary among them.
    pub turns: usize,
    /// About how many bytes were said.
    pub bytes: usize,
}

impl StoredMemory {
    pub(crate) fn new(documents: Arc<dyn Documents>) -> Self {
        Self(documents)
    }

    /// The sessions, each agent's part by itself, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        let found = self.0.read(SPACE, &[Read::all(SESSIONS)]).await?;
        let summaries = found.iter().filter_map(|document| {
            let turns = turns(document);
            let (session, agent) = document.key.split_once(BETWEEN)?;
            Some(SessionSummary {
                session: session.to_owned(),
                agent: agent.to_owned(),
                turns: turns.len(),
                bytes: turns.iter().map(|turn| turn.said.bytes()).sum(),
            })
        });
        Ok(summaries.collect())
    }

    /// Removes a session, and says whose parts there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, session: &str) -> Result<Vec<String>, StoreError> {
        check_name("session", session)?;
        let all = self.sessions().await?.into_iter();
        let agents: Vec<String> = all
            .filter(|it| it.session == session)
            .map(|it| it.agent)
            .collect();
        let keys: Vec<String> = agents.iter().map(|agent| key(session, agent)).collect();
        let decide = move |_: &[Document]| {
            Ok(keys
                .into_iter()
                .map(|key| Change::Delete(SESSIONS, key))
                .collect())
        };
        self.0.change(SPACE, &[], Box::new(decide)).await?;
        Ok(agents)
    }
}

/// Stands in no name of a session, so that two different pairs never have one key.
const BETWEEN: &str = "--in--";

fn key(session: &str, agent: &str) -> String {
    format!("{session}{BETWEEN}{agent}")
}

fn turns(document: &Document) -> Vec<SessionTurn> {
    let turns = document.body.get("turns").cloned().unwrap_or_default();
    serde_json::from_value(turns).unwrap_or_default()
}

fn text(document: &Document) -> Option<String> {
    let text = document.body.get("text").and_then(Value::as_str)?;
    Some(text.to_owned())
}

fn checked(session: &str) -> Result<(), StoreError> {
    check_name("session", session)?;
    if session.contains(BETWEEN) {
        return Err(StoreError::Name {
            what: "session",
            given: session.to_owned(),
        });
    }
    Ok(())
}

#[async_trait]
impl Memory for StoredMemory {
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError> {
        checked(session)?;
        let read = Read::key(SESSIONS, key(session, agent));
        let found = self.0.read(SPACE, &[read]).await?;
        Ok(found.first().map(turns).unwrap_or_default())
    }

    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<(), StoreError> {
        checked(session)?;
        let key = key(session, agent);
        let (read, group) = (Read::key(SESSIONS, key.clone()), session.to_owned());
        let decide = move |found: &[Document]| {
            let before = found.first().map(turns).unwrap_or_default();
            let body = json!({"turns": with_turn(before, turn, folded)});
            Ok(vec![Change::Put(Document {
                kind: SESSIONS,
                key,
                group,
                body,
            })])
        };
        self.0.change(SPACE, &[read], Box::new(decide)).await
    }

    async fn note_keys(&self) -> Result<Vec<String>, StoreError> {
        let found = self.0.read(SPACE, &[Read::all(NOTES)]).await?;
        Ok(found.into_iter().map(|document| document.key).collect())
    }

    async fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        check_name("key of a note", key)?;
        let found = self.0.read(SPACE, &[Read::key(NOTES, key)]).await?;
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
                body: json!({"text": text}),
            })
        };
        let decide = move |_: &[Document]| Ok(vec![change]);
        self.0.change(SPACE, &[], Box::new(decide)).await
    }
}

impl fmt::Debug for StoredMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredMemory({})", self.0.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Store};
    use orchestrate_core::memory::ProcessMemory;
    use orchestrate_core::model::History;

    /// What every memory does alike.
    async fn check(memory: &dyn Memory) {
        let turn = |key: &str| SessionTurn {
            key: key.to_owned(),
            said: History::begin(format!("said in {key}")),
        };
        assert!(memory.recall("s", "a").await.unwrap().is_empty());
        memory.remember("s", "a", turn("1"), None).await.unwrap();
        memory.remember("s", "b", turn("1"), None).await.unwrap();
        memory.remember("s", "a", turn("2"), None).await.unwrap();
        let folded = Folded {
            keys: vec!["1".to_owned()],
            summary: "one".to_owned(),
        };
        let third = memory.remember("s", "a", turn("3"), Some(folded));
        third.await.unwrap();
        let turns = memory.recall("s", "a").await.unwrap();
        let keys: Vec<&str> = turns.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["summary", "2", "3"]);
        assert_eq!(memory.recall("s", "b").await.unwrap().len(), 1);
        assert!(memory.recall("../s", "a").await.is_err());

        memory.put_note("build", "cargo test").await.unwrap();
        memory.put_note("age", "old").await.unwrap();
        memory.put_note("build", "cargo nextest").await.unwrap();
        assert_eq!(memory.note_keys().await.unwrap(), ["age", "build"]);
        let note = memory.note("build").await.unwrap();
        assert_eq!(note.as_deref(), Some("cargo nextest"));
        memory.put_note("build", "").await.unwrap();
        assert_eq!(memory.note("build").await.unwrap(), None);
    }

    #[tokio::test]
    async fn every_memory_keeps_turns_and_notes_alike() {
        check(&ProcessMemory::default()).await;
        let directory = tempfile::tempdir().unwrap();
        for address in ["file:", "sqlite:"] {
            let place = directory.path().join(address.trim_end_matches(':'));
            let address: Address = format!("{address}{}", place.display()).parse().unwrap();
            let store = Store::at(address);
            let memory = store.memory();
            check(&memory).await;
            assert_eq!(memory.sessions().await.unwrap().len(), 2);
            assert_eq!(memory.forget("s").await.unwrap(), ["a", "b"]);
            assert!(memory.recall("s", "a").await.unwrap().is_empty());
        }
    }
}
