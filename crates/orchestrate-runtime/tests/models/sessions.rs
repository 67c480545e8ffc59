//! Sessions: what is heard again, what is summarised, and that both are recorded like every other call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use orchestrate_core::id::StepName;
use orchestrate_core::memory::{Memory as _, ProcessMemory};
use orchestrate_core::model::{
    Deltas, Message, Model, ModelError, ModelRequest, ModelResponse, Price,
};
use orchestrate_core::plan::{AgentStep, Join, OnError, Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::memory::said;
use orchestrate_core::testing::{ScriptedModel, model_says, template};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::{ModelBackend, Session};
use orchestrate_runtime::model::{ModelBook, Prices};
use tokio::sync::Barrier;

use crate::agents::plan;

async fn run(
    model: &Arc<ScriptedModel>,
    memory: &Arc<ProcessMemory>,
    window: u64,
    plan: &Plan,
) -> Vec<String> {
    let report = run_all(model.clone(), memory, window, plan).await;
    report.agents[0].evidence[0].notes.clone()
}

async fn run_all(
    model: Arc<dyn Model>,
    memory: &Arc<ProcessMemory>,
    window: u64,
    plan: &Plan,
) -> RunReport {
    let mut book = ModelBook::new(Prices::default());
    book.set_tier_model(Tier::Cheap, model);
    let session = Session::new(memory.clone(), "s", window);
    let backend = ModelBackend::new(Arc::new(book)).in_session(session);
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let report = executor.run(plan).await.unwrap();
    assert!(report.success(), "{:?}", report.outcome);
    report
}

/// How many steps of the agent are under way at once.
const TOGETHER: usize = 3;

/// Answers once all steps have asked; checks what it is asked, and counts the summaries.
#[derive(Debug)]
struct AllAtOnce(Barrier, Arc<AtomicUsize>);

#[async_trait]
impl Model for AllAtOnce {
    fn name(&self) -> &'static str {
        "all/at-once"
    }

    fn price(&self) -> Option<Price> {
        Some(Price::FREE)
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        _: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let messages = request.history.messages();
        assert!(
            matches!(messages.first(), Some(Message::User(_))),
            "{messages:?}"
        );
        let told = format!("{messages:?}");
        // Nobody hears of the run that is under way.
        assert!(!told.contains("an answer of this run"), "{told}");
        let summarise = told.contains("Summarise this conversation");
        if summarise {
            self.1.fetch_add(1, Ordering::SeqCst);
        } else {
            self.0.wait().await;
        }
        assert!(summarise || told.contains("earlier:2"), "{told}");
        Ok(model_says(if summarise {
            "earlier:0 to earlier:2 in short"
        } else {
            "{\"summary\": \"an answer of this run\", \"confidence\": 1}"
        }))
    }
}

#[tokio::test]
async fn steps_of_one_agent_at_the_same_time_lose_nothing_and_are_summarised_once() {
    let mut template = template("reviewer", Tier::Cheap);
    template.resource_requirements.max_tokens = 20_000;
    let team = Team::new([Arc::new(template)]);
    let agent = &team.members()[0].id;
    let step = |k| {
        let kind = StepKind::Agent(AgentStep::new(agent.clone()));
        Step::new(kind).named(StepName::new(format!("s{k}")).unwrap())
    };
    let root = StepKind::Parallel {
        steps: (0..TOGETHER).map(step).collect(),
        join: Join::default(),
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    };
    let plan = Plan::new("Review the login", &team, Step::new(root));
    // The window holds the earlier turns, or is too small for more than the last of them.
    for (window, kept, summaries) in [(10_000, 3 + TOGETHER, 0), (60, 1 + TOGETHER, 1)] {
        let memory = Arc::new(ProcessMemory::default());
        for k in 0..3 {
            let turn = said(&format!("earlier:{k}"));
            memory
                .remember("s", agent.as_str(), turn, None)
                .await
                .unwrap();
        }
        let summarised = Arc::new(AtomicUsize::new(0));
        let model = Arc::new(AllAtOnce(Barrier::new(TOGETHER), summarised.clone()));
        let report = run_all(model, &memory, window, &plan).await;
        assert_eq!(summarised.load(Ordering::SeqCst), summaries);
        let turns = memory.recall("s", agent.as_str()).await.unwrap();
        let keys: Vec<&str> = turns.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys.len(), kept, "{keys:?}");
        for k in 0..TOGETHER {
            let ending = format!(":s{k}");
            assert_eq!(keys.iter().filter(|it| it.ends_with(&ending)).count(), 1);
        }
        let told = report.agents.iter().flat_map(|it| &it.evidence[0].notes);
        let told: Vec<&String> = told.collect();
        let with = |what: &str| told.iter().filter(|it| it.contains(what)).count();
        assert_eq!(with("3 are summarised now"), summaries, "{told:?}");
        assert_eq!(
            with("another step has them summarised"),
            summaries * (TOGETHER - 1)
        );
    }
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
    assert_eq!((turns.len(), turns[0].is_summary()), (2, true));
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
