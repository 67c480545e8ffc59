//! What agents keep from run to run: conversations by the name of a session, and notes by their keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::canonical;
use crate::learning::{StoreError, check_name};
use crate::model::History;

/// The longest note, in bytes.
pub const LONGEST_NOTE: usize = 64 * 1024;
/// How the key of a summary begins; the digest of what it sums up follows, so that no two are taken for one.
const SUMMARY: &str = "summary";

/// What was said in one step of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionTurn {
    /// The run and the step; a step that is begun again does not hear itself.
    pub key: String,
    /// What was said.
    pub said: History,
}

impl SessionTurn {
    /// Whether it sums up earlier turns.
    #[must_use]
    pub fn is_summary(&self) -> bool {
        // Keys of steps have a colon behind the run.
        self.key.starts_with(SUMMARY) && !self.key.contains(':')
    }
}

/// An agent's part of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// The session.
    pub session: String,
    /// The agent.
    pub agent: String,
    /// How many turns are kept, a summary among them.
    pub turns: usize,
    /// About how many bytes were said.
    pub bytes: usize,
    /// When the last turn was added, in milliseconds since 1970; absent where no clock is read.
    pub updated_ms: Option<u64>,
}

impl SessionSummary {
    /// The summary of what is kept.
    #[must_use]
    pub fn of(session: &str, agent: &str, turns: &[SessionTurn], updated_ms: Option<u64>) -> Self {
        Self {
            session: session.to_owned(),
            agent: agent.to_owned(),
            turns: turns.len(),
            bytes: turns.iter().map(|turn| turn.said.bytes()).sum(),
            updated_ms,
        }
    }
}

/// Earlier turns that a summary takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Their keys, the oldest turn of the session first and none left out between.
    pub keys: Vec<String>,
    /// What they come to.
    pub summary: String,
}

/// Keeps sessions and notes. Nobody who adds to a session at the same time as others takes away what they
/// added, from whatever process.
#[async_trait]
pub trait Memory: Send + Sync + fmt::Debug {
    /// What an agent and its model said in a session, in order; nothing in a session that is new.
    ///
    /// # Errors
    /// When the name is not usable or it cannot be read.
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError>;

    /// Adds a turn, or takes the place of the one of its key, and folds earlier ones into a summary. Gives
    /// whether they were folded, as [`with_turn`] decides.
    ///
    /// # Errors
    /// When the name is not usable or it cannot be written.
    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<bool, StoreError>;

    /// All sessions, each agent's part by itself, in the order of their names.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError>;

    /// Removes a session, and gives whose parts there were, in order; nobody's when there is none.
    ///
    /// # Errors
    /// When the name is not usable or it cannot be written.
    async fn forget(&self, session: &str) -> Result<Vec<String>, StoreError>;

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

/// The turns of a session once one more is remembered, and whether earlier ones gave way to their summary.
///
/// They do only where they are still how the session begins: whoever summed up what has changed meanwhile
/// (another step of the agent was quicker, somebody removed the session) would put an older summary in the
/// place of a newer one, or bring back what was removed.
#[must_use]
pub fn with_turn(
    turns: Vec<SessionTurn>,
    turn: SessionTurn,
    folded: Option<Folded>,
) -> (Vec<SessionTurn>, bool) {
    let mut kept = turns;
    let folded = folded.filter(|folded| {
        let first = kept.iter().take(folded.keys.len()).map(|it| &it.key);
        !folded.keys.is_empty() && first.eq(&folded.keys)
    });
    let is_folded = folded.is_some();
    if let Some(Folded { keys, summary }) = folded {
        let said = History::begin(format!("Summary of what was said before:\n{summary}"));
        let key = format!("{SUMMARY}-{}", canonical::digest(&json!(keys)));
        kept.splice(..keys.len(), [SessionTurn { key, said }]);
    }
    match kept.iter_mut().find(|it| it.key == turn.key) {
        Some(same) => *same = turn,
        None => kept.push(turn),
    }
    (kept, is_folded)
}

/// What was said before the turn of a key: a step that is begun again hears what it heard the first time.
pub fn before<'a>(turns: &'a [SessionTurn], key: &'a str) -> impl Iterator<Item = &'a SessionTurn> {
    turns.iter().take_while(move |it| it.key != key)
}

/// Checks whose part of which session is meant.
///
/// # Errors
/// [`StoreError::Name`].
pub fn check_part(session: &str, agent: &str) -> Result<(), StoreError> {
    check_name("session", session)?;
    check_name("agent", agent)
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
        check_part(session, agent)?;
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
    ) -> Result<bool, StoreError> {
        check_part(session, agent)?;
        let mut kept = self.kept();
        let turns = kept
            .sessions
            .entry((session.to_owned(), agent.to_owned()))
            .or_default();
        let (all, is_folded) = with_turn(std::mem::take(turns), turn, folded);
        *turns = all;
        Ok(is_folded)
    }

    async fn sessions(&self) -> Result<Vec<SessionSummary>, StoreError> {
        let kept = self.kept();
        let parts = kept.sessions.iter();
        let parts =
            parts.map(|((session, agent), turns)| SessionSummary::of(session, agent, turns, None));
        Ok(parts.collect())
    }

    async fn forget(&self, session: &str) -> Result<Vec<String>, StoreError> {
        check_name("session", session)?;
        let mut kept = self.kept();
        let mut agents = Vec::new();
        kept.sessions.retain(|(name, agent), _| {
            let stays = name != session;
            if !stays {
                agents.push(agent.clone());
            }
            stays
        });
        Ok(agents)
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
        let keys = |turns: &[SessionTurn]| -> Vec<String> {
            let keys = turns.iter().map(|it| match it.is_summary() {
                true => "summary".to_owned(),
                false => it.key.clone(),
            });
            keys.collect()
        };
        let turns = ["a", "b"].map(turn).to_vec();
        let (turns, _) = with_turn(turns, turn("b"), None);
        assert_eq!(keys(&turns), ["a", "b"]);
        let heard: Vec<_> = before(&turns, "b").map(|it| &it.key).collect();
        assert_eq!(heard, ["a"]);
        let folded = |turns: &[SessionTurn]| Folded {
            keys: turns.iter().map(|it| it.key.clone()).collect(),
            summary: "short".to_owned(),
        };
        let older = folded(&turns);
        let first = folded(&turns[..1]);
        let (turns, is_folded) = with_turn(turns, turn("c"), Some(first));
        assert_eq!(
            (keys(&turns), is_folded),
            (vec!["summary".into(), "b".into(), "c".into()], true)
        );
        // Somebody who heard the session as it was before: nothing but the turn is taken.
        let (turns, is_folded) = with_turn(turns, turn("d"), Some(older));
        assert_eq!((keys(&turns).len(), is_folded), (4, false));
        let all = folded(&turns);
        let (turns, is_folded) = with_turn(turns, turn("e"), Some(all.clone()));
        assert_eq!(
            (keys(&turns), is_folded),
            (vec!["summary".into(), "e".into()], true)
        );
        assert!(!with_turn(turns, turn("f"), Some(all)).1);
    }

    #[test]
    fn a_memory_of_the_process_keeps_every_law() {
        let laws = crate::testing::memory::check_memory(|| async { ProcessMemory::default() });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        // Nothing in it waits, so that one poll is enough.
        assert!(std::pin::pin!(laws).poll(&mut context).is_ready());
    }

    #[test]
    fn a_note_has_a_usable_key_and_an_end() {
        assert!(check_note("build", "cargo test").is_ok());
        assert!(check_note("../x", "").is_err());
        assert!(check_note("x", &"a".repeat(LONGEST_NOTE + 1)).is_err());
    }
}
