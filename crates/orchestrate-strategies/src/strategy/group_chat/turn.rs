//! The conversation from message to message: who said what, who is next, whether it is over.

use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use orchestrate_core::strategy::{Aggregate, Gathered, Part};
use serde_json::{Value, json};

use super::super::common;
use super::compose::{EXTERNAL, GroupChat, SELECT, TURN};

/// What a conversation begins with.
pub(super) fn start(first: Option<&String>) -> Value {
    json!({"messages": [], "next": first, "tokens": 0, "worked_ms": 0, "silent": 0})
}

/// After a message.
pub(super) fn message(chat: &GroupChat, group: &Gathered<'_>) -> Aggregate {
    let mut state = group
        .previous
        .as_deref()
        .cloned()
        .unwrap_or_else(|| start(chat.members().first()));
    let said = common::part(group.parts, TURN).and_then(common::taken);
    let mut messages = common::list(Some(&state), "messages");
    let number = messages.len() + 1;
    let speaker = said.map(common::label).unwrap_or_default();
    let speaker = chat.member_of(speaker);
    let mut entry = json!({"number": number, "speaker": speaker, "output": common::output(said)});
    let error = match said {
        Some(part) => part.outcome.error(),
        None => Some(nobody(chat, group.parts)),
    };
    let spoke = said.is_some_and(|part| part.outcome.is_success());
    if let Some(error) = &error {
        common::put(&mut entry, "error", error.as_str().into());
    }
    messages.push(entry);
    let used: u64 = group.parts.iter().map(|part| part.usage.tokens).sum();
    let worked: u64 = group.parts.iter().map(|part| part.worked_us / 1000).sum();
    let silent = match spoke {
        true => 0,
        false => common::count(Some(&state), "silent") + 1,
    };
    let tokens = common::count(Some(&state), "tokens") + used;
    let worked_ms = common::count(Some(&state), "worked_ms") + worked;
    let decided = common::part(group.parts, EXTERNAL).and_then(|part| part.output.get("decision"));
    for (key, value) in [
        ("messages", Value::from(messages)),
        ("last", common::output(said)),
        ("tokens", tokens.into()),
        ("worked_ms", worked_ms.into()),
        ("silent", silent.into()),
        ("external", decided.cloned().unwrap_or_default()),
        ("next", json!(chat.after(speaker.as_deref()))),
    ] {
        common::put(&mut state, key, value);
    }
    if let Some(reason) = chat.ended(&state) {
        common::put(&mut state, "stop_reason", reason.into());
    } else if silent >= chat.members().len() as u64 {
        common::put(&mut state, "stop_reason", "nobody speaks".into());
        common::put(&mut state, "failure", json!(error));
    }
    Aggregate {
        outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
        output: state,
        confidence: said.map_or(0.0, |part| part.confidence),
    }
}

/// Why nobody spoke.
fn nobody(chat: &GroupChat, parts: &[Part]) -> String {
    let selected = common::part(parts, SELECT);
    match selected.map(|part| (&part.outcome, part.output.get("next_speaker"))) {
        Some((outcome, _)) if !outcome.is_success() => outcome.error().unwrap_or_default(),
        Some((_, named)) => format!(
            "the selector named {}, who does not take part (possible: {})",
            named.map_or("nobody".to_owned(), ToString::to_string),
            chat.members().join(", ")
        ),
        None => "nobody was next".to_owned(),
    }
}

/// The whole conversation.
pub(super) fn whole(chat: &GroupChat, rounds: &Part, outcome: &Outcome) -> Aggregate {
    let state = &rounds.output;
    let reason = state.get("stop_reason").and_then(Value::as_str);
    let failed = state.get("failure");
    let messages = common::list(Some(state), "messages");
    let last = messages
        .iter()
        .rfind(|message| message.get("error").is_none())
        .and_then(|message| message.get("output"));
    let own = match (reason, failed) {
        (_, Some(why)) => Outcome::failed(
            FailureClass::Reported,
            format!("nobody speaks: {}", why.as_str().unwrap_or_default()),
        ),
        (Some(reason), None) if chat.is_bound(reason) => Outcome::LimitReached {
            limit: LimitKind::Fuel,
        },
        (Some(_), None) => Outcome::Succeeded,
        (None, None) => outcome.clone(),
    };
    Aggregate {
        outcome: common::unless_interrupted(outcome, own),
        output: json!({
            "messages": messages,
            "final_output": last,
            "stop_reason": reason,
            "tokens": state.get("tokens"),
            "worked_ms": state.get("worked_ms"),
            "participants": chat.members(),
        }),
        confidence: rounds.confidence,
    }
}
