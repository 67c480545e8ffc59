//! A run that is recorded plays back exactly, and anything else is refused.

use std::sync::Arc;

use orchestrate_core::outcome::FailureClass;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::{ScriptedModel, model_calls, model_says};
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices};
use orchestrate_runtime::recorded::{Playback, Recorder};
use orchestrate_runtime::tools::{Area, FileRead, ToolSet};
use serde_json::json;

use crate::agents::{plan, run};
use crate::families::KEY;

#[tokio::test]
async fn a_recorded_run_plays_back_exactly_and_nothing_else_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.txt"), format!("the key is {KEY}")).unwrap();
    let mut tools = ToolSet::default();
    tools.add(Arc::new(FileRead::new(
        Area::new(directory.path()).unwrap(),
    )));
    tools.allow("reviewer", "fs.read");
    let script = [
        Ok(model_calls("fs.read", json!({"path": "a.txt"}))),
        Ok(model_says("{\"summary\": \"read\", \"confidence\": 1}")),
    ];
    let mut book = ModelBook::new(Prices::default());
    book.set_tier_model(
        Tier::Cheap,
        Arc::new(ScriptedModel::new("scripted/model", script)),
    );
    let recorder = Recorder::default();
    let backend = ModelBackend::new(Arc::new(book))
        .with_tools(tools)
        .with_guard(orchestrate_runtime::guard::SecretGuard)
        .recorded_by(recorder.clone());
    let recorded = run(backend, &plan(None)).await;
    assert!(recorded.success(), "{:?}", recorded.agents);
    let recording = recorder.recording();
    assert_eq!(recording.calls.len(), 3);
    assert!(!serde_json::to_string(&recording).unwrap().contains(KEY));

    // The file is gone: what it held comes from the recording.
    drop(directory);
    let played = |recording| {
        let playback = Playback::new(recording);
        let mut book = ModelBook::new(Prices::default());
        for agent in playback.agents() {
            book.set_agent_model(agent, playback.model());
        }
        let mut tools = ToolSet::default();
        for tool in playback.tools() {
            tools.add(tool);
        }
        for (agent, tool) in playback.permissions() {
            tools.allow(agent, tool);
        }
        let backend = ModelBackend::new(Arc::new(book))
            .with_tools(tools)
            .with_guard(orchestrate_runtime::guard::SecretGuard);
        (backend, playback)
    };
    let (backend, playback) = played(recording.clone());
    let again = run(backend, &plan(None)).await;
    assert_eq!(
        (again.output.clone(), again.usage),
        (recorded.output.clone(), recorded.usage)
    );
    assert_eq!(playback.left(), 0);

    let (backend, _) = played(recording);
    let mut other = plan(None);
    other.task = "Another task".into();
    let refused = run(backend, &other).await;
    let error = refused.agents[0].error.clone().unwrap();
    assert!(error.contains("ORC1330"), "{error}");
    let class = refused.census().failed.keys().copied().next();
    assert_eq!(class, Some(FailureClass::Input));
}
