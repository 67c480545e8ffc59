//! Small plans, and runs with every event kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orchestrate_core::backend::{AgentBackend, AgentOutput};
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::AgentId;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Join, OnError, Plan, RetryPolicy, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor, RunHandle};
use serde_json::json;

pub(crate) fn team(ids: &[&str]) -> Team {
    Team::new(ids.iter().map(|id| template(id, Tier::Cheap).into()))
}

pub(crate) fn agent(id: &str) -> Step {
    Step::agent(AgentId::new(id).unwrap())
}

pub(crate) fn with_retry(mut step: Step, retry: RetryPolicy) -> Step {
    if let StepKind::Agent(agent) = &mut step.kind {
        agent.retry = retry;
    }
    step
}

pub(crate) fn sequence(steps: Vec<Step>) -> Step {
    Step::new(StepKind::Sequence {
        steps,
        on_error: OnError::Continue,
        collect: None,
    })
}

pub(crate) fn joined(join: Join, steps: Vec<Step>) -> Step {
    Step::new(StepKind::Parallel {
        steps,
        join,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    })
}

pub(crate) fn parallel(steps: Vec<Step>) -> Step {
    joined(Join::All, steps)
}

/// A plan in which the agents named are the team and each step names one of them.
pub(crate) fn plan(ids: &[&str], root: Step) -> Plan {
    Plan::new("test", &team(ids), root)
}

/// All at once, one step per agent.
pub(crate) fn all_of(ids: &[&str]) -> Plan {
    plan(ids, parallel(ids.iter().map(|id| agent(id)).collect()))
}

pub(crate) fn executor(backend: impl AgentBackend + 'static) -> LocalExecutor {
    LocalExecutor::builder().backend(backend).build().unwrap()
}

pub(crate) fn limited(backend: impl AgentBackend + 'static, limits: Limits) -> LocalExecutor {
    let builder = LocalExecutor::builder().backend(backend).limits(limits);
    builder.build().unwrap()
}

/// Adds an agent that answers `id` after so many milliseconds.
pub(crate) fn takes(backend: FunctionBackend, id: &'static str, ms: u64) -> FunctionBackend {
    backend.agent(id, move |_| async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(AgentOutput::json(json!(id)))
    })
}

/// An agent `a` that takes 10 ms, and how many of it there were at the same time at most.
pub(crate) fn crowd() -> (FunctionBackend, Arc<AtomicU32>) {
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let seen = most.clone();
    let backend = FunctionBackend::new().agent("a", move |_| {
        let (now, most) = (now.clone(), most.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(AgentOutput::json(json!(1)))
        }
    });
    (backend, seen)
}

/// Runs to the end and checks what holds for every run: events without gaps that never go back in
/// time, and a report that is nothing but their fold.
pub(crate) async fn run(executor: &LocalExecutor, plan: &Plan) -> (RunReport, Vec<Event>) {
    ended(executor.start(plan).unwrap()).await
}

pub(crate) async fn ended(mut handle: RunHandle) -> (RunReport, Vec<Event>) {
    let mut stream = handle.events();
    let listener = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(event);
        }
        events
    });
    let report = handle.report().await.unwrap();
    let events = listener.await.unwrap();
    check_events(&events, &report);
    (report, events)
}

pub(crate) fn check_events(events: &[Event], report: &RunReport) {
    for (position, pair) in events.windows(2).enumerate() {
        assert_eq!(pair[0].seq, position as u64);
        assert_eq!(pair[1].seq, pair[0].seq + 1);
        assert!(pair[0].at_us <= pair[1].at_us);
    }
    assert!(matches!(events[0].kind, EventKind::RunStarted { .. }));
    let last = &events[events.len() - 1].kind;
    assert!(matches!(last, EventKind::RunFinished { .. }), "{last:?}");
    let mut folded = RunReport::of(events);
    let agents = report.agents.iter().map(|result| &result.step);
    let work = report.work.iter().map(|result| &result.step);
    let steps: Vec<_> = agents.chain(work).collect();
    let place = |path: &str| steps.iter().position(|step| step.as_str() == path);
    folded.sort_by_plan(|step| place(step.as_str()));
    assert_eq!(&folded, report);
    let mut steps: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
    let count = steps.len();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), count, "a step is recorded once");
}

/// One line per agent step: its path, the word of its outcome, its attempts, its error.
pub(crate) fn lines(report: &RunReport) -> String {
    let line = |result: &orchestrate_core::result::AgentResult| {
        let error = result.error.as_deref().map(|error| format!(": {error}"));
        format!(
            "{} {} {} x{}{}\n",
            result.step,
            result.agent_id,
            result.outcome.word(),
            result.attempts,
            error.unwrap_or_default()
        )
    };
    let outcome = report.outcome.as_ref().map_or("none", Outcome::word);
    let agents: String = report.agents.iter().map(line).collect();
    format!("{agents}run {outcome} after {} ms\n", report.wall_us / 1000)
}
