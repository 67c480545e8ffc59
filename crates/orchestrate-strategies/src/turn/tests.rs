//! How turns go: what is asked, what is sent back, where they end.

use std::sync::Arc;

use expect_test::{Expect, expect};
use orchestrate_core::model::{
    CacheMark, Entry, History, ModelResponse, OutputSchema, StopReason, TokenUsage, ToolRequest,
};
use orchestrate_core::tool::{Effect, ToolSpec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{End, Need, ToolReply, Turn, TurnLimits, TurnSetup};

const TASK: &str = "Review it.";

fn tool(name: &str) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: "Reads.".into(),
        parameters: json!({"type": "object", "required": ["path"]}),
        effect: Effect::Read,
    }
}

fn setup(limits: TurnLimits, output: bool) -> TurnSetup {
    TurnSetup {
        system: "You review.".into(),
        task_at: 0,
        history: History::begin(TASK),
        tools: vec![tool("fs.read")],
        output: output.then(|| OutputSchema {
            name: "review".into(),
            schema: json!({"type": "object", "required": ["score"]}),
        }),
        limits,
        cache: CacheMark::None,
    }
}

fn says(text: &str, calls: Vec<ToolRequest>, stop: StopReason) -> ModelResponse {
    ModelResponse {
        model: "m".into(),
        text: text.into(),
        calls,
        usage: TokenUsage {
            input: 10,
            output: 5,
            ..TokenUsage::default()
        },
        cost: None,
        stop,
    }
}

fn call(name: &str, arguments: Value) -> ToolRequest {
    ToolRequest {
        id: String::new(),
        name: name.into(),
        arguments: Arc::new(arguments),
        signatures: Vec::new(),
    }
}

fn score(value: &Value) -> Result<(), String> {
    value
        .get("score")
        .map(|_| ())
        .ok_or_else(|| "`score` is missing".into())
}

/// Plays answers against a turn, one line per need. Tools answer with their name.
fn check(mut turn: Turn, answers: Vec<ModelResponse>, expected: Expect) {
    let mut answers = answers.into_iter();
    let mut out = String::new();
    loop {
        // Between two needs a turn can be written down and read back.
        turn = serde_json::from_str(&serde_json::to_string(&turn).unwrap()).unwrap();
        match turn.need() {
            Need::Model { ordinal, request } => {
                out.push_str(&format!(
                    "{ordinal} model, {} entries\n",
                    request.history.len()
                ));
                turn.model_answered(answers.next().unwrap(), score);
            }
            Need::Tools(calls) => {
                let replies: Vec<_> = calls
                    .iter()
                    .map(|call| (call.position, call.ordinal, call.request.name.clone()))
                    .collect();
                for (position, ordinal, name) in replies {
                    out.push_str(&format!("{ordinal} tool {name}\n"));
                    turn.tool_answered(position, ToolReply::Result(name));
                }
            }
            Need::Done(end) => {
                out.push_str(&format!("{end:?}\n"));
                break;
            }
        }
    }
    expected.assert_eq(&out);
}

#[test]
fn a_turn_calls_tools_until_there_is_an_answer() {
    let path = json!({"path": "a"});
    check(
        Turn::new(setup(TurnLimits::default(), true)),
        vec![
            says(
                "",
                vec![
                    call("fs.read", path.clone()),
                    call("fs.read", json!("{\"path\": 1}")),
                ],
                StopReason::ToolCalls,
            ),
            says("{\"score\": 7}", vec![], StopReason::Completed),
        ],
        expect![[r#"
            0 model, 1 entries
            1 tool fs.read
            2 tool fs.read
            3 model, 2 entries
            Answered { value: Object {"score": Number(7)} }
        "#]],
    );
}

#[test]
fn a_wrong_form_is_sent_back_so_often() {
    check(
        Turn::new(setup(TurnLimits::default(), true)),
        vec![
            says("seven", vec![], StopReason::Completed),
            says("{}", vec![], StopReason::Completed),
            says("{\"sc", vec![], StopReason::Length),
        ],
        expect![[r#"
            0 model, 1 entries
            1 model, 3 entries
            2 model, 5 entries
            Failed { class: Output, message: "the answer was cut off after 4096 tokens (the answer is not JSON: EOF while parsing a string at line 1 column 4); answer more briefly (sent back 2 times)" }
        "#]],
    );
}

#[test]
fn calls_that_cannot_be_made_are_answered_without_a_tool() {
    check(
        Turn::new(setup(TurnLimits::default(), false)),
        vec![
            says(
                "",
                vec![
                    call("rm", json!({})),
                    call("fs.read", json!({})),
                    call("fs.read", json!([])),
                ],
                StopReason::ToolCalls,
            ),
            says("fine", vec![], StopReason::Completed),
        ],
        expect![[r#"
            0 model, 1 entries
            4 model, 2 entries
            Answered { value: Object {"summary": String("fine")} }
        "#]],
    );
}

#[test]
fn every_limit_ends_a_turn_by_its_name() {
    let endless = |limits| {
        let mut turn = Turn::new(setup(limits, false));
        loop {
            match turn.need() {
                Need::Model { .. } => turn.model_answered(
                    says(
                        "",
                        vec![call("fs.read", json!({"path": "a"}))],
                        StopReason::ToolCalls,
                    ),
                    score,
                ),
                Need::Tools(_) => turn.tool_answered(0, ToolReply::Failed("no".into())),
                Need::Done(End::LimitReached { limit, .. }) => return limit.as_str(),
                Need::Done(other) => panic!("{other:?}"),
            }
        }
    };
    let limits = TurnLimits::default();
    assert_eq!(
        endless(TurnLimits {
            rounds: 3,
            ..limits
        }),
        "model calls"
    );
    assert_eq!(
        endless(TurnLimits {
            tool_calls: 2,
            ..limits
        }),
        "tool calls"
    );
    assert_eq!(
        endless(TurnLimits {
            tokens: 150,
            ..limits
        }),
        "tokens"
    );
}

#[test]
fn arguments_that_make_no_sense_are_asked_for_again_and_a_person_stops_the_turn() {
    let ends = |replies: Vec<ToolReply>| {
        let mut turn = Turn::new(setup(TurnLimits::default(), false));
        for reply in replies {
            turn.model_answered(
                says(
                    "",
                    vec![call("fs.read", json!({"path": "a"}))],
                    StopReason::ToolCalls,
                ),
                score,
            );
            turn.tool_answered(0, reply);
        }
        match turn.need() {
            Need::Done(end) => Some(end.clone()),
            _ => None,
        }
    };
    let again = || ToolReply::AskAgain("no such file".into());
    assert_eq!(ends(vec![again(), again()]), None);
    let end = ends(vec![again(), again(), again()]);
    assert!(
        matches!(&end, Some(End::Failed { message, .. }) if message.contains("no such file")),
        "{end:?}"
    );
    let question = "May it?".to_owned();
    assert_eq!(
        ends(vec![ToolReply::NeedsPerson(question.clone())]),
        Some(End::NeedsPerson { question })
    );
}

proptest! {
    /// Whatever a model answers, a turn ends within its bounds, and the next request never asks for more than is left.
    #[test]
    fn prop_every_turn_ends_within_its_bounds(
        answers in proptest::collection::vec((0usize..4, any::<bool>(), 0u64..40), 1..60),
        // An earlier attempt has paid for so many of the answers.
        replayed in 0u32..4, reserved in prop_oneof![Just(u64::MAX), 0u64..800],
        rounds in 1u32..12, tool_calls in 0u32..12, repairs in 0u32..4, tokens in 0u64..800,
        window in prop_oneof![Just(u64::MAX), 1u64..60], charged in 0u64..20,
    ) {
        let limits = TurnLimits { rounds, tool_calls, repairs, tokens, reserved, output_tokens: 50, window };
        let mut turn = Turn::new(setup(limits, true));
        let mut granted = reserved;
        let (mut models, mut tools, mut spent, mut by_tools) = (0u32, 0u32, 0u64, 0u64);
        let mut answers = answers.into_iter().cycle();
        loop {
            match turn.need() {
                Need::Model { request, .. } => {
                    models += 1;
                    let estimate = request.input_estimate();
                    // What it was asked to do is never left out of what it is shown.
                    let told = request.history.entries().any(|it| matches!(it, Entry::User { text } if text == TASK));
                    prop_assert!(told);
                    prop_assert!(request.max_output_tokens <= 50);
                    prop_assert!(spent + estimate + u64::from(request.max_output_tokens) <= tokens.min(granted));
                    let (calls, good, output) = answers.next().unwrap();
                    let calls = (0..calls).map(|_| call("fs.read", json!({"path": "a"}))).collect();
                    let mut answer = says(if good { "{\"score\": 1}" } else { "no" }, calls, StopReason::Completed);
                    answer.usage = TokenUsage { input: estimate, output: output.min(u64::from(request.max_output_tokens)), ..TokenUsage::default() };
                    spent += answer.usage.total();
                    if models <= replayed {
                        granted = granted.saturating_add(answer.usage.total());
                        turn.reserve(granted);
                    }
                    turn.model_answered(answer, score);
                }
                Need::Tools(calls) => {
                    let positions: Vec<usize> = calls.iter().map(|call| call.position).collect();
                    for position in positions {
                        tools += 1;
                        // A tool may use no more than is left.
                        let used = charged.min(turn.tokens_left());
                        spent += used;
                        by_tools += used;
                        turn.charge(used);
                        turn.tool_answered(position, ToolReply::Result("ok".into()));
                    }
                }
                Need::Done(_) => break,
            }
        }
        prop_assert!(models <= rounds && tools <= tool_calls && spent <= tokens.min(granted));
        prop_assert_eq!(turn.usage().total() + by_tools, spent);
    }
}
