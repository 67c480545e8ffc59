//! What every family of providers is really sent of a conversation, whatever was done to it before.

use std::sync::Arc;

use orchestrate_core::model::{History, Model as _, OpenCalls, ToolAnswer, ToolRequest};
use orchestrate_runtime::model::ProviderKind;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::double::Double;
use crate::families::{model, request, says, tool};

/// What happens to a conversation: the user and the model speak, tools are called and some calls are
/// cancelled, a guard sends an answer back, an old part is summed up, another agent takes over.
#[derive(Debug, Clone)]
enum Operation {
    Tell(String),
    Answer(String),
    Call(String, usize, Vec<bool>),
    SendBack,
    Compact(usize),
    HandOver,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let text = "[ a-z]{0,6}";
    let one = prop_oneof![
        text.prop_map(Operation::Tell),
        text.prop_map(Operation::Answer),
        (text, 1usize..4, proptest::collection::vec(any::<bool>(), 4))
            .prop_map(|(text, count, answered)| Operation::Call(text, count, answered)),
        Just(Operation::SendBack),
        (0usize..5).prop_map(Operation::Compact),
        Just(Operation::HandOver),
    ];
    proptest::collection::vec(one, 0..20)
}

fn history(operations: &[Operation]) -> History {
    let mut history = History::begin("Look.");
    for operation in operations {
        match operation {
            Operation::Tell(text) => history.tell(text.clone()),
            Operation::Answer(text) => history.answered(text.clone()),
            Operation::Call(text, count, answered) => {
                let requests = (0..*count).map(|_| ToolRequest {
                    id: String::new(),
                    name: "fs.read".into(),
                    arguments: Arc::new(json!({"path": "a"})),
                    signatures: Vec::new(),
                });
                let round = u32::try_from(history.len()).unwrap();
                let mut calls = OpenCalls::new(text.clone(), requests.collect(), round);
                for (position, _) in answered.iter().enumerate().filter(|(_, it)| **it) {
                    calls.answer(position, ToolAnswer::result("ok"));
                }
                if let Err(mut open) = history.called(calls) {
                    open.abandon("cancelled");
                    assert!(history.called(open).is_ok());
                }
            }
            Operation::SendBack => {
                history.tell("Your answer cannot be used: a guard blocked it. Answer again.");
            }
            Operation::Compact(keep) => history = history.compacted(*keep, "much was said"),
            Operation::HandOver => history = history.handed_over("go on"),
        }
    }
    // Whoever asks a model tells it something last.
    history.tell("What now?");
    history
}

/// One thing that stands in a conversation, whatever the family calls it.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    User(String),
    Model(String),
    Call(String),
    Result(String),
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Messages of OpenAI and of Ollama, which names no calls: they are told by their order.
fn openai(body: &Value, is_named: bool) -> Vec<Vec<Part>> {
    let id = |value: &Value, at: usize| match is_named {
        true => words(value),
        false => at.to_string(),
    };
    let mut results = 0;
    let messages = list(&body["messages"]).iter();
    let messages = messages.filter(|message| message["role"] != "system");
    messages
        .map(|message| match message["role"].as_str().unwrap() {
            "user" => vec![Part::User(words(&message["content"]))],
            "tool" => {
                results += 1;
                vec![Part::Result(id(&message["tool_call_id"], results - 1))]
            }
            "assistant" => {
                results = 0;
                let text = message["content"].as_str().filter(|text| !text.is_empty());
                let text = text.map(|text| Part::Model(text.to_owned()));
                let calls = list(&message["tool_calls"]).iter().enumerate();
                text.into_iter()
                    .chain(calls.map(|(at, call)| Part::Call(id(&call["id"], at))))
                    .collect()
            }
            other => panic!("{other}"),
        })
        .collect()
}

fn anthropic(body: &Value) -> Vec<Vec<Part>> {
    let part = |role: &str, part: &Value| match part["type"].as_str().unwrap() {
        "text" if role == "user" => Part::User(words(&part["text"])),
        "text" => Part::Model(words(&part["text"])),
        "tool_use" => Part::Call(words(&part["id"])),
        "tool_result" => Part::Result(words(&part["tool_use_id"])),
        other => panic!("{other}"),
    };
    let message = |message: &Value| {
        let role = message["role"].as_str().unwrap();
        match &message["content"] {
            Value::String(text) if role == "user" => vec![Part::User(text.clone())],
            Value::String(text) => vec![Part::Model(text.clone())],
            parts => list(parts).iter().map(|it| part(role, it)).collect(),
        }
    };
    list(&body["messages"]).iter().map(message).collect()
}

fn gemini(body: &Value) -> Vec<Vec<Part>> {
    let message = |message: &Value| {
        let role = message["role"].as_str().unwrap();
        let parts = list(&message["parts"]).iter();
        let (mut calls, mut results) = (0, 0);
        parts
            .map(|part| {
                if part.get("functionCall").is_some() {
                    calls += 1;
                    return Part::Call((calls - 1).to_string());
                }
                if part.get("functionResponse").is_some() {
                    results += 1;
                    return Part::Result((results - 1).to_string());
                }
                match role {
                    "user" => Part::User(words(&part["text"])),
                    _ => Part::Model(words(&part["text"])),
                }
            })
            .collect()
    };
    list(&body["contents"]).iter().map(message).collect()
}

/// What all families demand: the user begins, nothing is empty, every call is followed by its result and
/// by nothing else before, no result stands without its call, and the user has the last word.
fn check(kind: ProviderKind, body: &Value) {
    let messages = match kind {
        ProviderKind::Anthropic => anthropic(body),
        ProviderKind::Gemini => gemini(body),
        ProviderKind::OpenAi | ProviderKind::OpenAiCompatible => openai(body, true),
        ProviderKind::Ollama => openai(body, false),
    };
    assert!(
        messages.iter().all(|parts| !parts.is_empty()),
        "{kind:?} {body}"
    );
    let parts: Vec<&Part> = messages.iter().flatten().collect();
    assert!(
        matches!(parts.first(), Some(Part::User(_))),
        "{kind:?} {body}"
    );
    assert!(
        matches!(parts.last(), Some(Part::User(_))),
        "{kind:?} {body}"
    );
    let mut open: Vec<&String> = Vec::new();
    let mut answered = 0;
    for part in parts {
        match part {
            Part::User(text) | Part::Model(text) => {
                assert!(!text.trim().is_empty(), "{kind:?} {body}");
                assert_eq!(answered, open.len(), "{kind:?} {body}");
                (open, answered) = (Vec::new(), 0);
            }
            Part::Call(id) => {
                // Calls of the next round come only when all of this one have their results.
                if answered > 0 {
                    assert_eq!(answered, open.len(), "{kind:?} {body}");
                    (open, answered) = (Vec::new(), 0);
                }
                assert!(!id.is_empty() && !open.contains(&id), "{kind:?} {body}");
                open.push(id);
            }
            Part::Result(id) => {
                assert_eq!(Some(&id), open.get(answered), "{kind:?} {body}");
                answered += 1;
            }
        }
    }
    // Two messages of one side do not follow each other where the family forbids it.
    if matches!(kind, ProviderKind::Anthropic | ProviderKind::Gemini) {
        let key = if kind == ProviderKind::Gemini {
            "contents"
        } else {
            "messages"
        };
        for pair in list(&body[key]).windows(2) {
            assert!(
                pair[0]["role"] == "user" || pair[1]["role"] == "user",
                "{kind:?} {body}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any history under any operations is sent to every family as it demands.
    #[test]
    fn prop_any_history_is_sent_to_every_family_as_it_demands(operations in operations()) {
        let runtime = Runtime::new().unwrap();
        let history = history(&operations);
        runtime.block_on(async {
            for kind in ProviderKind::ALL {
                let double = Double::in_order(vec![says("fine").stream(kind)]).await;
                let tools = [tool()];
                let answer = model(kind, &double).answer(&request(&history, &tools), &|_| {}).await;
                assert!(answer.is_ok(), "{kind:?} {answer:?}");
                check(kind, &double.asked()[0].body);
            }
        });
    }
}
