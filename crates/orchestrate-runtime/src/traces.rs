//! Traces of a run for OpenTelemetry: its events folded into spans with the conventions for generative
//! models, and sent once, as JSON over HTTP.
//!
//! No text that an agent, a model or a tool read or wrote is in a span: names, times, tokens and how things
//! ended are. The official exporters bring a second HTTP stack and protocol buffers for one request.

use std::collections::HashMap;
use std::time::Duration;

use orchestrate_core::calls::{CallKind, CallResult};
use orchestrate_core::canonical;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Usage;
use orchestrate_core::model::ModelResponse;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::result::Worker;
use serde_json::{Map, Value, json};

use crate::model::ensure_crypto;

/// Longer is not waited for whoever collects.
const PATIENCE: Duration = Duration::from_secs(5);
/// Kinds of spans: work of this process, and a request to another.
const INTERNAL: u32 = 1;
const CLIENT: u32 = 3;
/// How a span ended.
const OK: u32 = 1;
const ERROR: u32 = 2;

/// The spans of a run, folded from its events as they come.
#[derive(Debug)]
pub struct Traces {
    /// When the run began, in microseconds since 1970.
    began_us: u64,
    run: String,
    trace: String,
    root: Option<Span>,
    steps: HashMap<StepPath, Span>,
    calls: HashMap<(StepPath, u32), Span>,
    ended: Vec<Value>,
}

#[derive(Debug)]
struct Span {
    id: String,
    name: String,
    kind: u32,
    from_us: u64,
    attributes: Map<String, Value>,
}

impl Traces {
    /// Traces of a run, whose first event here happens at `now_us`, in microseconds since 1970. What was
    /// recorded before that belongs to another process, and is in what that one sent.
    #[must_use]
    pub fn new(now_us: u64) -> Self {
        Self {
            began_us: now_us,
            run: String::new(),
            trace: String::new(),
            root: None,
            steps: HashMap::new(),
            calls: HashMap::new(),
            ended: Vec::new(),
        }
    }

    /// Begins the trace of a run. Who goes on with it adds to the same trace.
    pub fn begin(&mut self, run: &str, first: &Event) {
        self.began_us = self.began_us.saturating_sub(first.at_us);
        run.clone_into(&mut self.run);
        self.trace = canonical::digest(&json!(run));
        let mut root = self.span(
            &json!(["run", first.seq]),
            "orchestrate.run".to_owned(),
            first,
        );
        root.set("orchestrate.run.id", run);
        self.root = Some(root);
    }

    /// Takes in one event, in order.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::StepStarted {
                step,
                worker,
                backend,
                attempt,
            } => {
                // Attempts of a step are one span.
                if !self.steps.contains_key(step) {
                    let mut span =
                        self.span(&json!(["step", step, event.seq]), String::new(), event);
                    let (operation, key, name) = match worker {
                        Worker::Agent(agent) => {
                            ("invoke_agent", "gen_ai.agent.name", agent.as_str())
                        }
                        Worker::Tool(tool) => ("execute_tool", "gen_ai.tool.name", tool.as_ref()),
                        Worker::Approver(by) => ("approve", "orchestrate.approver", by.as_ref()),
                    };
                    span.name = format!("{operation} {name}");
                    span.set("gen_ai.operation.name", operation);
                    span.set(key, name);
                    span.set("orchestrate.step", step.as_str());
                    span.set("orchestrate.backend", backend.as_ref());
                    self.steps.insert(step.clone(), span);
                }
                if let Some(span) = self.steps.get_mut(step) {
                    span.set("orchestrate.attempts", *attempt);
                }
            }
            EventKind::CallStarted { step, call } => {
                let id = json!(["call", step, call.ordinal, event.seq]);
                let span = match call.kind {
                    CallKind::Model => {
                        let (provider, model) = call
                            .name
                            .split_once('/')
                            .unwrap_or(("", call.name.as_str()));
                        let mut span = self.span(&id, format!("chat {model}"), event);
                        span.kind = CLIENT;
                        span.set("gen_ai.operation.name", "chat");
                        span.set("gen_ai.provider.name", provider_name(provider));
                        span.set("gen_ai.request.model", model);
                        span
                    }
                    CallKind::Tool => {
                        let name = &call.name;
                        let mut span = self.span(&id, format!("execute_tool {name}"), event);
                        span.set("gen_ai.operation.name", "execute_tool");
                        span.set("gen_ai.tool.name", name.as_str());
                        span
                    }
                    CallKind::Agent => {
                        let name = &call.name;
                        let mut span = self.span(&id, format!("invoke_agent {name}"), event);
                        span.kind = CLIENT;
                        span.set("gen_ai.operation.name", "invoke_agent");
                        span.set("gen_ai.agent.name", name.as_str());
                        span
                    }
                };
                self.calls.insert((step.clone(), call.ordinal), span);
            }
            EventKind::CallFinished {
                step,
                ordinal,
                result,
            } => {
                if let Some(mut span) = self.calls.remove(&(step.clone(), *ordinal)) {
                    answered(&mut span, result);
                    let parent = self.steps.get(step).map(|it| it.id.clone());
                    let error = (!result.success).then_some("failed");
                    self.end(span, parent, event, error);
                }
            }
            EventKind::StepFinished {
                step,
                outcome,
                usage,
                ..
            } => {
                self.cut_calls(step, event);
                if let Some(mut span) = self.steps.remove(step) {
                    used(&mut span, usage);
                    self.end_by(span, outcome, event);
                }
            }
            EventKind::RunPaused { usage, .. } => self.close(None, usage, event),
            EventKind::RunFinished { outcome, usage, .. } => {
                self.close(Some(outcome), usage, event);
            }
            _ => {}
        }
    }

    /// Ends everything that is open: the run does not go on here.
    fn close(&mut self, outcome: Option<&Outcome>, usage: &Usage, event: &Event) {
        let steps: Vec<StepPath> = self.steps.keys().cloned().collect();
        for step in steps {
            self.cut_calls(&step, event);
            if let Some(span) = self.steps.remove(&step) {
                let parent = self.root.as_ref().map(|it| it.id.clone());
                self.end(span, parent, event, None);
            }
        }
        if let Some(mut root) = self.root.take() {
            used(&mut root, usage);
            root.set(
                "orchestrate.outcome",
                outcome.map_or("paused", Outcome::word),
            );
            let error = outcome.filter(|it| !it.is_success()).map(Outcome::word);
            self.end(root, None, event, error);
        }
    }

    /// Ends the calls of a step whose end nobody will see.
    fn cut_calls(&mut self, step: &StepPath, event: &Event) {
        let open = self.calls.keys().filter(|(of, _)| of == step).cloned();
        let mut open: Vec<(StepPath, u32)> = open.collect();
        open.sort_unstable_by_key(|(_, ordinal)| *ordinal);
        for key in open {
            if let Some(span) = self.calls.remove(&key) {
                let parent = self.steps.get(step).map(|it| it.id.clone());
                self.end(span, parent, event, Some("unknown"));
            }
        }
    }

    fn end_by(&mut self, mut span: Span, outcome: &Outcome, event: &Event) {
        span.set("orchestrate.outcome", outcome.word());
        let parent = self.root.as_ref().map(|it| it.id.clone());
        let error = match outcome {
            Outcome::Failed { class, .. } => Some(class.as_str()),
            other if other.is_success() => None,
            other => Some(other.word()),
        };
        self.end(span, parent, event, error);
    }

    /// A span's id comes from its place in the run, never from chance.
    fn span(&self, place: &Value, name: String, event: &Event) -> Span {
        let digest = canonical::digest(&json!([self.run, place]));
        Span {
            id: digest.chars().take(16).collect(),
            name,
            kind: INTERNAL,
            from_us: event.at_us,
            attributes: Map::new(),
        }
    }

    fn end(&mut self, mut span: Span, parent: Option<String>, event: &Event, error: Option<&str>) {
        if let Some(error) = error {
            span.set("error.type", error);
        }
        let nanos = |at_us: u64| (self.began_us + at_us).saturating_mul(1000).to_string();
        let attributes: Vec<Value> = span
            .attributes
            .into_iter()
            .map(|(key, value)| json!({"key": key, "value": attribute(&value)}))
            .collect();
        let mut ended = json!({
            "traceId": self.trace,
            "spanId": span.id,
            "name": span.name,
            "kind": span.kind,
            "startTimeUnixNano": nanos(span.from_us),
            "endTimeUnixNano": nanos(event.at_us),
            "attributes": attributes,
            "status": {"code": if error.is_some() { ERROR } else { OK }},
        });
        if let (Some(parent), Some(fields)) = (parent, ended.as_object_mut()) {
            fields.insert("parentSpanId".to_owned(), parent.into());
        }
        self.ended.push(ended);
    }

    /// How many spans have ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ended.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// What is sent, in the JSON form of the OpenTelemetry protocol.
    #[must_use]
    pub fn document(&self) -> Value {
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        json!({"resourceSpans": [{
            "resource": {"attributes": [
                text("service.name", "orchestrate"),
                text("service.version", env!("CARGO_PKG_VERSION")),
            ]},
            "scopeSpans": [{
                "scope": {"name": "orchestrate", "version": env!("CARGO_PKG_VERSION")},
                "spans": self.ended,
            }],
        }]})
    }

    /// Sends the spans that have ended to a collector, for example `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// Why they were not taken, in words for people.
    pub async fn send(&self, endpoint: &str) -> Result<(), String> {
        ensure_crypto();
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let client = reqwest::Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(|_| "no connection can be made".to_owned())?;
        match client.post(url).json(&self.document()).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status().as_u16())),
            Err(error) if error.is_timeout() => {
                Err(format!("no answer within {} s", PATIENCE.as_secs()))
            }
            Err(error) if error.is_builder() => Err("that is no address".to_owned()),
            Err(_) => Err("no connection".to_owned()),
        }
    }
}

impl Span {
    fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.attributes.insert(key.to_owned(), value.into());
    }
}

fn used(span: &mut Span, usage: &Usage) {
    if usage.tokens > 0 {
        span.set("orchestrate.usage.tokens", usage.tokens);
        span.set("orchestrate.usage.unpriced_tokens", usage.unpriced_tokens);
        span.set("orchestrate.usage.cost", f64::from(usage.cost));
    }
}

/// What a model says of its own answer.
fn answered(span: &mut Span, result: &CallResult) {
    let response = serde_json::from_value::<ModelResponse>((*result.response).clone());
    if let Ok(response) = response {
        let (_, model) = response
            .model
            .split_once('/')
            .unwrap_or(("", &response.model));
        span.set("gen_ai.response.model", model);
        let usage = response.usage;
        let read = usage.total() - usage.output;
        span.set("gen_ai.usage.input_tokens", read);
        span.set("gen_ai.usage.output_tokens", usage.output);
        let stop = serde_json::to_value(response.stop).unwrap_or_default();
        span.set("gen_ai.response.finish_reasons", json!([stop]));
    }
}

/// The names by which the conventions know providers; others stay as they are.
fn provider_name(name: &str) -> &str {
    match name {
        "gemini" => "gcp.gemini",
        other => other,
    }
}

fn attribute(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        // The protocol writes whole numbers as texts.
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::Array(items) => {
            let values: Vec<Value> = items.iter().map(attribute).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::String(text) => json!({"stringValue": text}),
        other => json!({"stringValue": other.to_string()}),
    }
}
