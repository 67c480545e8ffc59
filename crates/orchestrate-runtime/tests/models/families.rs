//! The families of providers: how each writes an answer, and that all of them come out alike.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orchestrate_core::model::{
    CacheMark, Delta, History, Model, ModelRequest, OpenCalls, OutputSchema, Price, StopReason,
    TokenUsage, ToolAnswer, ToolRequest,
};
use orchestrate_core::tool::{Effect, ToolSpec};
use orchestrate_runtime::model::{HttpModel, Provider, ProviderKind, ProviderSetup};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::double::{Double, Reply};

pub(crate) const KEY: &str = "sk-test-0123456789abcdef-planted";

pub(crate) const SSE: &str = "text/event-stream";

/// What a model says, before it is written in the way of a family.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) call: Option<(String, Value)>,
    pub(crate) cached: u64,
    pub(crate) written: u64,
}

pub(crate) fn says(text: &str) -> Said {
    Said {
        text: text.to_owned(),
        ..Said::default()
    }
}

pub(crate) fn calls(name: &str, arguments: Value) -> Said {
    Said {
        call: Some((name.to_owned(), arguments)),
        ..Said::default()
    }
}

/// 100 tokens read beside those of the cache, 20 written.
pub(crate) const READ: u64 = 100;
pub(crate) const WRITTEN: u64 = 20;

impl Said {
    /// The pieces of the stream in which a family says it.
    pub(crate) fn pieces(&self, kind: ProviderKind) -> (&'static str, Vec<String>) {
        match kind {
            ProviderKind::Anthropic => (SSE, self.anthropic()),
            ProviderKind::OpenAi | ProviderKind::OpenAiCompatible => (SSE, self.openai()),
            ProviderKind::Gemini => (SSE, self.gemini()),
            ProviderKind::Ollama => ("application/x-ndjson", self.ollama()),
        }
    }

    pub(crate) fn stream(&self, kind: ProviderKind) -> Reply {
        let (kind, pieces) = self.pieces(kind);
        Reply::Stream { kind, pieces }
    }

    fn halves(&self) -> [&str; 2] {
        let (one, other) = self.text.split_at(self.text.len() / 2);
        [one, other]
    }

    fn openai(&self) -> Vec<String> {
        let data = |value: Value| format!("data: {value}\n\n");
        let delta = |delta: Value, finish: Value| {
            data(
                json!({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}),
            )
        };
        let mut pieces = Vec::new();
        for half in self.halves() {
            pieces.push(delta(
                json!({"role": "assistant", "content": half}),
                Value::Null,
            ));
        }
        if let Some((name, arguments)) = &self.call {
            let text = arguments.to_string();
            let (one, other) = text.split_at(text.len() / 2);
            pieces.push(delta(json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": one}}]}), Value::Null));
            pieces.push(delta(
                json!({"tool_calls": [{"index": 0, "function": {"arguments": other}}]}),
                Value::Null,
            ));
        }
        let finish = if self.call.is_some() {
            "tool_calls"
        } else {
            "stop"
        };
        pieces.push(delta(json!({}), finish.into()));
        pieces.push(data(json!({"id": "c", "choices": [], "usage": {
            "prompt_tokens": READ + self.cached, "completion_tokens": WRITTEN, "total_tokens": READ + self.cached + WRITTEN,
            "prompt_tokens_details": {"cached_tokens": self.cached}
        }})));
        pieces.push("data: [DONE]\n\n".into());
        pieces
    }

    fn anthropic(&self) -> Vec<String> {
        let event = |value: Value| {
            format!(
                "event: {}\ndata: {value}\n\n",
                value["type"].as_str().unwrap()
            )
        };
        let mut pieces = vec![event(
            json!({"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m",
            "usage": {"input_tokens": READ, "cache_creation_input_tokens": self.written, "cache_read_input_tokens": self.cached, "output_tokens": 1}}}),
        )];
        let mut index = 0;
        if !self.text.is_empty() {
            pieces.push(event(json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})));
            for half in self.halves() {
                pieces.push(event(json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": half}})));
            }
            pieces.push(event(json!({"type": "content_block_stop", "index": 0})));
            index = 1;
        }
        if let Some((name, arguments)) = &self.call {
            pieces.push(event(json!({"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}})));
            pieces.push(event(json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": arguments.to_string()}})));
            pieces.push(event(json!({"type": "content_block_stop", "index": index})));
        }
        let stop = if self.call.is_some() {
            "tool_use"
        } else {
            "end_turn"
        };
        pieces.push(event(json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": WRITTEN}})));
        pieces.push(event(json!({"type": "message_stop"})));
        pieces
    }

    fn gemini(&self) -> Vec<String> {
        let mut parts: Vec<Value> = self
            .halves()
            .iter()
            .filter(|half| !half.is_empty())
            .map(|half| json!({"text": half}))
            .collect();
        if let Some((name, arguments)) = &self.call {
            parts.push(json!({"functionCall": {"name": name, "args": arguments}}));
        }
        let count = parts.len();
        parts
            .into_iter()
            .enumerate()
            .map(|(at, part)| {
                let mut chunk = json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], "modelVersion": "m"});
                if at + 1 == count {
                    chunk["candidates"][0]["finishReason"] = "STOP".into();
                }
                chunk["usageMetadata"] = json!({"promptTokenCount": READ + self.cached, "candidatesTokenCount": WRITTEN, "totalTokenCount": READ + self.cached + WRITTEN, "cachedContentTokenCount": self.cached});
                format!("data: {chunk}\n\n")
            })
            .collect()
    }

    fn ollama(&self) -> Vec<String> {
        let mut pieces: Vec<String> = self.halves().iter().map(|half| format!("{}\n", json!({"model": "m", "message": {"role": "assistant", "content": half}, "done": false}))).collect();
        if let Some((name, arguments)) = &self.call {
            pieces.push(format!("{}\n", json!({"model": "m", "message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]}, "done": false})));
        }
        pieces.push(format!("{}\n", json!({"model": "m", "message": {"role": "assistant", "content": ""}, "done": true, "done_reason": "stop", "prompt_eval_count": READ, "eval_count": WRITTEN})));
        pieces
    }
}

pub(crate) fn provider(kind: ProviderKind, double: &Double) -> Arc<Provider> {
    let mut setup = ProviderSetup::new("p", kind).at(double.address.as_str());
    setup.stall = Duration::from_millis(300);
    if kind != ProviderKind::Ollama {
        setup = setup.with_key(SecretString::from(KEY));
    }
    Provider::new(setup)
}

pub(crate) fn model(kind: ProviderKind, double: &Double) -> HttpModel {
    provider(kind, double).model("m", None)
}

pub(crate) fn request<'a>(history: &'a History, tools: &'a [ToolSpec]) -> ModelRequest<'a> {
    ModelRequest {
        system: "You review.",
        history,
        tools,
        output: None,
        max_output_tokens: 200,
        cache: CacheMark::None,
    }
}

pub(crate) fn tool() -> ToolSpec {
    ToolSpec {
        name: "fs.read".into(),
        description: "Reads a file.".into(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
        effect: Effect::Read,
    }
}

/// Many servers that speak like OpenAI tell nothing, and some tell what cannot be.
#[tokio::test]
async fn what_is_not_told_of_tokens_is_estimated() {
    let told = [
        "null",
        "{}",
        r#"{"prompt_tokens": 0, "completion_tokens": 0}"#,
        r#"{"prompt_tokens": 1000000000000000, "completion_tokens": -5}"#,
    ];
    for told in told {
        let Reply::Stream { kind, mut pieces } = says("all is well").stream(ProviderKind::OpenAi)
        else {
            panic!("no stream");
        };
        let at = pieces
            .iter()
            .position(|it| it.contains("\"usage\""))
            .unwrap();
        pieces[at] = format!("data: {{\"id\": \"c\", \"choices\": [], \"usage\": {told}}}\n\n");
        let double = Double::in_order(vec![Reply::Stream { kind, pieces }]).await;
        let history = History::begin("Look.");
        let request = request(&history, &[]);
        let model = model(ProviderKind::OpenAi, &double);
        let usage = model.answer(&request, &|_| {}).await.unwrap().usage;
        assert_eq!(
            (usage.input, usage.output, usage.estimated),
            (request.input_estimate(), 4, true),
            "{told}"
        );
    }
}

#[tokio::test]
async fn every_family_streams_text_and_counts_tokens() {
    for kind in ProviderKind::ALL {
        let said = Said {
            cached: if kind == ProviderKind::Ollama { 0 } else { 40 },
            written: if kind == ProviderKind::Anthropic {
                8
            } else {
                0
            },
            ..says("all is well")
        };
        let double = Double::in_order(vec![said.stream(kind)]).await;
        let price = Price {
            input: orchestrate_core::limits::Cost(1_000_000),
            output: orchestrate_core::limits::Cost(2_000_000),
            cache_read: orchestrate_core::limits::Cost(100_000),
            cache_write: orchestrate_core::limits::Cost(1_250_000),
        };
        let model = provider(kind, &double).model("m", Some(price));
        let heard = Mutex::new(Vec::new());
        let history = History::begin("Look.");
        let answer = model
            .answer(&request(&history, &[]), &|delta| {
                heard.lock().unwrap().push(delta);
            })
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
        assert_eq!(
            (answer.text.as_str(), answer.stop),
            ("all is well", StopReason::Completed),
            "{kind:?}"
        );
        let usage = TokenUsage {
            input: READ,
            output: WRITTEN,
            cache_read: said.cached,
            cache_write: said.written,
            ..TokenUsage::default()
        };
        assert_eq!(answer.usage, usage, "{kind:?}");
        assert_eq!(answer.cost, Some(price.of(usage)), "{kind:?}");
        assert_eq!(
            *heard.lock().unwrap(),
            [Delta::Text("all i".into()), Delta::Text("s well".into())],
            "{kind:?}"
        );
        let asked = &double.asked()[0];
        assert!(asked.body.to_string().contains("You review."), "{kind:?}");
        let with_key = asked.head.contains(KEY);
        assert_eq!(
            with_key,
            kind != ProviderKind::Ollama,
            "{kind:?}: {}",
            asked.head
        );
    }
}

#[tokio::test]
async fn every_family_calls_tools_and_takes_their_results() {
    for kind in ProviderKind::ALL {
        // Providers know a tool by a name without dots.
        let double = Double::in_order(vec![
            calls("fs_read", json!({"path": "a.rs"})).stream(kind),
            says("done").stream(kind),
        ])
        .await;
        let (model, tools) = (model(kind, &double), [tool()]);
        let mut history = History::begin("Look.");
        let answer = model
            .answer(&request(&history, &tools), &|_| {})
            .await
            .unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
        let call = answer
            .calls
            .first()
            .unwrap_or_else(|| panic!("{kind:?}: {answer:?}"));
        assert_eq!(call.name, "fs.read", "{kind:?}");
        assert_eq!(*call.arguments, json!({"path": "a.rs"}), "{kind:?}");
        let mut open = OpenCalls::new(answer.text, answer.calls, 1);
        open.answer(0, ToolAnswer::result("fn main() {}"));
        history.called(open).unwrap();
        let answer = model
            .answer(&request(&history, &tools), &|_| {})
            .await
            .unwrap();
        assert_eq!(answer.text, "done", "{kind:?}");
        let sent = double.asked()[1].body.to_string();
        assert!(
            sent.contains("fn main() {}") && sent.contains("fs_read") && !sent.contains("fs.read"),
            "{kind:?}: {sent}"
        );
    }
}

#[tokio::test]
async fn every_family_is_asked_for_the_form_of_the_answer() {
    for kind in ProviderKind::ALL {
        let double = Double::in_order(vec![says("{\"score\": 1}").stream(kind)]).await;
        let output = OutputSchema {
            name: "answer".into(),
            schema: json!({"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"], "additionalProperties": false}),
        };
        // Ollama is only told that it is to be JSON; the form itself stands in what an agent is told.
        let expected = match kind {
            ProviderKind::Ollama => "\"format\"",
            _ => "\"score\"",
        };
        let history = History::begin("Look.");
        let request = ModelRequest {
            output: Some(&output),
            ..request(&history, &[])
        };
        model(kind, &double)
            .answer(&request, &|_| {})
            .await
            .unwrap();
        assert!(
            double.asked()[0].body.to_string().contains(expected),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn what_is_to_be_kept_is_marked_where_the_provider_takes_marks() {
    let check = async |kind, cache, expected: &str| {
        let double = Double::in_order(vec![says("x").stream(kind)]).await;
        let history = History::begin("Look.");
        let request = ModelRequest {
            cache,
            ..request(&history, &[])
        };
        model(kind, &double)
            .answer(&request, &|_| {})
            .await
            .unwrap();
        let sent = double.asked()[0].body.to_string();
        assert!(sent.contains(expected), "{kind:?} {cache:?}: {sent}");
    };
    check(
        ProviderKind::Anthropic,
        CacheMark::Short,
        r#""cache_control":{"type":"ephemeral"}"#,
    )
    .await;
    check(ProviderKind::Anthropic, CacheMark::Long, r#""ttl":"1h""#).await;
    check(ProviderKind::OpenAi, CacheMark::Short, "prompt_cache_key").await;
}

#[tokio::test]
async fn names_of_calls_are_made_unique_whatever_a_provider_gives() {
    let request = |id: &str| ToolRequest {
        id: id.into(),
        name: "t".into(),
        arguments: Arc::new(json!({})),
        signatures: Vec::new(),
    };
    let open = OpenCalls::new(
        String::new(),
        vec![request(""), request("x"), request("x")],
        2,
    );
    let ids: Vec<_> = open.iter().map(|(call, _)| call.id.as_str()).collect();
    assert_eq!(ids, ["call_2_0", "x", "call_2_2"]);
}
