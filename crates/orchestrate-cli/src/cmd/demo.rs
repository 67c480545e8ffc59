//! `demo`: a whole run with answers that were prepared, so that it needs no key, no network and no settings.
//!
//! The engine is the real one: the same plan, strategy, executor, turns, events and report. Only what the
//! models say is played back from a recording that comes with the program.

use orchestrate_core::canonical;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::plan::Plan;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::strategy::ExecutionStrategy as _;
use orchestrate_runtime::recorded::Recording;
use orchestrate_strategies::strategy::Debate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::watch::{Begin, watch_with};
use crate::app::Call;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render;
use crate::wire;

/// The prepared answers. A test makes them anew from the demo's script and finds every difference.
const RECORDING: &str = include_str!("demo.json");
/// What is talked about.
pub(crate) const TASK: &str =
    "Should a password reset send a new password by mail, or a link that works once?";
/// Who talks.
pub(crate) const TEAM: [&str; 3] = ["security_auditor", "architecture_analyst", "writer"];

/// What `demo --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
struct DemoDocument {
    /// `orchestrate.demo/1`.
    schema: String,
    /// Digest of all events without their times: the same on every machine.
    event_digest: String,
    /// What it came to.
    #[serde(flatten)]
    result: StrategyResult,
}

pub(crate) fn run(call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let recording: Recording = serde_json::from_str(RECORDING)
        .map_err(|error| CliError::internal("the demo's recording cannot be read", error))?;
    let plan = plan()?;
    let executor = wire::demo_executor(recording)?;
    printer.note("three agents debate in two rounds, and one of them joins their views");
    printer.note("what the models say was prepared; everything else is the real engine");
    let mut digests = Vec::new();
    let watched = watch_with(&executor, Begin::Plan(&plan), printer, None, |event| {
        digests.extend(timeless(event));
    })?;
    let document = DemoDocument {
        schema: "orchestrate.demo/1".to_owned(),
        event_digest: canonical::digest(&Value::Array(digests)),
        result: watched.report.into_strategy_result(),
    };
    printer.answer(
        || {
            let report = render::run(TASK, &document.result, &[], false, printer.width());
            format!(
                "{report}Events: {} (the same on every machine)\n",
                document.event_digest
            )
        },
        &document,
    )?;
    Ok(watched
        .stopped
        .unwrap_or_else(|| Exit::of_outcome(&document.result.outcome)))
}

/// The demo's plan: a debate of the team.
pub(crate) fn plan() -> Result<Plan, Failure> {
    let team = wire::builtin_agents().team(TEAM)?;
    let debate = Debate::default().rounds(2).synthesizer("writer");
    let step = debate.compose(&team, &serde_json::Map::new())?;
    Ok(Plan::new(TASK, &team, step))
}

/// An event without what differs from run to run: times, the run's name, evidence with durations.
fn timeless(event: &Event) -> Option<Value> {
    if matches!(event.kind, EventKind::Progress { .. }) {
        return None;
    }
    let mut value = json!(event);
    let fields = value.as_object_mut()?;
    for name in ["at_us", "duration_us", "run_id", "evidence"] {
        fields.remove(name);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use orchestrate_core::limits::Cost;
    use orchestrate_core::model::{
        Deltas, Entry, Model, ModelError, ModelRequest, ModelResponse, Price, StopReason,
        TokenUsage,
    };
    use orchestrate_core::template::Tier;
    use orchestrate_runtime::LocalExecutor;
    use orchestrate_runtime::agent::ModelBackend;
    use orchestrate_runtime::model::{ModelBook, Prices};
    use orchestrate_runtime::recorded::Recorder;
    use std::sync::Arc;

    /// What is said in the demo. No model was asked, so no tokens are counted.
    fn line(system: &str, told: &str) -> Value {
        let second = told.contains("opinion_");
        match (
            system.contains("Security Auditor"),
            system.contains("Architecture"),
            second,
        ) {
            (true, _, false) => json!({
                "summary": "A password that is mailed stays in the mailbox, in the logs of relays and in backups, and it works until somebody changes it. A link that works once and for half an hour leaves nothing behind that is worth stealing.",
                "verdict": "link", "confidence": 0.9
            }),
            (true, _, true) => json!({
                "summary": "A signed token keeps the store out of it, as the architect asks, if it is bound to the time of the last change: a used or older link is then void by itself. The link stays the better way.",
                "verdict": "link", "confidence": 0.95
            }),
            (_, true, false) => json!({
                "summary": "A mailed password needs neither a further page nor a store of tokens, so there is less to build and to break. That speaks for the password, as long as its risk is acceptable.",
                "verdict": "password", "confidence": 0.55
            }),
            (_, true, true) => json!({
                "summary": "The risk is not acceptable: mailboxes outlive passwords. With a signed token there is nothing to store, so my objection falls. I change my view.",
                "verdict": "link", "confidence": 0.85
            }),
            _ => json!({
                "summary": "Send a link that works once and for half an hour, with a token that is signed over the time of the last change of the password. Both agree after two rounds; the one objection, the store of tokens, is met by the signature.",
                "verdict": "link", "confidence": 0.9
            }),
        }
    }

    #[derive(Debug)]
    struct Script;

    #[async_trait]
    impl Model for Script {
        fn name(&self) -> &'static str {
            "prepared/answers"
        }

        fn price(&self) -> Option<Price> {
            Some(Price::FREE)
        }

        async fn answer(
            &self,
            request: &ModelRequest<'_>,
            _: &Deltas<'_>,
        ) -> Result<ModelResponse, ModelError> {
            let told = match request.history.entries().next() {
                Some(Entry::User { text }) => text.as_str(),
                _ => "",
            };
            Ok(ModelResponse {
                model: self.name().to_owned(),
                text: line(request.system, told).to_string(),
                calls: Vec::new(),
                usage: TokenUsage::default(),
                cost: Some(Cost::ZERO),
                stop: StopReason::Completed,
            })
        }
    }

    /// The recording is what the script says to what the agents are told today. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_recording_holds_what_the_demo_asks() {
        let recorder = Recorder::default();
        let mut book = ModelBook::new(Prices::default());
        for tier in [Tier::Cheap, Tier::Capable, Tier::Premium] {
            book.set_tier_model(tier, Arc::new(Script));
        }
        let backend = ModelBackend::new(Arc::new(book)).recorded_by(recorder.clone());
        let executor = LocalExecutor::builder().backend(backend).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let report = runtime.block_on(executor.run(&plan().unwrap())).unwrap();
        assert!(report.success(), "{:?}", report.agents);
        let text = serde_json::to_string_pretty(&recorder.recording()).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cmd/demo.json");
            std::fs::write(path, &text).unwrap();
        } else {
            assert_eq!(text, RECORDING);
        }
    }
}
