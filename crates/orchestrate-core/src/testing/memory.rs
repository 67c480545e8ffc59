//! The laws that every memory keeps: what is said is heard again, nothing is lost, forgotten is gone.
//!
//! [`check_memory`] runs every law, each on a fresh memory; a law that is broken panics with its name.

#![expect(
    clippy::unwrap_used,
    reason = "a law that is broken stops the test that asked"
)]

use crate::error::Explain as _;
use crate::memory::{Folded, LONGEST_NOTE, Memory, SessionTurn};
use crate::model::{History, OpenCalls, ToolAnswer, ToolRequest};

/// Runs every law, each on a memory that `open` makes: it must be empty and of its own.
pub async fn check_memory<M: Memory, F: Future<Output = M>>(mut open: impl FnMut() -> F) {
    what_is_said_is_heard_again_as_it_was(&open().await).await;
    agents_and_sessions_do_not_hear_each_other(&open().await).await;
    a_turn_is_kept_once(&open().await).await;
    a_summary_takes_the_place_of_what_it_sums_up(&open().await).await;
    an_older_summary_takes_nothing_away(&open().await).await;
    names_cannot_leave_the_memory(&open().await).await;
    sessions_are_listed_with_their_agents(&open().await).await;
    what_is_forgotten_is_gone_and_does_not_come_back(&open().await).await;
    notes_are_kept_by_their_keys(&open().await).await;
}

/// What an agent said in a step of a run, with a call among it.
#[must_use]
pub fn said(key: &str) -> SessionTurn {
    let mut said = History::begin(format!("task of {key}: \"é\\\n\0\u{1f980}"));
    let request = ToolRequest {
        id: "1".to_owned(),
        name: "fs.read".to_owned(),
        arguments: std::sync::Arc::new(serde_json::json!({"path": key, "a": null})),
        signatures: Vec::new(),
    };
    let mut calls = OpenCalls::new("I look.".to_owned(), vec![request], 0);
    calls.answer(0, ToolAnswer::result("text"));
    said.called(calls).unwrap();
    said.answered(format!("answer to {key}"));
    let key = key.to_owned();
    SessionTurn { key, said }
}

async fn add(memory: &impl Memory, session: &str, agent: &str, keys: &[&str]) {
    for key in keys {
        let turn = said(key);
        let folded = memory.remember(session, agent, turn, None).await.unwrap();
        assert!(!folded);
    }
}

fn sums_up(turns: &[SessionTurn]) -> Folded {
    Folded {
        keys: turns.iter().map(|it| it.key.clone()).collect(),
        summary: format!("{} turns", turns.len()),
    }
}

/// The keys of a part, summaries as `summary`.
async fn keys(memory: &impl Memory, session: &str, agent: &str) -> Vec<String> {
    let turns = memory.recall(session, agent).await.unwrap();
    let named = turns.into_iter().map(|it| match it.is_summary() {
        true => "summary".to_owned(),
        false => it.key,
    });
    named.collect()
}

async fn what_is_said_is_heard_again_as_it_was(memory: &impl Memory) {
    assert!(memory.recall("s", "a").await.unwrap().is_empty());
    add(memory, "s", "a", &["r:1", "r:2"]).await;
    let turns = memory.recall("s", "a").await.unwrap();
    assert_eq!(turns, [said("r:1"), said("r:2")]);
}

async fn agents_and_sessions_do_not_hear_each_other(memory: &impl Memory) {
    // Names that are easily taken for each other.
    let parts = [
        ("s", "a"),
        ("s", "b"),
        ("t", "a"),
        ("x", "in--b"),
        ("x--in", "b"),
        ("x-", "b"),
    ];
    for (session, agent) in parts {
        add(memory, session, agent, &[&format!("{session}:{agent}")]).await;
    }
    for (session, agent) in parts {
        let kept = keys(memory, session, agent).await;
        assert_eq!(kept, [format!("{session}:{agent}")]);
    }
    assert_eq!(memory.sessions().await.unwrap().len(), parts.len());
}

async fn a_turn_is_kept_once(memory: &impl Memory) {
    add(memory, "s", "a", &["r:1", "r:2", "r:1"]).await;
    assert_eq!(keys(memory, "s", "a").await, ["r:1", "r:2"]);
}

async fn a_summary_takes_the_place_of_what_it_sums_up(memory: &impl Memory) {
    add(memory, "s", "a", &["r:1", "r:2", "r:3"]).await;
    let heard = memory.recall("s", "a").await.unwrap();
    let folded = heard.get(..2).map(sums_up);
    assert!(
        memory
            .remember("s", "a", said("r:4"), folded)
            .await
            .unwrap()
    );
    assert_eq!(keys(memory, "s", "a").await, ["summary", "r:3", "r:4"]);
    let heard = memory.recall("s", "a").await.unwrap();
    let first = heard.first().unwrap().said.messages();
    assert!(format!("{first:?}").contains("2 turns"), "{first:?}");
    // A summary is summed up with what follows it.
    let folded = Some(sums_up(&heard));
    assert!(
        memory
            .remember("s", "a", said("r:5"), folded)
            .await
            .unwrap()
    );
    assert_eq!(keys(memory, "s", "a").await, ["summary", "r:5"]);
}

/// Two steps of an agent heard the same; the slower one's summary is no longer true.
async fn an_older_summary_takes_nothing_away(memory: &impl Memory) {
    add(memory, "s", "a", &["r:1", "r:2", "r:3"]).await;
    let heard = memory.recall("s", "a").await.unwrap();
    let (quick, slow) = (sums_up(&heard), heard.get(..2).map(sums_up));
    let done = memory.remember("s", "a", said("q:1"), Some(quick)).await;
    assert!(done.unwrap());
    let done = memory.remember("s", "a", said("q:2"), slow).await;
    assert!(!done.unwrap());
    assert_eq!(keys(memory, "s", "a").await, ["summary", "q:1", "q:2"]);
    let all = memory.recall("s", "a").await.unwrap();
    let kept = all.first().unwrap().said.messages();
    assert!(format!("{kept:?}").contains("3 turns"), "{kept:?}");
}

async fn names_cannot_leave_the_memory(memory: &impl Memory) {
    for bad in ["", "..", "../x", "a/b", "a\0b", ".x", "a b"] {
        let code = |error: crate::learning::StoreError| error.code();
        assert_eq!(memory.recall(bad, "a").await.map_err(code), Err("ORC1201"));
        assert_eq!(memory.recall("s", bad).await.map_err(code), Err("ORC1201"));
        let written = memory.remember(bad, "a", said("r:1"), None).await;
        assert_eq!(written.map_err(code), Err("ORC1201"));
        assert_eq!(memory.forget(bad).await.map_err(code), Err("ORC1201"));
        assert_eq!(memory.note(bad).await.map_err(code), Err("ORC1201"));
        assert_eq!(
            memory.put_note(bad, "x").await.map_err(code),
            Err("ORC1201")
        );
    }
    // The longest names that there are.
    let long = "n".repeat(128);
    add(memory, &long, &long, &["r:1"]).await;
    assert_eq!(memory.forget(&long).await.unwrap(), [long]);
    assert!(memory.sessions().await.unwrap().is_empty());
}

async fn sessions_are_listed_with_their_agents(memory: &impl Memory) {
    assert!(memory.sessions().await.unwrap().is_empty());
    add(memory, "t", "a", &["r:1"]).await;
    add(memory, "s", "b", &["r:1"]).await;
    add(memory, "s", "a", &["r:1", "r:2"]).await;
    let listed = memory.sessions().await.unwrap();
    let parts: Vec<_> = listed
        .iter()
        .map(|it| (it.session.as_str(), it.agent.as_str(), it.turns))
        .collect();
    assert_eq!(parts, [("s", "a", 2), ("s", "b", 1), ("t", "a", 1)]);
    let bytes = said("r:1").said.bytes() + said("r:2").said.bytes();
    assert_eq!(listed.first().map(|it| it.bytes), Some(bytes));
}

async fn what_is_forgotten_is_gone_and_does_not_come_back(memory: &impl Memory) {
    add(memory, "s", "b", &["r:1"]).await;
    add(memory, "s", "a", &["r:1", "r:2"]).await;
    add(memory, "t", "a", &["r:1"]).await;
    let heard = memory.recall("s", "a").await.unwrap();
    assert_eq!(memory.forget("s").await.unwrap(), ["a", "b"]);
    assert!(memory.forget("s").await.unwrap().is_empty());
    assert!(memory.recall("s", "a").await.unwrap().is_empty());
    assert_eq!(keys(memory, "t", "a").await, ["r:1"]);
    // A step that heard it and ends now brings its own turn and nothing else.
    let folded = Some(sums_up(&heard));
    let written = memory.remember("s", "a", said("r:3"), folded).await;
    assert!(!written.unwrap());
    assert_eq!(keys(memory, "s", "a").await, ["r:3"]);
}

async fn notes_are_kept_by_their_keys(memory: &impl Memory) {
    memory.put_note("build", "cargo test").await.unwrap();
    memory.put_note("age", "é\n\0\u{1f980}").await.unwrap();
    memory.put_note("build", "cargo nextest").await.unwrap();
    assert_eq!(memory.note_keys().await.unwrap(), ["age", "build"]);
    let note = memory.note("build").await.unwrap();
    assert_eq!(note.as_deref(), Some("cargo nextest"));
    let note = memory.note("age").await.unwrap();
    assert_eq!(note.as_deref(), Some("é\n\0\u{1f980}"));
    let long = "n".repeat(LONGEST_NOTE + 1);
    assert!(memory.put_note("build", &long).await.is_err());
    let longest = long.get(1..).unwrap_or_default();
    memory.put_note("build", longest).await.unwrap();
    assert_eq!(
        memory.note("build").await.unwrap().as_deref(),
        Some(longest)
    );
    memory.put_note("build", "").await.unwrap();
    assert_eq!(memory.note("build").await.unwrap(), None);
    memory.put_note("nobody", "").await.unwrap();
    assert_eq!(memory.note_keys().await.unwrap(), ["age"]);
}
