//! What agents keep from run to run: conversations by the name of a session, and notes by their keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::learning::{StoreError, check_name};
use crate::model::History;

/// The longest note, in bytes.
pub const LONGEST_NOTE: usize = 64 * 1024;
/// By what key the summary of earlier turns stands among the others.
const SUMMARY: &str = "summary";

/// What was said in one step of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionTurn {
    /// The run and the step; a step that is begun again does not hear itself.
    pub key: String,
    /// What was said.
    pub said: History,
}

/// Earlier turns that a summary takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Their keys.
    pub keys: Vec<String>,
    /// What they come to.
    pub summary: String,
}

/// Keeps sessions and notes.
#[async_trait]
pub trait Memory: Send + Sync + fmt::Debug {
    /// What an agent and its model said in a session, in order; nothing in a session that is new.
    ///
    /// # Errors
    /// When the name is not usable or it cannot be read.
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError>;

    /// Adds a turn, or takes the place of the one of its key, and folds earlier ones into a summary.
    ///
    /// # Errors
    /// When the name is not usable or it cannot be written.
    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<(), StoreError>;

    /// The keys of all notes, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn note_keys(&self) -> Result<Vec<String>, StoreError>;

    /// A note.
    ///
    /// # Errors
    /// When the key is not usable or it cannot be read.
    async fn note(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Writes a note over the one of its key; an empty text removes it.
    ///
    /// # Errors
    /// When the key is not usable, the text is too long, or it cannot be written.
    async fn put_note(&self, key: &str, text: &str) -> Result<(), StoreError>;
}

/// The turns of a session once one more is remembered. Summaries stand before everything else.
#[must_use]
pub fn with_turn(
    turns: Vec<SessionTurn>,
    turn: SessionTurn,
    folded: Option<Folded>,
) -> Vec<SessionTurn> {
    let (gone, summary) = match folded {
        Some(Folded { keys, summary }) => (keys, Some(summary)),
        None => (Vec::new(), None),
    };
    let mut kept: Vec<SessionTurn> = turns
        .into_iter()
        .filter(|it| !gone.contains(&it.key))
        .collect();
    if let Some(text) = summary {
        let said = History::begin(format!("Summary of what was said before:\n{text}"));
        let key = SUMMARY.to_owned();
        kept.retain(|it| it.key != SUMMARY);
        kept.insert(0, SessionTurn { key, said });
    }
    match kept.iter_mut().find(|it| it.key == turn.key) {
        Some(same) => *same = turn,
        None => kept.push(turn),
    }
    kept
}

/// What was said before the turn of a key: a step that is begun again hears what it heard the first time.
pub fn before<'a>(turns: &'a [SessionTurn], key: &'a str) -> impl Iterator<Item = &'a SessionTurn> {
    turns.iter().take_while(move |it| it.key != key)
}

/// Checks a note before it is written.
///
/// # Errors
/// [`StoreError::Name`] for its key, [`StoreError::Value`] for its length.
pub fn check_note(key: &str, text: &str) -> Result<(), StoreError> {
    check_name("key of a note", key)?;
    if text.len() > LONGEST_NOTE {
        return Err(StoreError::Value {
            what: "a note of bytes",
            given: text.len().to_string(),
            possible: "at most 65536 bytes",
        });
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Kept {
    sessions: BTreeMap<(String, String), Vec<SessionTurn>>,
    notes: BTreeMap<String, String>,
}

/// A memory that lasts as long as the process, for those who keep nothing.
#[derive(Debug, Default)]
pub struct ProcessMemory(Mutex<Kept>);

impl ProcessMemory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Memory for ProcessMemory {
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError> {
        check_name("session", session)?;
        let kept = self.kept();
        let turns = kept.sessions.get(&(session.to_owned(), agent.to_owned()));
        Ok(turns.cloned().unwrap_or_default())
    }

    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<(), StoreError> {
        check_name("session", session)?;
        let mut kept = self.kept();
        let turns = kept
            .sessions
            .entry((session.to_owned(), agent.to_owned()))
            .or_default();
        *turns = with_turn(std::mem::take(turns), turn, folded);
        Ok(())
    }

    async fn note_keys(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.kept().notes.keys().cloned().collect())
    }

    async fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        check_name("key of a note", key)?;
        Ok(self.kept().notes.get(key).cloned())
    }

    async fn put_note(&self, key: &str, text: &str) -> Result<(), StoreError> {
        check_note(key, text)?;
        let mut kept = self.kept();
        if text.is_empty() {
            kept.notes.remove(key);
        } else {
            kept.notes.insert(key.to_owned(), text.to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(key: &str) -> SessionTurn {
        SessionTurn {
            key: key.to_owned(),
            said: History::begin(key),
        }
    }

    #[test]
    fn a_turn_is_remembered_once_and_folded_ones_give_way_to_their_summary() {
        let keys =
            |turns: &[SessionTurn]| turns.iter().map(|it| it.key.clone()).collect::<Vec<_>>();
        let turns = ["a", "b"].map(turn).to_vec();
        let turns = with_turn(turns, turn("b"), None);
        assert_eq!(keys(&turns), ["a", "b"]);
        let heard: Vec<_> = before(&turns, "b").map(|it| &it.key).collect();
        assert_eq!(heard, ["a"]);
        let folded = |keys: &[&str]| Folded {
            keys: keys.iter().map(|&it| it.to_owned()).collect(),
            summary: "short".to_owned(),
        };
        let turns = with_turn(turns, turn("c"), Some(folded(&["a"])));
        assert_eq!(keys(&turns), ["summary", "b", "c"]);
        let turns = with_turn(turns, turn("d"), Some(folded(&["summary", "b", "c"])));
        assert_eq!(keys(&turns), ["summary", "d"]);
    }

    #[test]
    fn a_note_has_a_usable_key_and_an_end() {
        assert!(check_note("build", "cargo test").is_ok());
        assert!(check_note("../x", "").is_err());
        assert!(check_note("x", &"a".repeat(LONGEST_NOTE + 1)).is_err());
    }
}
