//! Calls of tools that a person must allow: the run waits, the call is made once or not at all.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use expect_test::{Expect, expect};
use orchestrate_core::approval::ApprovalRequest;
use orchestrate_core::event::EventKind;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Decision, RunFilter, RunJournal as _};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Plan, Step};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::testing::{
    ScriptedApprover, ScriptedModel, model_calls, model_says, template,
};
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices};
use orchestrate_runtime::tools::ToolSet;
use orchestrate_runtime::{ApprovalPolicy, LocalExecutor, LocalExecutorBuilder};
use serde_json::{Value, json};

use crate::agents::plan;
use crate::families::tool;

/// A tool that changes the world, and may want to be allowed by itself.
#[derive(Debug)]
struct Writer {
    spec: ToolSpec,
    asks: bool,
    called: Arc<Mutex<Vec<Value>>>,
}

#[async_trait]
impl Tool for Writer {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        if self.asks && !call.approved {
            let question = "it is far away".to_owned();
            return Err(ToolFailure::NeedsApproval { question });
        }
        self.called.lock().unwrap().push((*call.arguments).clone());
        Ok(ToolOutput::json(json!("written")))
    }
}

/// A model that calls the tool once and then says what it was told.
struct World {
    model: Arc<ScriptedModel>,
    called: Arc<Mutex<Vec<Value>>>,
    journal: Arc<MemoryJournal>,
    asks: bool,
    policy: ApprovalPolicy,
}

const SECRET: &str = "sk-a1b2c3d4e5f6g7h8i9j0a1b2c3d4e5f6g7h8i9j0";

impl World {
    fn new(policy: &str, asks: bool) -> Self {
        let model = ScriptedModel::new(
            "m",
            [
                Ok(model_calls("fs.read", json!({"path": "a", "text": SECRET}))),
                Ok(model_says("{\"summary\": \"done\"}")),
            ],
        );
        Self {
            model: Arc::new(model),
            called: Arc::default(),
            journal: Arc::default(),
            asks,
            policy: ApprovalPolicy::default().and(policy),
        }
    }

    fn builder(&self) -> LocalExecutorBuilder {
        let mut tools = ToolSet::default();
        let spec = ToolSpec {
            effect: Effect::External,
            ..tool()
        };
        let (asks, called) = (self.asks, self.called.clone());
        tools.add(Arc::new(Writer { spec, asks, called }));
        tools.allow("*", "*");
        tools.ask_before(self.policy.clone());
        let mut book = ModelBook::new(Prices::default());
        book.set_tier_model(Tier::Cheap, self.model.clone());
        LocalExecutor::builder().backend(ModelBackend::new(Arc::new(book)).with_tools(tools))
    }

    fn executor(&self) -> LocalExecutor {
        let builder = self.builder().journal(self.journal.clone());
        builder.build().unwrap()
    }

    async fn run_id(&self) -> RunId {
        let runs = self.journal.list(&RunFilter::default()).await.unwrap();
        runs[0].run_id.clone()
    }

    async fn resume(&self) -> RunReport {
        let run = self.run_id().await;
        let handle = self.executor().resume(&run, false).await.unwrap();
        handle.report().await.unwrap()
    }

    async fn decide(&self, request: &ApprovalRequest, decision: &str) {
        let decision = Decision {
            answer: request.answer(decision, "ann"),
            at_ms: 0,
        };
        let run = self.run_id().await;
        let decided = self.journal.decide(&run, &request.step, &decision).await;
        decided.unwrap();
    }

    /// How the run stands, how often the model was asked and the tool called, and what is asked.
    fn told(&self, report: &RunReport) -> String {
        let outcome = report.outcome.as_ref();
        let mut told = format!(
            "{}: model x{}, tool x{}, tokens {}\n",
            outcome.map_or("none", Outcome::word),
            self.model.asked().len(),
            self.called.lock().unwrap().len(),
            report.usage.tokens,
        );
        for request in &report.pending {
            told += &format!("{}: {}\n", request.step, request.question);
        }
        told
    }

    async fn check(&self, decision: &str, expected: Expect) -> RunReport {
        let paused = self.executor().run(&plan(None)).await.unwrap();
        let mut told = self.told(&paused);
        // It waits however often it is gone on with, and makes no call meanwhile.
        let again = self.resume().await;
        assert_eq!(again.pending, paused.pending);
        self.decide(&again.pending[0], decision).await;
        let ended = self.resume().await;
        told += &self.told(&ended);
        expected.assert_eq(&told);
        assert!(!format!("{:?}", paused.pending).contains(SECRET));
        ended
    }
}

#[tokio::test]
async fn an_allowed_call_is_made_once_after_the_pause() {
    World::new("fs.*", false)
        .check(
            "approve",
            expect![[r#"
                paused: model x1, tool x0, tokens 15
                ask-1: `reviewer` wants to call `fs.read`; it can change things outside of this project
                succeeded: model x2, tool x1, tokens 30
            "#]],
        )
        .await;
}

#[tokio::test]
async fn of_a_refused_call_the_model_is_told() {
    let world = World::new("external", false);
    world
        .check(
            "reject",
            expect![[r#"
                paused: model x1, tool x0, tokens 15
                ask-1: `reviewer` wants to call `fs.read`; it can change things outside of this project
                succeeded: model x2, tool x0, tokens 30
            "#]],
        )
        .await;
    let run = world.run_id().await;
    let events = world.journal.load(&run).await.unwrap().events;
    let calls = events.iter().filter(|event| {
        matches!(&event.kind, EventKind::CallStarted { call, .. } if call.name == "fs.read")
    });
    assert_eq!(calls.count(), 0);
}

#[tokio::test]
async fn a_tool_may_want_to_be_allowed_by_itself() {
    World::new("nothing", true)
        .check(
            "approve",
            expect![[r#"
                paused: model x1, tool x0, tokens 15
                ask-1: `reviewer` wants to call `fs.read`: it is far away
                succeeded: model x2, tool x1, tokens 30
            "#]],
        )
        .await;
}

/// Each of several calls that want to be allowed is made once, however often the step is gone on with, and
/// the model is asked for each of them once.
#[tokio::test]
async fn calls_that_want_to_be_allowed_one_by_one_are_made_once_each() {
    let paths = ["a", "b", "c", "d"];
    let calls = paths.map(|path| Ok(model_calls("fs.read", json!({ "path": path }))));
    let done = Ok(model_says("{\"summary\": \"done\"}"));
    let world = |recorded: bool| {
        let answers = calls.clone().into_iter().chain([done.clone()]);
        let world = World {
            model: Arc::new(ScriptedModel::new("m", answers)),
            ..World::new("nothing", true)
        };
        let builder = world.builder();
        let builder = builder.approver(ScriptedApprover::answering("approve"));
        let builder = match recorded {
            true => builder.journal(world.journal.clone()),
            false => builder,
        };
        (builder.build().unwrap(), world)
    };
    for recorded in [false, true] {
        let (executor, world) = world(recorded);
        let report = executor.run(&plan(None)).await.unwrap();
        assert!(report.success(), "{:?}", report.outcome);
        let called = world.called.lock().unwrap().clone();
        let called: Vec<&str> = called.iter().filter_map(|it| it["path"].as_str()).collect();
        assert_eq!(called, paths, "recorded: {recorded}");
        assert_eq!(world.model.asked().len(), 5, "recorded: {recorded}");
    }
}

/// Whoever can be asked at once is, also in a run that is not recorded; nothing is asked for twice.
#[tokio::test]
async fn a_person_at_hand_is_asked_at_once() {
    let world = World::new("write", false);
    let approver = ScriptedApprover::answering("approve");
    let executor = world.builder().approver(approver).build().unwrap();
    let report = executor.run(&plan(None)).await.unwrap();
    expect![[r#"
        succeeded: model x2, tool x1, tokens 30
    "#]]
    .assert_eq(&world.told(&report));
    assert_eq!(report.agents[0].attempts, 2);
}

/// The process dies between a call that may have changed something and the record of its end.
#[tokio::test]
async fn what_became_of_a_call_is_asked_and_not_guessed() {
    for (decision, calls) in [("again", 2), ("succeeded", 1), ("failed", 1)] {
        // The record of the call's end is the first append that fails once the tool was called.
        let mut appends = 1;
        let world = loop {
            let world = World::new("nothing", false);
            world.journal.fail_after(appends);
            world.executor().run(&plan(None)).await.unwrap_err();
            if !world.called.lock().unwrap().is_empty() {
                break world;
            }
            appends += 1;
        };
        world.journal.mend();
        let paused = world.resume().await;
        let request = &paused.pending[0];
        assert_eq!(request.decisions, ["again", "succeeded", "failed"]);
        world.decide(request, decision).await;
        let ended = world.resume().await;
        assert!(ended.success(), "{decision} {:?}", ended.outcome);
        assert_eq!(world.called.lock().unwrap().len(), calls, "{decision}");
        // What the model was paid for before the cut is counted.
        assert_eq!(ended.usage.tokens, 30, "{decision}");
    }
}

/// A step that calls a tool without an agent waits in the same way.
#[tokio::test]
async fn a_tool_of_a_step_waits_too() {
    let world = World::new("fs.read", false);
    let called = world.called.clone();
    let executor = || {
        let spec = ToolSpec {
            effect: Effect::External,
            ..tool()
        };
        let writer = Writer {
            spec,
            asks: false,
            called: called.clone(),
        };
        let builder = LocalExecutor::builder().tool(writer);
        let builder = builder.ask_before(world.policy.clone());
        builder.journal(world.journal.clone()).build().unwrap()
    };
    let root = json!({"step": "sequence", "steps": [{"name": "write", "step": "tool", "tool": "fs.read", "arguments": {"path": "a"}}]});
    let root: Step = serde_json::from_value(root).unwrap();
    let team = Team::new([Arc::new(template("a", Tier::Cheap))]);
    let mut plan = Plan::new("Write", &team, root);
    plan.tools.insert("fs.read".to_owned(), Effect::External);
    let paused = executor().run(&plan).await.unwrap();
    assert_eq!(paused.pending[0].step.to_string(), "write/ask-1");
    assert!(called.lock().unwrap().is_empty());
    world.decide(&paused.pending[0], "approve").await;
    let run = world.run_id().await;
    let handle = executor().resume(&run, false).await.unwrap();
    assert!(handle.report().await.unwrap().success());
    assert_eq!(called.lock().unwrap().len(), 1);
}
