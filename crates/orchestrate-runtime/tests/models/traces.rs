//! Traces: what a collector on this machine receives of a run.

use std::sync::Arc;

use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::tool::{Effect, ToolSpec};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::ProviderKind;
use orchestrate_runtime::tools::ToolSet;
use orchestrate_runtime::traces::Traces;
use serde_json::{Value, json};

use crate::agents::{Reader, book, plan};
use crate::double::{Double, Reply};
use crate::families::{READ, WRITTEN, calls, says, tool};

fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a Value> {
    let all = span["attributes"].as_array()?;
    let found = all.iter().find(|it| it["key"] == key)?;
    found["value"].as_object()?.values().next()
}

#[tokio::test]
async fn a_collector_receives_the_spans_of_a_run_and_no_text_of_it() {
    let kind = ProviderKind::OpenAi;
    let provider = Double::in_order(vec![
        calls("fs.read", json!({"path": "secret-plans.txt"})).stream(kind),
        says("{\"summary\": \"all is well\"}").stream(kind),
    ])
    .await;
    let collector = Double::in_order(vec![Reply::status(200, "{}")]).await;
    let mut tools = ToolSet::default();
    let spec = ToolSpec {
        effect: Effect::Read,
        ..tool()
    };
    let called = Arc::default();
    tools.add(Arc::new(Reader { spec, called }));
    tools.allow("*", "*");
    let backend = ModelBackend::new(Arc::new(book(kind, &[&provider]))).with_tools(tools);
    let executor = LocalExecutor::builder()
        .backend(backend)
        .journal(Arc::new(MemoryJournal::default()))
        .build()
        .unwrap();
    let mut handle = executor.start(&plan(None)).unwrap();
    let mut events = handle.events();
    let mut traces = Traces::new(1_700_000_000_000_000);
    let mut begun = false;
    while let Some(event) = events.next().await {
        if !std::mem::replace(&mut begun, true) {
            traces.begin("run-1", &event);
        }
        traces.apply(&event);
    }
    assert!(handle.report().await.unwrap().success());
    traces.send(&collector.address).await.unwrap();

    let asked = collector.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].head.starts_with("POST /v1/traces"),
        "{}",
        asked[0].head
    );
    let body = &asked[0].body;
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = spans
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "chat m",
            "execute_tool fs.read",
            "chat m",
            "invoke_agent reviewer",
            "orchestrate.run"
        ]
    );
    let (chat, agent, run) = (&spans[0], &spans[3], &spans[4]);
    assert_eq!(
        attribute(chat, "gen_ai.operation.name"),
        Some(&json!("chat"))
    );
    assert_eq!(attribute(chat, "gen_ai.provider.name"), Some(&json!("p0")));
    let input = attribute(chat, "gen_ai.usage.input_tokens");
    assert_eq!(input, Some(&json!(READ.to_string())));
    let output = attribute(chat, "gen_ai.usage.output_tokens");
    assert_eq!(output, Some(&json!(WRITTEN.to_string())));
    assert_eq!(chat["parentSpanId"], agent["spanId"]);
    assert_eq!(agent["parentSpanId"], run["spanId"]);
    assert_eq!(run["parentSpanId"], Value::Null);
    for span in spans {
        assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
        assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
        let nanos = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(nanos("startTimeUnixNano") >= 1_700_000_000_000_000_000);
        assert!(nanos("endTimeUnixNano") >= nanos("startTimeUnixNano"));
    }
    for text in ["secret-plans", "all is well", "Review the login", "fn main"] {
        assert!(!body.to_string().contains(text), "{text}");
    }
}

#[tokio::test]
async fn a_collector_that_does_not_take_them_is_told() {
    let collector = Double::in_order(vec![Reply::status(503, "{}")]).await;
    let traces = Traces::new(0);
    let answer = traces.send(&collector.address).await;
    assert_eq!(answer, Err("it answered 503".to_owned()));
    assert_eq!(
        traces.send("nowhere").await,
        Err("that is no address".to_owned())
    );
}
