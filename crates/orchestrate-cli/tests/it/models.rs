//! `run` with models: a server of this machine stands for the provider.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::program::Place;

const TASK: &str = "Write unit tests for the cache";
pub(crate) const KEY: &str = "sk-planted-0123456789abcdef";

/// Answers every request with the same status and text, as an OpenAI-like provider does; gives its
/// address and what it was asked. Its thread ends with the test.
fn provider(status: u16, text: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let body = match status {
        200 => stream(&says(text)),
        _ => text.to_owned(),
    };
    serve(move |_| (status, body.clone()))
}

/// A provider that refuses every request.
pub(crate) fn refusing() -> (String, Arc<Mutex<Vec<String>>>) {
    provider(401, "{\"error\": {\"message\": \"no such key\"}}")
}

/// The same with an answer for each request, in order; the last one again and again.
pub(crate) fn script(answers: Vec<Value>) -> (String, Arc<Mutex<Vec<String>>>) {
    serve(move |number| {
        let answer = answers.get(number).or(answers.last()).unwrap();
        (200, stream(answer))
    })
}

/// A provider that gives the same answer to every request and does not tell what it used.
pub(crate) fn silent(answer: Value) -> (String, Arc<Mutex<Vec<String>>>) {
    serve(move |_| {
        let told = stream(&answer);
        let untold = told
            .split("\n\n")
            .filter(|line| !line.contains("\"usage\""));
        (200, untold.collect::<Vec<_>>().join("\n\n"))
    })
}

/// An answer in words.
pub(crate) fn says(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

/// An answer that calls a tool, by the name that the provider knows it by.
pub(crate) fn calls(tool: &str, arguments: &Value) -> Value {
    json!({"role": "assistant", "tool_calls": [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments.to_string()}}
    ]})
}

fn stream(answer: &Value) -> String {
    let stop = match answer.get("tool_calls") {
        Some(_) => "tool_calls",
        None => "stop",
    };
    let chunk = |value| format!("data: {value}\n\n");
    [
        json!({"choices": [{"index": 0, "delta": answer, "finish_reason": null}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": stop}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340}}),
    ]
    .map(chunk)
    .concat()
        + "data: [DONE]\n\n"
}

fn serve(
    answer: impl Fn(usize) -> (u16, String) + Send + 'static,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = asked.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut bytes = Vec::new();
            let mut buffer = [0; 4096];
            // The body of a request ends with its last brace; one without a body ends with its head.
            let is_whole = |bytes: &[u8]| {
                bytes.ends_with(b"}") && is_json(bytes)
                    || bytes.starts_with(b"GET") && bytes.ends_with(b"\r\n\r\n")
            };
            while !is_whole(&bytes) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap()),
                }
            }
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&bytes).into_owned());
            let (status, body) = answer(number);
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (address, asked)
}

/// Whether what has arrived is a head and a whole document behind it.
fn is_json(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
    body.is_some_and(|body| serde_json::from_str::<Value>(body).is_ok())
}

/// A project whose agents ask that provider.
pub(crate) fn project(address: &str) -> Place {
    let place = Place::project();
    place.with(
        "orchestrate.toml",
        &format!(
            "[providers.local]\nkind = \"openai-compatible\"\nbase-url = \"{address}\"\nkey-env = \"LOCAL_KEY\"\n\n[models]\ncheap = \"local/m\"\n\n[models.agents]\ncode_reviewer = \"local/m\"\nsecurity_auditor = \"local/m\"\ndocumentation_writer = \"local/m\"\n"
        ),
    );
    place
}

#[test]
fn a_task_in_words_is_worked_on_by_a_model() {
    let (address, asked) = provider(
        200,
        "{\"summary\": \"Two layers, no cycle.\", \"confidence\": 0.75}",
    );
    let place = project(&address);
    let plan = place.run(&["plan", TASK]);
    assert!(
        plan.stdout.contains("run by model local/m"),
        "{}",
        plan.shown()
    );
    assert!(asked.lock().unwrap().is_empty());

    let ran = place.run_with(&["run", TASK], &[("LOCAL_KEY", KEY)]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(
        ran.stdout.contains("Two layers, no cycle."),
        "{}",
        ran.shown()
    );
    assert!(
        ran.stdout.contains("tokens of unknown price"),
        "{}",
        ran.shown()
    );
    let requests = asked.lock().unwrap().clone();
    assert!(
        requests
            .iter()
            .all(|it| it.contains(TASK) && it.contains(KEY))
    );

    let document = place.run_with(&["run", TASK, "--json"], &[("LOCAL_KEY", KEY)]);
    let usage = &document.json()["usage"];
    assert!(usage["tokens"].as_u64() > Some(0));
    assert_eq!(usage["unpriced_tokens"], usage["tokens"]);
    assert!(!document.stdout.contains(KEY) && !document.stderr.contains(KEY));
}

#[test]
fn a_key_that_is_missing_or_refused_ends_with_4() {
    let (address, asked) = provider(401, "{\"error\": {\"message\": \"bad key\"}}");
    let place = project(&address);
    let missing = place.run(&["run", TASK]);
    assert_eq!(missing.code, Some(4), "{}", missing.shown());
    assert!(
        missing.stdout.contains("ORC1301") && missing.stdout.contains("LOCAL_KEY"),
        "{}",
        missing.shown()
    );
    assert!(asked.lock().unwrap().is_empty());

    let refused = place.run_with(&["run", TASK], &[("LOCAL_KEY", KEY)]);
    assert_eq!(refused.code, Some(4), "{}", refused.shown());
    assert!(refused.stdout.contains("ORC1302"), "{}", refused.shown());
    assert!(!refused.shown().contains(KEY));
}

#[test]
fn a_limit_of_cost_needs_a_price() {
    let (address, asked) = provider(200, "{}");
    let place = project(&address);
    let args = ["run", TASK, "--max-cost", "1"];
    let ran = place.run_with(&args, &[("LOCAL_KEY", KEY)]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC1323"), "{}", ran.shown());
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn doctor_shows_which_keys_are_set_and_none_of_them() {
    let (address, _) = provider(200, "{}");
    let place = project(&address);
    let ran = place.run_with(&["doctor", "--check"], &[("LOCAL_KEY", KEY)]);
    assert!(
        ran.stdout.contains("key in LOCAL_KEY, reachable"),
        "{}",
        ran.shown()
    );
    assert!(!ran.shown().contains(KEY));
    let ran = place.run(&["doctor"]);
    assert!(
        ran.stdout.contains("no key: LOCAL_KEY is not set"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_project_does_not_decide_where_a_key_is_sent() {
    let place = project("https://elsewhere.example/v1/");
    let ran = place.run_with(&["run", TASK], &[("LOCAL_KEY", KEY)]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("[trust]"), "{}", ran.shown());
}

#[test]
fn a_model_that_does_not_exist_is_told_by_its_name() {
    let place = Place::project();
    place.with("orchestrate.toml", "[models]\ncheap = \"antropic/x\"\n");
    let ran = place.run(&["run", TASK]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(
        ran.stderr.contains("did you mean `anthropic`?"),
        "{}",
        ran.shown()
    );
}

#[test]
fn a_recording_is_played_back_to_its_own_run_and_to_no_other() {
    let (address, asked) = provider(200, "{\"summary\": \"Written.\", \"confidence\": 0.75}");
    let place = project(&address);
    let key = [("LOCAL_KEY", KEY)];
    let recorded = place.run_with(&["run", TASK, "--record-traffic", "r.json"], &key);
    assert_eq!(recorded.code, Some(0), "{}", recorded.shown());
    let before = asked.lock().unwrap().len();
    let played = place.run(&["run", TASK, "--replay-traffic", "r.json"]);
    assert_eq!(played.code, Some(0), "{}", played.shown());
    // Another task is done by agents that ask no model, so nothing of it is refused: it is told all the same.
    let other = "Review the architecture";
    let played = place.run(&["run", other, "--replay-traffic", "r.json"]);
    assert_eq!(played.code, Some(8), "{}", played.shown());
    assert!(played.stdout.contains("SUCCEEDED"), "{}", played.shown());
    assert!(
        played
            .stderr
            .contains("error[ORC1333]: this is another run than the recorded one"),
        "{}",
        played.stderr
    );
    let played = place.run(&["run", other, "--replay-traffic", "r.json", "--json"]);
    assert!(played.json()["unplayed_calls"].as_u64() > Some(0));
    assert_eq!(asked.lock().unwrap().len(), before);
}

#[cfg(unix)]
#[test]
fn doctor_asks_servers_for_their_tools_only_when_it_is_to_check() {
    let place = Place::empty();
    let server = r#"#!/bin/sh
touch started
while read -r line; do
  id=$(echo "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}}" ;;
    *'"tools/list"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"tools\":[{\"name\":\"look\",\"inputSchema\":{\"type\":\"object\"}},{\"name\":\"find\",\"inputSchema\":{\"type\":\"object\"}}]}}" ;;
  esac
done
"#;
    place.with("server.sh", server);
    place.with_user_settings(
        "[mcp.good]\ncommand = [\"sh\", \"server.sh\"]\n[mcp.ends]\ncommand = [\"sh\", \"-c\", \"exit 3\"]\n",
    );
    let ran = place.run(&["doctor", "--json"]);
    let good = |ran: &crate::program::Ran| ran.json()["services"].clone();
    assert_eq!(good(&ran)[1]["tools"], json!(null), "{}", ran.shown());
    assert!(!place.files().iter().any(|file| file == "started"));

    let ran = place.run(&["doctor", "--check", "--json"]);
    let services = good(&ran);
    assert_eq!(services[0]["section"], "mcp.ends");
    assert_eq!(services[0]["usable"], json!(false), "{}", ran.shown());
    let problem = services[0]["problem"].as_str().unwrap();
    let told = "MCP server `ends` cannot be reached: it ended without a greeting";
    assert_eq!(problem, told);
    assert_eq!(
        (&services[1]["usable"], &services[1]["tools"]),
        (&json!(true), &json!(["mcp.good.look", "mcp.good.find"])),
        "{}",
        ran.shown()
    );
    let ran = place.run(&["doctor", "--check"]);
    assert!(
        ran.stdout
            .contains("offers 2 tools: mcp.good.look, mcp.good.find"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_runs_an_agent_is_told_to_people_in_words_and_to_programs_in_fields() {
    let (address, _) = provider(200, "{}");
    let (place, without) = (project(&address), Place::empty());
    let run_by = |place: &Place, id: &str| {
        let agents = place.run(&["agents", "list", "--json"]).json();
        let agents = agents["agents"].as_array().unwrap();
        agents.iter().find(|it| it["id"] == id).unwrap()["run_by"].clone()
    };
    assert_eq!(
        run_by(&place, "code_reviewer"),
        json!({"kind": "model", "name": "local/m", "measured": true})
    );
    assert_eq!(
        run_by(&without, "code_reviewer"),
        json!({"kind": "analysis"})
    );
    assert_eq!(run_by(&without, "coder"), json!(null));
    let listed = place.run(&["agents", "list"]);
    assert!(
        listed
            .stdout
            .contains("model local/m, told what the analysis measures"),
        "{}",
        listed.stdout
    );
}
