//! Stopping a run: everything ends within a bound, what had ended is kept, what did not stop is named.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use expect_test::expect;
use orchestrate_core::backend::{AgentFailure, AgentOutput};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::id::StepPath;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};
use orchestrate_core::testing::ScriptedBackend;
use orchestrate_runtime::FunctionBackend;
use serde_json::json;
use tokio::time::{advance, sleep};

use crate::support::{
    agent, all_of, check_events, ended, executor, lines, parallel, plan, sequence, takes,
};

#[tokio::test(start_paused = true)]
async fn cancelling_ends_all_and_keeps_what_had_ended() {
    let backend = takes(takes(FunctionBackend::new(), "quick", 10), "slow", 60_000);
    let steps = vec![
        parallel(vec![agent("quick"), agent("slow"), agent("slow")]),
        agent("quick"),
    ];
    let handle = executor(backend)
        .start(&plan(&["quick", "slow"], sequence(steps)))
        .unwrap();
    let canceller = handle.canceller();
    tokio::spawn(async move {
        sleep(Duration::from_millis(50)).await;
        canceller.cancel();
        canceller.cancel();
    });
    let (report, _) = ended(handle).await;
    let ms = report.wall_us / 1000;
    assert!((50..1050).contains(&ms), "{ms}");
    expect![[r#"
        0/0 quick succeeded x1
        0/1 slow cancelled x1: cancelled by the user
        0/2 slow cancelled x1: cancelled by the user
        1 quick cancelled x0: cancelled by the user
    "#]]
    .assert_eq(
        lines(&report)
            .split_inclusive('\n')
            .take(4)
            .collect::<String>()
            .as_str(),
    );
    let reason = CancelReason::User;
    assert_eq!(report.outcome, Some(Outcome::Cancelled { reason }));
    assert!(report.unstopped.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_rests_before_a_retry_is_cancelled_at_once() {
    let busy = AgentFailure::new(FailureClass::Transient, "busy");
    let backend = ScriptedBackend::new([("a", vec![Err(busy)])]);
    let handle = executor(backend).start(&all_of(&["a"])).unwrap();
    let canceller = handle.canceller();
    tokio::spawn(async move {
        sleep(Duration::from_millis(100)).await;
        canceller.cancel();
    });
    let (report, _) = ended(handle).await;
    expect![[r#"
        0 a cancelled x1: cancelled by the user
        run cancelled after 100 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn a_run_cancelled_before_it_began_does_nothing() {
    let backend = takes(FunctionBackend::new(), "a", 10);
    let handle = executor(backend).start(&all_of(&["a"])).unwrap();
    handle.cancel();
    let (report, _) = ended(handle).await;
    expect![[r#"
        0 a cancelled x0: cancelled by the user
        run cancelled after 0 ms
    "#]]
    .assert_eq(&lines(&report));
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_asks_its_signal_stops_in_time() {
    let backend = FunctionBackend::new().blocking("asks", |input| {
        while !input.cancel.is_raised() {
            std::thread::yield_now();
        }
        Err(AgentFailure::reported("stopped"))
    });
    let mut handle = executor(backend).start(&all_of(&["asks"])).unwrap();
    let mut events = handle.events();
    // The start of the run and that of the step: from here on the thread is at work.
    for _ in 0..2 {
        events.next().await.unwrap();
    }
    handle.cancel();
    let report = handle.report().await.unwrap();
    assert_eq!(report.agents[0].outcome.word(), "cancelled");
    assert!(report.unstopped.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_ignores_its_signal_is_named_and_not_waited_for() {
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let backend = takes(FunctionBackend::new(), "quick", 0).blocking("deaf", move |_| {
        // Blocks until the test lets go.
        let _ = released.lock().unwrap().recv();
        Ok(AgentOutput::json(json!("too late")))
    });
    let mut handle = executor(backend)
        .start(&all_of(&["deaf", "quick"]))
        .unwrap();
    let mut stream = handle.events();
    let mut events = Vec::new();
    while events.len() < 3 {
        events.push(stream.next().await.unwrap());
    }
    handle.cancel();
    let report = tokio::spawn(handle.report());
    // Tokio does not move a paused clock by itself while a thread of its pool is at work.
    let mut waited = 0;
    while !report.is_finished() {
        advance(Duration::from_millis(50)).await;
        waited += 50;
        assert!(
            waited <= 1000,
            "a run ends within a second after it was cancelled"
        );
    }
    let report = report.await.unwrap().unwrap();
    while let Some(event) = stream.next().await {
        events.push(event);
    }
    drop(release);
    check_events(&events, &report);
    let unstopped: Vec<_> = report.unstopped.iter().map(StepPath::as_str).collect();
    assert_eq!(unstopped, ["0"]);
    assert_eq!(report.agents[0].outcome.word(), "cancelled");
    assert!(report.agents[0].output.is_null());
}

/// The agent sees the signal itself and fails before the run has come to stop it.
#[tokio::test(start_paused = true)]
async fn what_fails_because_it_was_told_to_stop_is_cancelled() {
    let backend = FunctionBackend::new().agent("asks", |input| async move {
        while !input.cancel.is_raised() {
            tokio::task::yield_now().await;
        }
        Err(AgentFailure::new(FailureClass::Transient, "stopped").with_output(json!("half")))
    });
    let mut handle = executor(backend).start(&all_of(&["asks"])).unwrap();
    let mut events = handle.events();
    for _ in 0..2 {
        events.next().await.unwrap();
    }
    handle.cancel();
    let report = handle.report().await.unwrap();
    let reason = CancelReason::User;
    assert_eq!(report.agents[0].outcome, Outcome::Cancelled { reason });
}

/// Says when the future that holds it is dropped.
struct Guard(Arc<Mutex<Vec<&'static str>>>, &'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_holds_is_torn_down() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let signals = Arc::new(Mutex::new(Vec::<CancelSignal>::new()));
    let (seen, kept) = (dropped.clone(), signals.clone());
    let backend = FunctionBackend::new().agent("hangs", move |input| {
        kept.lock().unwrap().push(input.cancel.clone());
        let guard = Guard(dropped.clone(), "dropped");
        async move {
            let _guard = guard;
            std::future::pending().await
        }
    });
    let mut handle = executor(backend).start(&all_of(&["hangs"])).unwrap();
    let mut events = handle.events();
    for _ in 0..2 {
        events.next().await.unwrap();
    }
    drop(handle);
    // Whoever listens keeps the run.
    sleep(Duration::from_millis(10)).await;
    assert!(seen.lock().unwrap().is_empty());
    drop(events);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(*seen.lock().unwrap(), ["dropped"]);
    assert!(signals.lock().unwrap().iter().all(CancelSignal::is_raised));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_a_run_tears_it_down() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let seen = dropped.clone();
    let backend = FunctionBackend::new().agent("hangs", move |_| {
        let guard = Guard(dropped.clone(), "dropped");
        async move {
            let _guard = guard;
            std::future::pending().await
        }
    });
    let executor = executor(backend);
    let plan = all_of(&["hangs"]);
    let cut = tokio::time::timeout(Duration::from_millis(100), executor.run(&plan)).await;
    assert!(cut.is_err());
    sleep(Duration::from_millis(10)).await;
    assert_eq!(*seen.lock().unwrap(), ["dropped"]);
}
