//! Questions to people: decided, later, refused, too late.

use std::time::Duration;

use async_trait::async_trait;
use expect_test::{Expect, expect};
use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use orchestrate_core::backend::AgentOutput;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Plan, Step};
use orchestrate_core::report::RunReport;
use orchestrate_core::testing::{ScriptedApprover, ScriptedBackend};
use orchestrate_runtime::{LocalExecutor, LocalExecutorBuilder};
use serde_json::{Value, json};

use crate::support::{plan, run};

fn step(value: Value) -> Step {
    serde_json::from_value(value).unwrap()
}

fn builder() -> LocalExecutorBuilder {
    let backend = ScriptedBackend::answering(AgentOutput::json(json!("a draft")));
    LocalExecutor::builder().backend(backend)
}

fn gated(approve: Value) -> Plan {
    let mut gate = json!({"name": "gate", "step": "approve", "question": "Publish?", "show": {"draft": "steps.draft.output"}});
    for (key, value) in approve.as_object().unwrap() {
        gate[key] = value.clone();
    }
    let root = json!({"step": "sequence", "steps": [
        {"name": "draft", "step": "agent", "agent": "a"},
        gate,
        {"name": "publish", "step": "agent", "agent": "b", "inputs": {"decision": "steps.gate.output.decision"}},
    ]});
    plan(&["a", "b"], step(root))
}

fn told(report: &RunReport) -> String {
    let agents = report.agents.iter().map(|result| {
        format!(
            "{} {} x{}\n",
            result.step,
            result.outcome.word(),
            result.attempts
        )
    });
    let work = report.work.iter().map(|result| {
        let error = result.error.as_deref().map(|error| format!(": {error}"));
        let error = error.unwrap_or_default();
        format!(
            "{} {} {}{error} {}\n",
            result.step,
            result.worker,
            result.outcome.word(),
            result.output
        )
    });
    let outcome = report.outcome.as_ref();
    let error = outcome.and_then(Outcome::error);
    let error = error.map(|error| format!(": {error}")).unwrap_or_default();
    let outcome = outcome.map_or("none", Outcome::word);
    agents.chain(work).collect::<String>() + &format!("run {outcome}{error}\n")
}

async fn check(
    executor: LocalExecutorBuilder,
    plan: &Plan,
    expected: Expect,
) -> (RunReport, Vec<Event>) {
    let mut handle = executor.build().unwrap().start(plan).unwrap();
    let mut stream = handle.events();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event);
    }
    let report = handle.report().await.unwrap();
    expected.assert_eq(&told(&report));
    (report, events)
}

#[tokio::test]
async fn an_approved_step_lets_the_next_run() {
    let approver = ScriptedApprover::new([("gate", "approve")]);
    let (report, events) = check(
        builder().approver(approver),
        &gated(json!({})),
        expect![[r#"
            draft succeeded x1
            publish succeeded x1
            gate scripted succeeded {"decision":"approve","by":"scripted","comment":null,"edits":null}
            run succeeded
        "#]],
    )
    .await;
    assert!(report.pending.is_empty());
    let words: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ApprovalRequested { request } => {
                assert_eq!(*request.shown, json!({"draft": "a draft"}));
                Some("asked")
            }
            EventKind::ApprovalDecided { .. } => Some("decided"),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["asked", "decided"]);
}

#[tokio::test]
async fn a_rejected_step_stops_the_line() {
    check(
        builder().approver(ScriptedApprover::new([("gate", "reject")])),
        &gated(json!({})),
        expect![[r#"
            draft succeeded x1
            publish skipped x0
            gate scripted failed: rejected by scripted {"decision":"reject","by":"scripted","comment":null,"edits":null}
            run failed: `gate`: rejected by scripted
        "#]],
    )
    .await;
}

/// Without anybody to ask, everything else is done first, and then the run is paused and not failed.
#[tokio::test]
async fn a_run_that_only_waits_for_people_is_paused() {
    let root = json!({"step": "parallel", "steps": [gated(json!({})).root, {"name": "other", "step": "agent", "agent": "a"}]});
    let (report, events) = check(
        builder(),
        &plan(&["a", "b"], step(root)),
        expect![[r#"
            0/draft succeeded x1
            other succeeded x1
            run paused: paused: it waits for 1 decision
        "#]],
    )
    .await;
    assert_eq!(report.pending.len(), 1);
    assert_eq!(report.pending[0].step.as_str(), "0/gate");
    assert!(
        matches!(&events[events.len() - 1].kind, EventKind::RunPaused { pending, .. } if pending.len() == 1)
    );
}

/// Answers to something else than what is asked.
#[derive(Debug)]
struct Stale(&'static str);

#[async_trait]
impl Approver for Stale {
    fn name(&self) -> &'static str {
        "stale"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        let mut answer = request.answer(self.0, "ann");
        if self.0 == "approve" {
            answer.digest = "of another draft".into();
        }
        Asked::Decided(answer)
    }
}

#[tokio::test]
async fn an_answer_to_something_else_does_not_count() {
    for (decision, reason) in [
        (
            "approve",
            "the answer was given to something else than what is asked now",
        ),
        (
            "maybe",
            "`maybe` cannot be decided here (possible: approve, reject)",
        ),
    ] {
        let (_, events) = check(
            builder().approver(Stale(decision)),
            &gated(json!({})),
            expect![[r#"
                draft succeeded x1
                run paused: paused: it waits for 1 decision
            "#]],
        )
        .await;
        assert!(events.iter().any(|event| matches!(&event.kind, EventKind::ApprovalRefused { reason: r, .. } if r == reason)));
    }
}

/// Thinks about it for an hour.
#[derive(Debug)]
struct Slow;

#[async_trait]
impl Approver for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Asked::Decided(request.answer("approve", "ann"))
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_what_the_plan_says_and_never_approval() {
    check(
        builder().approver(Slow),
        &gated(json!({"timeout_ms": 100, "on_timeout": "reject"})),
        expect![[r#"
            draft succeeded x1
            publish skipped x0
            gate slow failed: rejected by timeout {"decision":"reject","by":"timeout","comment":null,"edits":null}
            run failed: `gate`: rejected by timeout
        "#]],
    )
    .await;
    check(
        builder().approver(Slow),
        &gated(json!({"timeout_ms": 100})),
        expect![[r#"
            draft succeeded x1
            publish skipped x0
            gate slow failed: nobody decided within 100 ms null
            run failed: `gate`: nobody decided within 100 ms
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn cancelling_withdraws_the_question() {
    let executor = builder().approver(Slow).build().unwrap();
    let handle = executor.start(&gated(json!({}))).unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    handle.cancel();
    let report = handle.report().await.unwrap();
    assert_eq!(report.work[0].outcome.word(), "cancelled");
    assert_eq!(
        report.outcome.map(|outcome| outcome.word()),
        Some("cancelled")
    );
}

#[tokio::test]
async fn a_decision_of_ones_own_can_be_branched_on() {
    let root = json!({"step": "sequence", "steps": [
        {"name": "gate", "step": "approve", "question": "Which?", "decisions": ["left", "right"]},
        {"step": "branch", "arms": [
            {"label": "left", "when": {"op": "compare", "field": "steps.gate.output.decision", "by": "eq", "value": "left"}, "then": {"name": "l", "step": "agent", "agent": "a"}},
        ], "otherwise": {"name": "r", "step": "agent", "agent": "b"}},
    ]});
    let executor = builder().approver(ScriptedApprover::new([("gate", "right")]));
    let (report, _) = run(&executor.build().unwrap(), &plan(&["a", "b"], step(root))).await;
    let words: Vec<_> = report
        .agents
        .iter()
        .map(|result| result.outcome.word())
        .collect();
    assert_eq!(words, ["skipped", "succeeded"]);
}
