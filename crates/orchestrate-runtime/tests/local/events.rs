//! Events are the interface: complete, in order, and no burden on the run.

use expect_test::expect;
use orchestrate_core::backend::AgentOutput;
use orchestrate_core::event::EventKind;
use orchestrate_core::id::RunId;
use orchestrate_core::testing::ManualClock;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use serde_json::json;

use crate::support::{agent, all_of, executor, parallel, plan, run, sequence, takes};

fn kind(kind: &EventKind) -> String {
    let value = serde_json::to_value(kind).unwrap();
    let word = |key: &str| {
        value[key]
            .as_str()
            .map(|text| format!(" {text}"))
            .unwrap_or_default()
    };
    format!(
        "{}{}{}",
        value["type"].as_str().unwrap(),
        word("step"),
        word("outcome")
    )
}

#[tokio::test(start_paused = true)]
async fn a_run_tells_everything_in_order() {
    let backend = takes(takes(FunctionBackend::new(), "a", 20), "b", 10);
    let plan = plan(
        &["a", "b"],
        sequence(vec![parallel(vec![agent("a"), agent("b")]), agent("a")]),
    );
    let (_, events) = run(&executor(backend), &plan).await;
    let told: String = events
        .iter()
        .map(|event| format!("{} {}\n", event.at_us / 1000, kind(&event.kind)))
        .collect();
    expect![[r#"
        0 run_started
        0 step_started 0/0
        0 step_started 0/1
        10 step_finished 0/1 succeeded
        20 step_finished 0/0 succeeded
        20 group_finished 0 succeeded
        20 step_started 1
        40 step_finished 1 succeeded
        40 group_finished  succeeded
        40 run_finished succeeded
    "#]]
    .assert_eq(&told);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_leaves_does_not_fail_the_run() {
    let executor = executor(takes(FunctionBackend::new(), "a", 10));
    let plan = plan(&["a"], sequence(vec![agent("a"); 20]));
    let mut handle = executor.start(&plan).unwrap();
    let mut events = handle.events();
    events.next().await.unwrap();
    drop(events);
    assert!(handle.report().await.unwrap().success());
}

#[tokio::test(start_paused = true)]
async fn events_outlive_the_handle_and_are_given_once() {
    let executor = executor(takes(FunctionBackend::new(), "a", 10));
    let mut handle = executor.start(&all_of(&["a"])).unwrap();
    assert!(handle.run_id().as_str().starts_with("run-"));
    let mut events = handle.events();
    assert_eq!(handle.events().next().await, None);
    drop(handle);
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    assert!(matches!(last.unwrap().kind, EventKind::RunFinished { .. }));
}

#[tokio::test(start_paused = true)]
async fn events_are_stamped_with_the_clock_that_was_given() {
    let clock = ManualClock::default();
    clock.advance_us(1_000_000);
    let executor = LocalExecutor::builder()
        .backend(takes(FunctionBackend::new(), "a", 10))
        .clock(clock)
        .build()
        .unwrap();
    let (report, _) = run(&executor, &all_of(&["a"])).await;
    assert_eq!((report.wall_us, report.summed_us), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn two_runs_of_one_executor_do_not_meet() {
    let executor = executor(FunctionBackend::new().agent("a", |input| async move {
        Ok(AgentOutput::json(json!(input.run.as_str())))
    }));
    let plan = all_of(&["a"]);
    let (one, other) = tokio::join!(run(&executor, &plan), run(&executor, &plan));
    assert_ne!(one.0.run_id, other.0.run_id);
    for (report, _) in [one, other] {
        assert_eq!(
            report.agents[0].output.as_str(),
            report.run_id.as_ref().map(RunId::as_str)
        );
    }
}
