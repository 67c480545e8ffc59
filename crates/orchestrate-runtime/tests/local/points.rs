//! Points that every executor is held to and that no other file is about: questions in loops, runs that nobody listens
//! to, nested groups, and what is counted and kept over a cut.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use expect_test::expect;
use orchestrate_core::approval::{ApprovalRequest, Approver, Asked};
use orchestrate_core::backend::{AgentFailure, AgentOutput};
use orchestrate_core::fingerprint::event_hash;
use orchestrate_core::journal::RunJournal as _;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{Join, RetryPolicy, Step};
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::testing::{ScriptedApprover, ScriptedBackend};
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use serde_json::{Value, json};

use crate::support::{
    agent, crowd, executor, joined, limited, lines, parallel, plan, run, sequence, takes,
    with_retry,
};

fn step(value: Value) -> Step {
    serde_json::from_value(value).unwrap()
}

fn counted(count: &Arc<AtomicU32>) -> FunctionBackend {
    let count = count.clone();
    FunctionBackend::new().agent("a", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(AgentOutput::json(json!("draft"))) }
    })
}

/// Says no so often, then yes.
#[derive(Debug)]
struct Demanding(u32, Arc<AtomicU32>);

#[async_trait]
impl Approver for Demanding {
    fn name(&self) -> &'static str {
        "demanding"
    }

    async fn ask(&self, request: &ApprovalRequest) -> Asked {
        let is_enough = self.1.fetch_add(1, Ordering::SeqCst) >= self.0;
        let decision = if is_enough { "good" } else { "again" };
        Asked::Decided(request.answer(decision, "ann"))
    }
}

#[tokio::test]
async fn a_loop_asks_a_person_again_in_every_round() {
    let drafts = Arc::new(AtomicU32::new(0));
    let asked = Arc::new(AtomicU32::new(0));
    let root = step(json!({"step": "loop", "fuel": 5,
    "until": {"op": "compare", "field": "steps.round.output.decision", "by": "eq", "value": "good"},
    "body": {"name": "round", "step": "sequence", "steps": [
        {"name": "draft", "step": "agent", "agent": "a"},
        {"name": "gate", "step": "approve", "question": "Good?", "decisions": ["good", "again"]},
    ]}}));
    let builder = LocalExecutor::builder().backend(counted(&drafts));
    let executor = builder
        .approver(Demanding(2, asked.clone()))
        .build()
        .unwrap();
    let (report, _) = run(&executor, &plan(&["a"], root)).await;
    assert!(report.success(), "{report:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(drafts.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn an_answer_reaches_only_the_step_that_asked() {
    let gate = |name: &str| json!({"name": name, "step": "approve", "question": "Go on?"});
    let root = step(json!({"step": "parallel", "steps": [gate("left"), gate("right")]}));
    let backend = ScriptedBackend::answering(AgentOutput::json(json!(1)));
    let builder = LocalExecutor::builder().backend(backend);
    let executor = builder
        .approver(ScriptedApprover::new([("left", "approve")]))
        .build()
        .unwrap();
    let report = executor.run(&plan(&["a"], root)).await.unwrap();
    let waiting: Vec<&str> = report.pending.iter().map(|it| it.step.as_str()).collect();
    assert_eq!(waiting, ["right"]);
    assert_eq!(report.work[0].step.as_str(), "left");
    assert!(report.work[0].outcome.is_success());
}

#[tokio::test(start_paused = true)]
async fn a_run_does_the_same_work_when_nobody_listens() {
    let count = Arc::new(AtomicU32::new(0));
    let plan = plan(
        &["a"],
        sequence(vec![parallel(vec![agent("a"); 3]), agent("a")]),
    );
    let (heard, events) = run(&executor(counted(&count)), &plan).await;
    assert_eq!(count.swap(0, Ordering::SeqCst), 4);
    let journal = Arc::new(MemoryJournal::default());
    let builder = LocalExecutor::builder().backend(counted(&count));
    let silent = builder.journal(journal.clone()).build().unwrap();
    let unheard = silent.run(&plan).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 4);
    assert_eq!(unheard.output, heard.output);
    let id = journal.find("latest").await.unwrap();
    let recorded = journal.load(&id).await.unwrap().events;
    assert_eq!(event_hash(&recorded), event_hash(&events));
}

#[tokio::test(start_paused = true)]
async fn a_quorum_ends_with_the_time_of_its_group() {
    let backend = takes(FunctionBackend::new(), "quick", 10);
    let backend = backend.agent("hangs", |_| std::future::pending());
    let join = Join::Quorum { k: 2 };
    let steps = vec![agent("quick"), agent("hangs"), agent("hangs")];
    let group = joined(join, steps).within_ms(1_000);
    let (report, _) = run(&executor(backend), &plan(&["quick", "hangs"], group)).await;
    expect![[r#"
        0 quick succeeded x1
        1 hangs cancelled x1: cancelled: its time was over
        2 hangs cancelled x1: cancelled: its time was over
        run failed after 1000 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_concurrency_holds_in_nested_groups() {
    let (backend, seen) = crowd();
    let limits = Limits {
        concurrency: Some(2),
        ..Limits::default()
    };
    let mut nested = parallel(vec![agent("a"); 3]);
    for _ in 0..3 {
        nested = parallel(vec![agent("a"), nested.clone(), nested]);
    }
    let (report, _) = run(&limited(backend, limits), &plan(&["a"], nested)).await;
    assert!(report.success());
    assert_eq!(report.agents.len(), 31);
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

/// Fails until its last attempt, and notes the key of each.
fn noting(keys: &Arc<Mutex<Vec<(String, u32)>>>, succeeds_at: u32) -> FunctionBackend {
    let keys = keys.clone();
    FunctionBackend::new().agent("a", move |input| {
        let key = (input.idempotency_key(), input.attempt);
        keys.lock().unwrap().push(key);
        async move {
            if input.attempt < succeeds_at {
                return Err(AgentFailure::new(FailureClass::Transient, "busy"));
            }
            Ok(AgentOutput::json(json!("done")))
        }
    })
}

/// Runs a step until so many batches are recorded, goes on from there, and gives the key and number of each attempt.
async fn cut(after: u64, retry: RetryPolicy, succeeds_at: u32) -> (Vec<(String, u32)>, Outcome) {
    let keys = Arc::default();
    let journal = Arc::new(MemoryJournal::default());
    let made = || {
        let builder = LocalExecutor::builder().backend(noting(&keys, succeeds_at));
        builder.journal(journal.clone()).build().unwrap()
    };
    journal.fail_after(after);
    let plan = plan(&["a"], with_retry(agent("a"), retry));
    made().run(&plan).await.unwrap_err();
    journal.mend();
    let id = journal.find("latest").await.unwrap();
    let handle = made().resume(&id, false).await.unwrap();
    let outcome = handle.report().await.unwrap().outcome.unwrap();
    let keys = std::mem::take(&mut *keys.lock().unwrap());
    (keys, outcome)
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted_over_a_resumption() {
    let retry = RetryPolicy {
        max_attempts: 3,
        ..RetryPolicy::default()
    };
    for after in 1..4 {
        let (keys, outcome) = cut(after, retry, u32::MAX).await;
        let attempts: Vec<u32> = keys.iter().map(|(_, attempt)| *attempt).collect();
        assert_eq!(attempts, [1, 2, 3], "cut after {after}");
        assert_eq!(outcome.word(), "failed");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_after_a_cut_has_the_key_of_the_one_before() {
    let (keys, outcome) = cut(1, RetryPolicy::default(), 1).await;
    assert!(outcome.is_success());
    let attempts: Vec<u32> = keys.iter().map(|(_, attempt)| *attempt).collect();
    assert_eq!(attempts, [1, 2]);
    assert_eq!(keys[0].0, keys[1].0);
}

#[tokio::test(start_paused = true)]
async fn handed_out_work_that_ended_is_not_done_again() {
    let root = step(json!({"step": "sequence", "steps": [
        {"name": "lead", "step": "agent", "agent": "lead"},
        {"name": "work", "step": "expand", "from": "steps.lead.output", "max_steps": 6},
    ]}));
    let plan = plan(&["lead", "a", "b"], root);
    let sub_task = |agent: &str| json!({"agent": agent, "task": "part"});
    let handed = json!({"sub_tasks": [sub_task("a"), sub_task("b"), sub_task("a")]});
    let mut cuts = 0;
    loop {
        let done: Arc<Mutex<Vec<String>>> = Arc::default();
        let journal = Arc::new(MemoryJournal::default());
        let made = || {
            let (handed, mut backend) = (handed.clone(), FunctionBackend::new());
            backend = backend.agent("lead", move |_| {
                let handed = handed.clone();
                async move { Ok(AgentOutput::json(handed)) }
            });
            for id in ["a", "b"] {
                let done = done.clone();
                backend = backend.agent(id, move |input| {
                    done.lock().unwrap().push(input.step.as_str().to_owned());
                    async { Ok(AgentOutput::json(json!(1))) }
                });
            }
            let builder = LocalExecutor::builder().backend(backend);
            builder.journal(journal.clone()).build().unwrap()
        };
        journal.fail_after(cuts);
        if made().run(&plan).await.is_ok() {
            break;
        }
        journal.mend();
        let id = journal.find("latest").await.unwrap();
        let before = journal.load(&id).await.unwrap().events;
        let ended: Vec<String> = crate::durable::ended(&before).into_iter().collect();
        done.lock().unwrap().clear();
        let handle = made().resume(&id, false).await.unwrap();
        assert!(handle.report().await.unwrap().success(), "cut after {cuts}");
        let again = done.lock().unwrap().clone();
        for step in ended {
            assert!(!again.contains(&step), "{step}, cut after {cuts}");
        }
        cuts += 1;
    }
    assert!(cuts > 3, "{cuts}");
}
