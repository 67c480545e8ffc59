//! Recorded runs: nothing happens before it is recorded, and a run goes on from what is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expect_test::expect;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{CancelRequest, Decision, JournalError, RunJournal};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{Arm, Join, Plan, RetryPolicy, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::testing::ManualClock;
use orchestrate_core::testing::journal::MemoryJournal;
use orchestrate_core::tool::Effect;
use orchestrate_runtime::{FunctionBackend, LocalExecutor, RunError};
use serde_json::json;

use crate::support::{agent, joined, parallel, plan, sequence, with_retry};

/// Every attempt that was made, in order: the step and its number.
type Attempts = Arc<Mutex<Vec<(String, u32)>>>;

/// `work` answers with its step, `shaky` fails at its first attempt, `slow` takes a second.
fn backend(attempts: &Attempts) -> FunctionBackend {
    let note = |attempts: &Attempts| {
        let attempts = attempts.clone();
        move |input: &AgentInput| {
            let attempt = (input.step.as_str().to_owned(), input.attempt);
            attempts.lock().unwrap().push(attempt);
        }
    };
    let (work, shaky, slow) = (note(attempts), note(attempts), note(attempts));
    FunctionBackend::new()
        .agent("work", move |input: AgentInput| {
            work(&input);
            async move { Ok(AgentOutput::json(json!({"did": input.step.as_str()}))) }
        })
        .agent("shaky", move |input: AgentInput| {
            shaky(&input);
            async move {
                if input.attempt == 1 {
                    return Err(AgentFailure::new(FailureClass::Transient, "busy"));
                }
                Ok(AgentOutput::json(json!("at last")))
            }
        })
        .agent("slow", move |input: AgentInput| {
            slow(&input);
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(AgentOutput::json(json!("slow")))
            }
        })
}

fn executor(backend: impl AgentBackend + 'static, journal: &Arc<MemoryJournal>) -> LocalExecutor {
    let builder = LocalExecutor::builder().backend(backend);
    builder.journal(journal.clone()).build().unwrap()
}

const TEAM: &[&str] = &["work", "shaky", "slow"];

/// Sixty steps: fan-outs, joins that are decided early, a loop, a map, a branch, retries.
fn sixty() -> Plan {
    let fan = |agents: &[&str]| parallel(agents.iter().map(|id| agent(id)).collect());
    let quick = RetryPolicy {
        delay_ms: 10,
        ..RetryPolicy::default()
    };
    let rounds = Step::new(StepKind::Loop {
        body: Box::new(sequence(vec![agent("work"), fan(&["work", "work"])])),
        until: Condition::Always { value: false },
        fuel: 4,
        start: None,
    });
    let items = Step::new(StepKind::Map {
        over: Reference::new("context.items"),
        body: Box::new(sequence(vec![agent("work"), agent("work")])),
        max_items: 8,
        max_concurrency: Some(2),
        join: Join::All,
    });
    let branch = Step::new(StepKind::Branch {
        arms: vec![Arm {
            label: "never".to_owned(),
            when: Condition::Always { value: false },
            then: agent("work"),
        }],
        otherwise: Some(Box::new(fan(&["work"; 3]))),
    });
    let root = sequence(vec![
        fan(&["work"; 12]),
        with_retry(agent("shaky"), quick),
        rounds,
        joined(Join::Any, vec![agent("work"), agent("slow"), agent("slow")]),
        items,
        branch,
        fan(&["work"; 18]),
    ]);
    let context = json!({"items": [1, 2, 3, 4, 5]});
    plan(TEAM, root).with_context(context.as_object().unwrap().clone())
}

/// What a report says, without times.
fn told(report: &RunReport) -> String {
    let line = |result: &orchestrate_core::result::AgentResult| {
        format!(
            "{} {} {}\n",
            result.step,
            result.outcome.word(),
            result.output
        )
    };
    let agents: String = report.agents.iter().map(line).collect();
    format!("{agents}{:?} {}", report.outcome, report.output)
}

pub(crate) fn ended(events: &[Event]) -> BTreeSet<String> {
    let path = |event: &Event| match &event.kind {
        EventKind::StepFinished { step, .. } => Some(step.as_str().to_owned()),
        _ => None,
    };
    events.iter().filter_map(path).collect()
}

async fn recorded(journal: &MemoryJournal) -> (RunId, Vec<Event>) {
    let run = journal.find("latest").await.unwrap();
    let events = journal.load(&run).await.unwrap().events;
    (run, events)
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_anywhere_comes_to_the_same_end_and_repeats_nothing_that_ended() {
    let plan = sixty();
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    let whole = executor(backend(&attempts), &journal)
        .run(&plan)
        .await
        .unwrap();
    assert_eq!(whole.agents.len(), 60);
    let mut cuts = 0;
    loop {
        let attempts = Attempts::default();
        let journal = Arc::new(MemoryJournal::default());
        journal.fail_after(cuts);
        let cut = executor(backend(&attempts), &journal).run(&plan).await;
        if let Ok(report) = cut {
            assert_eq!(told(&report), told(&whole));
            break;
        }
        let full = matches!(cut, Err(RunError::Journal(JournalError::Full { .. })));
        assert!(full, "{cut:?}");
        journal.mend();
        let (run, before) = recorded(&journal).await;
        let first: Vec<_> = std::mem::take(&mut *attempts.lock().unwrap());
        let handle = executor(backend(&attempts), &journal)
            .resume(&run, false)
            .await
            .unwrap();
        let report = handle.report().await.unwrap();
        assert_eq!(told(&report), told(&whole), "cut after {cuts}");
        let again: BTreeMap<String, u32> = attempts.lock().unwrap().iter().cloned().collect();
        for step in ended(&before) {
            assert!(
                !again.contains_key(&step),
                "{step} ran again, cut after {cuts}"
            );
        }
        // An attempt that was announced is not announced again under the same number.
        for (step, attempt) in &first {
            assert!(
                again.get(step).is_none_or(|second| second > attempt),
                "{step}"
            );
        }
        cuts += 1;
    }
    assert!(cuts > 20, "{cuts}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_or_begun_before_it_is_recorded() {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    journal.fail_after(1);
    let plan = plan(
        TEAM,
        sequence(vec![agent("work"), agent("work"), agent("work")]),
    );
    let mut handle = executor(backend(&attempts), &journal).start(&plan).unwrap();
    let mut events = handle.events();
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push(event);
    }
    let error = handle.report().await.unwrap_err();
    assert!(
        matches!(error, RunError::Journal(JournalError::Full { .. })),
        "{error}"
    );
    // Told is what is recorded, and of what was begun all is recorded.
    assert_eq!(told, recorded(&journal).await.1);
    assert_eq!(*attempts.lock().unwrap(), [("0".to_owned(), 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_recorded_at_all_does_not_begin() {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    journal.fail_after(0);
    let plan = plan(TEAM, agent("work"));
    let error = executor(backend(&attempts), &journal)
        .run(&plan)
        .await
        .unwrap_err();
    assert!(
        matches!(error, RunError::Journal(JournalError::Full { .. })),
        "{error}"
    );
    assert!(attempts.lock().unwrap().is_empty());
}

/// Changes something outside that cannot be taken back.
#[derive(Debug)]
struct Outward(FunctionBackend, Effect);

#[async_trait::async_trait]
impl AgentBackend for Outward {
    fn name(&self) -> &'static str {
        "outward"
    }
    fn supports(&self, agent: &Agent) -> bool {
        self.0.supports(agent)
    }
    fn effect(&self, _: &Agent) -> Effect {
        self.1
    }
    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        self.0.run(input).await
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_repeated_waits_for_a_decision_after_a_cut() {
    let mut told = String::new();
    for effect in [Effect::Read, Effect::Write, Effect::External] {
        for retry in [RetryPolicy::default(), RetryPolicy::NEVER] {
            let attempts = Attempts::default();
            let journal = Arc::new(MemoryJournal::default());
            let outward = || Outward(backend(&attempts), effect);
            let plan = plan(TEAM, with_retry(agent("slow"), retry));
            // The beginning is recorded, the end is not.
            journal.fail_after(1);
            executor(outward(), &journal).run(&plan).await.unwrap_err();
            journal.mend();
            let (run, _) = recorded(&journal).await;
            let handle = executor(outward(), &journal)
                .resume(&run, false)
                .await
                .unwrap();
            let report = handle.report().await.unwrap();
            let made = attempts.lock().unwrap().len();
            let outcome = report.outcome.as_ref().map_or("none", Outcome::word);
            told += &format!("{effect} x{}: {made} {outcome}\n", retry.max_attempts);
        }
    }
    expect![[r#"
        read x3: 2 succeeded
        read x1: 2 succeeded
        write x3: 2 succeeded
        write x1: 1 paused
        external x3: 1 paused
        external x1: 1 paused
    "#]]
    .assert_eq(&told);
}

/// What a run comes to whose only step was cut and may not be repeated, by what is decided of it.
async fn decided(choice: &str) -> String {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    let outward = || Outward(backend(&attempts), Effect::External);
    journal.fail_after(1);
    let plan = plan(TEAM, sequence(vec![agent("slow")]));
    executor(outward(), &journal).run(&plan).await.unwrap_err();
    journal.mend();
    let (run, _) = recorded(&journal).await;
    for _ in 0..2 {
        // It waits however often it is gone on with, and asks once.
        let handle = executor(outward(), &journal)
            .resume(&run, false)
            .await
            .unwrap();
        assert!(!handle.report().await.unwrap().success());
    }
    let events = journal.load(&run).await.unwrap().events;
    let requests: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ApprovalRequested { request } => Some(request),
            _ => None,
        })
        .collect();
    assert_eq!(requests.len(), 1);
    let decision = Decision {
        answer: requests[0].answer(choice, "ann"),
        at_ms: 0,
    };
    journal
        .decide(&run, &requests[0].step, &decision)
        .await
        .unwrap();
    let handle = executor(outward(), &journal)
        .resume(&run, false)
        .await
        .unwrap();
    let report = handle.report().await.unwrap();
    let outcome = report.outcome.as_ref().map_or("none", Outcome::word);
    format!(
        "{choice}: {outcome} after {} attempts",
        attempts.lock().unwrap().len()
    )
}

#[tokio::test(start_paused = true)]
async fn a_person_decides_what_became_of_an_attempt() {
    assert_eq!(decided("again").await, "again: succeeded after 2 attempts");
    assert_eq!(
        decided("succeeded").await,
        "succeeded: succeeded after 1 attempts"
    );
    assert_eq!(decided("failed").await, "failed: failed after 1 attempts");
}

#[tokio::test(start_paused = true)]
async fn of_two_that_go_on_with_a_run_one_is_refused() {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    let executor = executor(backend(&attempts), &journal);
    let run = executor.record(&plan(TEAM, agent("slow"))).await.unwrap();
    let first = executor.resume(&run, false).await.unwrap();
    let second = executor.resume(&run, false).await.unwrap_err();
    assert!(
        matches!(second, RunError::Journal(JournalError::Owned { .. })),
        "{second}"
    );
    assert!(first.report().await.unwrap().success());
    let third = executor.resume(&run, false).await.unwrap_err();
    assert!(matches!(third, RunError::Ended { .. }), "{third}");
    assert_eq!(attempts.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_was_replaced_stops_and_says_so() {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    let executor = executor(backend(&attempts), &journal);
    let plan = plan(TEAM, sequence(vec![agent("slow"), agent("work")]));
    let run = executor.record(&plan).await.unwrap();
    let old = executor.resume(&run, false).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let new = executor.resume(&run, true).await.unwrap();
    let refused = old.report().await.unwrap_err();
    assert!(
        matches!(refused, RunError::Journal(JournalError::StaleOwner { .. })),
        "{refused}"
    );
    assert!(new.report().await.unwrap().success());
}

#[tokio::test(start_paused = true)]
async fn what_planned_a_run_is_recorded_with_it_and_paid_once() {
    let journal = Arc::new(MemoryJournal::default());
    let executor = executor(backend(&Attempts::default()), &journal);
    let used = Usage {
        tokens: 340,
        ..Usage::default()
    };
    let plan = plan(TEAM, sequence(vec![agent("slow"), agent("work")]));
    let planned = executor.clone().with_planning(used);
    let run = planned.record(&plan).await.unwrap();
    // Whoever begins it later need not know.
    let begun = executor.resume(&run, false).await.unwrap();
    assert_eq!(begun.recorded().spending.total(), Usage::default());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let gone_on = executor.resume(&run, true).await.unwrap();
    assert!(begun.report().await.is_err());
    assert_eq!(gone_on.recorded().spending.total(), used);
    let report = gone_on.report().await.unwrap();
    assert!(report.success());
    assert_eq!((report.usage.tokens, report.planning), (340, used));
}

#[tokio::test(start_paused = true)]
async fn a_wish_from_outside_stops_a_run() {
    let attempts = Attempts::default();
    let journal = Arc::new(MemoryJournal::default());
    let executor = executor(backend(&attempts), &journal);
    let plan = plan(
        TEAM,
        sequence(vec![agent("work"), agent("slow"), agent("slow")]),
    );
    let handle = executor.start(&plan).unwrap();
    let run = handle.run_id().clone();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let wish = CancelRequest {
        by: "ann".into(),
        at_ms: 0,
    };
    journal.request_cancel(&run, &wish).await.unwrap();
    let report = handle.report().await.unwrap();
    assert_eq!(
        report
            .outcome
            .as_ref()
            .map(orchestrate_core::outcome::Outcome::word),
        Some("cancelled")
    );
    assert_eq!(report.agents.iter().filter(|it| it.success).count(), 1);
}

/// What a run comes to that is cut after a minute, and how many seconds that takes once it is gone on
/// with, so many seconds after 5,000 seconds before it began, by the clock on the wall.
async fn gone_on_with(
    plan: &Plan,
    backend: impl Fn() -> FunctionBackend,
    wall_s: u64,
) -> (RunReport, u64) {
    let journal = Arc::new(MemoryJournal::default());
    let executor_at = |wall_s: u64| {
        let clock = ManualClock::default();
        clock.set_wall_ms(wall_s * 1000);
        let builder = LocalExecutor::builder().backend(backend());
        builder
            .journal(journal.clone())
            .clock(clock)
            .build()
            .unwrap()
    };
    let handle = executor_at(1_000_000).start(plan).unwrap();
    let run = handle.run_id().clone();
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop(handle);
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    let handle = executor_at(1_000_000 + wall_s - 5000)
        .resume(&run, true)
        .await
        .unwrap();
    let report = handle.report().await.unwrap();
    (report, began.elapsed().as_secs())
}

/// How long a step rests whose second attempt is due an hour after the first.
async fn rested_s(wall_s: u64) -> u64 {
    let attempts = Attempts::default();
    let hour = RetryPolicy {
        delay_ms: 3_600_000,
        max_delay_ms: 3_600_000,
        ..RetryPolicy::default()
    };
    let plan = plan(TEAM, with_retry(agent("shaky"), hour));
    let (report, seconds) = gone_on_with(&plan, || backend(&attempts), wall_s).await;
    assert!(report.success());
    assert_eq!(attempts.lock().unwrap().last(), Some(&(String::new(), 2)));
    seconds
}

#[tokio::test(start_paused = true)]
async fn a_rest_ends_when_it_would_have_however_the_clock_jumped() {
    // 1,000 seconds later, a day later, and 5,000 seconds before it began.
    assert_eq!(rested_s(6000).await, 2600);
    assert_eq!(rested_s(5000 + 86_400).await, 0);
    assert_eq!(rested_s(0).await, 3600);
}

/// How long a group still has whose time is an hour, though its steps would take longer.
async fn group_ends_after_s(wall_s: u64) -> u64 {
    let team = crate::support::team(&["hangs"]);
    let mut template = (*team.members()[0].template).clone();
    template.resource_requirements.timeout_seconds = 36_000;
    let team = Team::new([Arc::new(template)]);
    let root = parallel(vec![agent("hangs"), agent("hangs")]).within_ms(3_600_000);
    let backend = || FunctionBackend::new().agent("hangs", |_| std::future::pending());
    let (report, seconds) = gone_on_with(&Plan::new("test", &team, root), backend, wall_s).await;
    assert!(!report.success());
    let why = report.agents[0].error.clone().unwrap();
    assert!(why.contains("its time was over"), "{why}");
    seconds
}

#[tokio::test(start_paused = true)]
async fn a_deadline_stays_where_it_was_however_the_clock_jumped() {
    assert_eq!(group_ends_after_s(6000).await, 2600);
    assert_eq!(group_ends_after_s(5000 + 86_400).await, 0);
    assert_eq!(group_ends_after_s(0).await, 3600);
}

#[tokio::test(start_paused = true)]
async fn what_is_done_after_a_cut_takes_its_own_time() {
    let (journal, attempts) = (Arc::new(MemoryJournal::default()), Attempts::default());
    let plan = plan(TEAM, sequence(vec![agent("slow"), agent("slow")]));
    let handle = executor(backend(&attempts), &journal).start(&plan).unwrap();
    let run = handle.run_id().clone();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    drop(handle);
    tokio::task::yield_now().await;
    // A process that begins anew, and with it a clock that shows less than the run is old.
    let next = executor(backend(&attempts), &journal);
    let report = next.resume(&run, true).await.unwrap();
    let report = report.report().await.unwrap();
    let times: Vec<f64> = report.agents.iter().map(|it| it.duration_ms).collect();
    assert_eq!(times, [1000.0, 1000.0]);
    assert_eq!(report.wall_us, 2_000_000);
}
