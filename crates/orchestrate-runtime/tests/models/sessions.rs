//! Sessions: what is heard again, what is summarised, and that both are recorded like every other call.

use std::sync::Arc;

use orchestrate_core::memory::{Memory as _, ProcessMemory};
use orchestrate_core::plan::Plan;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::{ScriptedModel, model_says};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::{ModelBackend, Session};
use orchestrate_runtime::model::{ModelBook, Prices};

use crate::agents::plan;

async fn run(
    model: &Arc<ScriptedModel>,
    memory: &Arc<ProcessMemory>,
    window: u64,
    plan: &Plan,
) -> Vec<String> {
    let mut book = ModelBook::new(Prices::default());
    book.set_tier_model(Tier::Cheap, model.clone());
    let session = Session::new(memory.clone(), "s", window);
    let backend = ModelBackend::new(Arc::new(book)).in_session(session);
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let report = executor.run(plan).await.unwrap();
    assert!(report.success(), "{:?}", report.outcome);
    report.agents[0].evidence[0].notes.clone()
}

#[tokio::test]
async fn a_long_conversation_is_summarised_by_the_model_and_a_short_one_is_not() {
    let model = Arc::new(ScriptedModel::answering(model_says(
        "{\"summary\": \"ok\", \"confidence\": 1}",
    )));
    let memory = Arc::new(ProcessMemory::default());
    let plan = plan(None);
    for _ in 0..2 {
        run(&model, &memory, 10_000, &plan).await;
    }
    assert_eq!(model.asked().len(), 2);
    assert_eq!(memory.recall("s", "reviewer").await.unwrap().len(), 2);

    // A window that is full: the older turns are folded, with one more call.
    let notes = run(&model, &memory, 30, &plan).await;
    assert_eq!(model.asked().len(), 4);
    let turns = memory.recall("s", "reviewer").await.unwrap();
    assert_eq!((turns.len(), turns[0].key.as_str()), (2, "summary"));
    assert!(
        notes.iter().any(|it| it.contains("2 are summarised now")),
        "{notes:?}"
    );
}

#[tokio::test]
async fn without_a_summary_nothing_is_lost_and_no_step_fails() {
    let says = || Ok(model_says("{\"summary\": \"ok\", \"confidence\": 1}"));
    let model = Arc::new(ScriptedModel::new("m", [says(), says()]));
    let memory = Arc::new(ProcessMemory::default());
    let plan = plan(None);
    run(&model, &memory, 1, &plan).await;
    let notes = run(&model, &memory, 1, &plan).await;
    assert!(
        notes.iter().any(|it| it.contains("no summary was made")),
        "{notes:?}"
    );
    assert_eq!(memory.recall("s", "reviewer").await.unwrap().len(), 2);
}
