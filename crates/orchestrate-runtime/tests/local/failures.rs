//! What goes wrong in one agent stays there: timeouts, retries, panics, agents that nobody can run.

use std::time::Duration;

use expect_test::expect;
use orchestrate_core::backend::{AgentFailure, AgentOutput};
use orchestrate_core::error::Explain;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::RetryPolicy;
use orchestrate_core::testing::ScriptedBackend;
use orchestrate_runtime::{FunctionBackend, LocalExecutor, RunError};
use serde_json::json;

use crate::support::{
    agent, all_of, executor, limited, lines, parallel, plan, run, sequence, takes, with_retry,
};

fn busy() -> AgentFailure {
    AgentFailure::new(FailureClass::Transient, "busy")
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_hangs_is_cut_off_and_the_others_are_reported() {
    let backend = takes(
        takes(takes(FunctionBackend::new(), "a", 10), "b", 20),
        "c",
        30,
    );
    let backend = backend.agent("hangs", |_| std::future::pending());
    let (report, _) = run(&executor(backend), &all_of(&["a", "b", "c", "hangs"])).await;
    expect![[r#"
        0 a succeeded x1
        1 b succeeded x1
        2 c succeeded x1
        3 hangs failed x1: it took longer than 10000 ms
        run partial after 10000 ms
    "#]]
    .assert_eq(&lines(&report));
    assert!(report.unstopped.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_is_tried_again_after_growing_waits() {
    let backend = ScriptedBackend::new([(
        "a",
        vec![
            Err(busy()),
            Err(busy()),
            Ok(AgentOutput::json(json!("done"))),
        ],
    )]);
    let (report, events) = run(&executor(backend), &all_of(&["a"])).await;
    expect![[r#"
        0 a succeeded x3
        run succeeded after 1500 ms
    "#]]
    .assert_eq(&lines(&report));
    let delays: Vec<u64> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StepRetried { delay_ms, .. } => Some(*delay_ms),
            _ => None,
        })
        .collect();
    assert_eq!(delays, [500, 1000]);
    assert_eq!(report.usage.calls, 3);
}

#[tokio::test(start_paused = true)]
async fn retries_end_with_the_policy_and_other_failures_have_none() {
    // What an agent reports is its answer, also where the failures of tools are to be tried again.
    let retry = RetryPolicy {
        max_attempts: 2,
        retry_failures: true,
        ..RetryPolicy::default()
    };
    let backend = ScriptedBackend::new([
        ("busy", vec![Err(busy())]),
        ("wrong", vec![Err(AgentFailure::reported("no"))]),
    ]);
    let steps = vec![
        with_retry(agent("busy"), retry),
        with_retry(agent("wrong"), retry),
    ];
    let (report, _) = run(
        &executor(backend),
        &plan(&["busy", "wrong"], sequence(steps)),
    )
    .await;
    expect![[r#"
        0 busy failed x2: busy
        1 wrong failed x1: no
        run failed after 500 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_tried_again_only_when_the_policy_says_so() {
    let retry = RetryPolicy {
        retry_timeouts: true,
        max_attempts: 2,
        ..RetryPolicy::default()
    };
    let backend = FunctionBackend::new().agent("hangs", |_| std::future::pending());
    let plan = plan(&["hangs"], with_retry(agent("hangs"), retry));
    let (report, _) = run(&executor(backend), &plan).await;
    expect![[r#"
        (root) hangs failed x2: it took longer than 10000 ms
        run failed after 20500 ms
    "#]]
    .assert_eq(&lines(&report));
}

/// With one place only, the second step runs while the first one rests.
#[tokio::test(start_paused = true)]
async fn a_step_that_rests_holds_no_place() {
    let backend = ScriptedBackend::new([
        ("busy", vec![Err(busy()), Ok(AgentOutput::json(json!(1)))]),
        ("other", vec![Ok(AgentOutput::json(json!(2)))]),
    ]);
    let limits = Limits {
        concurrency: Some(1),
        ..Limits::default()
    };
    let (_, events) = run(&limited(backend, limits), &all_of(&["busy", "other"])).await;
    assert_eq!(
        starts(&events),
        ["busy 1 at 0", "other 1 at 0", "busy 2 at 500"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_rest_is_over_waits_for_a_place() {
    let backend = takes(FunctionBackend::new(), "slow", 2000).agent("busy", |input| async move {
        if input.attempt == 1 {
            return Err(busy());
        }
        Ok(AgentOutput::json(json!(1)))
    });
    let limits = Limits {
        concurrency: Some(1),
        ..Limits::default()
    };
    let (_, events) = run(&limited(backend, limits), &all_of(&["busy", "slow"])).await;
    assert_eq!(
        starts(&events),
        ["busy 1 at 0", "slow 1 at 0", "busy 2 at 2000"]
    );
}

/// The attempts and when they began.
fn starts(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::StepStarted {
                worker: agent,
                attempt,
                ..
            } => Some(format!("{agent} {attempt} at {}", event.at_us / 1000)),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_of_that_step_alone() {
    let backend = takes(FunctionBackend::new(), "well", 10)
        .agent("at_once", |_| async { panic!("no {}", "luck") })
        .agent("later", |_| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            panic!("late")
        })
        .agent("when_asked", |_| -> std::future::Ready<_> {
            panic!("early")
        })
        .blocking("on_a_thread", |_| panic!("there"));
    let plan = all_of(&["at_once", "later", "on_a_thread", "well", "when_asked"]);
    let (report, _) = run(&executor(backend), &plan).await;
    expect![[r#"
        0 at_once failed x1: it panicked: no luck
        1 later failed x1: it panicked: late
        2 on_a_thread failed x1: it panicked: there
        3 well succeeded x1
        4 when_asked failed x1: it panicked: early
        run partial after 10 ms
    "#]]
    .assert_eq(&lines(&report));
    let class = |result: &orchestrate_core::result::AgentResult| {
        matches!(
            result.outcome,
            Outcome::Failed {
                class: FailureClass::Internal,
                ..
            }
        )
    };
    assert_eq!(
        report.agents.iter().filter(|result| class(result)).count(),
        4
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_without_a_backend_is_not_executed() {
    let only_a =
        || FunctionBackend::new().agent("a", |_| async { Ok(AgentOutput::json(json!(1))) });
    let executor = LocalExecutor::builder()
        .backend(only_a())
        .backend(only_a())
        .build()
        .unwrap();
    let plan = all_of(&["a", "b"]);
    let (report, events) = run(&executor, &plan).await;
    expect![[r#"
        0 a succeeded x1
        1 b failed x0: no backend can run agent `b` (backends: function, function)
        run partial after 0 ms
    "#]]
    .assert_eq(&lines(&report));
    let started = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::StepStarted { .. }));
    assert_eq!(started.count(), 1);
    assert!(!report.success());
    let assignments = executor.assignments(&plan);
    let shown: Vec<_> = assignments
        .iter()
        .map(|one| (one.agent.as_str(), one.backend.as_deref()))
        .collect();
    assert_eq!(shown, [("a", Some("function")), ("b", None)]);
}

#[tokio::test(start_paused = true)]
async fn the_first_backend_that_can_run_an_agent_does() {
    let answers = |id: &'static str, text: &'static str| {
        FunctionBackend::new().agent(
            id,
            move |_| async move { Ok(AgentOutput::json(json!(text))) },
        )
    };
    let executor = LocalExecutor::builder()
        .backend(answers("a", "first"))
        .backend(ScriptedBackend::answering(AgentOutput::json(json!(
            "second"
        ))))
        .backend(answers("b", "third"))
        .build()
        .unwrap();
    let (report, _) = run(&executor, &all_of(&["a", "b"])).await;
    let outputs: Vec<_> = report
        .agents
        .iter()
        .map(|result| result.output.as_str())
        .collect();
    assert_eq!(outputs, [Some("first"), Some("second")]);
}

#[tokio::test(start_paused = true)]
async fn confidence_is_kept_between_0_and_1() {
    let answer = |confidence| {
        vec![Ok(AgentOutput {
            confidence,
            ..AgentOutput::json(json!(1))
        })]
    };
    let backend = ScriptedBackend::new([
        ("high", answer(7.0)),
        ("low", answer(-1.0)),
        ("nan", answer(f64::NAN)),
        ("right", answer(0.4)),
    ]);
    let (report, _) = run(
        &executor(backend),
        &all_of(&["high", "low", "nan", "right"]),
    )
    .await;
    let confidences: Vec<f64> = report
        .agents
        .iter()
        .map(|result| result.confidence)
        .collect();
    assert_eq!(confidences, [1.0, 0.0, 0.0, 0.4]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_time_cuts_off_what_works_and_keeps_what_ended() {
    let backend = takes(takes(FunctionBackend::new(), "quick", 10), "slow", 5000);
    let steps = vec![
        parallel(vec![agent("quick"), agent("slow")]),
        agent("quick"),
    ];
    let limits = Limits {
        wall_ms: Some(100),
        ..Limits::default()
    };
    let (report, events) = run(
        &limited(backend, limits),
        &plan(&["quick", "slow"], sequence(steps)),
    )
    .await;
    expect![[r#"
        0/0 quick succeeded x1
        0/1 slow limit_reached x1: stopped: the limit of wall time was reached
        1 quick limit_reached x0: stopped: the limit of wall time was reached
        run limit_reached after 100 ms
    "#]]
    .assert_eq(&lines(&report));
    let limit = LimitKind::WallTime;
    assert_eq!(report.outcome, Some(Outcome::LimitReached { limit }));
    assert!(
        events
            .iter()
            .any(|event| matches!(event.kind, EventKind::CancelRequested { .. }))
    );
}

#[test]
fn what_cannot_run_at_all_is_an_error_with_a_code() {
    let answers = || ScriptedBackend::answering(AgentOutput::json(json!(1)));
    let code = |error: RunError| (error.code(), error.to_string(), error.hints().len());
    let nothing = LocalExecutor::builder().build().unwrap_err();
    assert_eq!(
        code(nothing),
        (
            "ORC0501",
            "an executor needs at least one backend".into(),
            1
        )
    );
    let limits = Limits {
        concurrency: Some(0),
        ..Limits::default()
    };
    let never = LocalExecutor::builder()
        .backend(answers())
        .limits(limits)
        .build()
        .unwrap_err();
    assert_eq!(never.code(), "ORC0502");
    let executor = executor(answers());
    assert_eq!(
        executor.start(&all_of(&["a"])).unwrap_err().code(),
        "ORC0503"
    );
    let stuck = all_of(&["a"]).with_limits(limits);
    assert_eq!(executor.start(&stuck).unwrap_err().code(), "ORC0502");
    let unknown = plan(&["a"], agent("nobody"));
    assert!(matches!(executor.start(&unknown), Err(RunError::Plan(_))));
}
