//! Random plans of all kinds of step, run for real: they end, add up, and give the same hash again.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::event::Event;
use orchestrate_core::fingerprint::event_hash;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::testing::{ScriptedApprover, random_plan};
use orchestrate_core::tool::{Effect, ToolCall, ToolFailure, ToolOutput};
use orchestrate_runtime::tools::FunctionTool;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use orchestrate_strategies::graph::bounds;
use proptest::prelude::*;
use serde_json::json;

use crate::support::ended;

fn number(seed: u64, path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, path).hash(&mut hasher);
    hasher.finish()
}

/// Ends as its place and the outcome seed say, after a time that the other seed says.
async fn agent(input: AgentInput, outcomes: u64, delays: u64) -> Result<AgentOutput, AgentFailure> {
    let path = input.step.as_str().to_owned();
    tokio::time::sleep(Duration::from_millis(number(delays, &path) % 40)).await;
    match number(outcomes, &path) % 6 {
        0 => Err(AgentFailure::reported("by chance")),
        1 => Ok(AgentOutput::json(
            json!({"sub_tasks": [{"agent": "a", "task": "more"}, {"agent": "nobody", "task": "lost"}, {"agent": "pair", "task": "both"}]}),
        )),
        n => Ok(AgentOutput::json(json!({"at": path})).with_confidence(n as f64 / 6.0)),
    }
}

fn tool(name: &str, effect: Effect, outcomes: u64, delays: u64) -> FunctionTool {
    FunctionTool::new(name, effect, move |call: ToolCall| async move {
        let path = call.step.as_str().to_owned();
        tokio::time::sleep(Duration::from_millis(number(delays, &path) % 40)).await;
        if number(outcomes, &path).is_multiple_of(5) {
            let message = "by chance".to_owned();
            return Err(ToolFailure::Retry { message });
        }
        Ok(ToolOutput::json(json!({"at": path})))
    })
}

fn executor(outcomes: u64, delays: u64) -> LocalExecutor {
    let mut backend = FunctionBackend::new();
    for id in orchestrate_core::testing::AGENTS {
        backend = backend.agent(id, move |input| agent(input, outcomes, delays));
    }
    LocalExecutor::builder()
        .backend(backend)
        .tool(tool("look", Effect::Read, outcomes, delays))
        .tool(tool("change", Effect::Write, outcomes, delays))
        .approver(ScriptedApprover::answering("approve"))
        .build()
        .unwrap()
}

fn run(plan: &Plan, outcomes: u64, delays: u64) -> (RunReport, Vec<Event>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { ended(executor(outcomes, delays).start(plan).unwrap()).await })
}

fn choices() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(any::<u16>(), 0..160)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// What depends on no race gives the same hash whatever takes how long.
    #[test]
    fn prop_a_replay_gives_the_same_event_hash_whatever_ends_first(choices in choices(), outcomes in any::<u64>(), delays in any::<(u64, u64)>()) {
        let plan = random_plan(&choices, false);
        let (one, two) = (run(&plan, outcomes, delays.0), run(&plan, outcomes, delays.1));
        prop_assert_eq!(event_hash(&one.1), event_hash(&two.1));
        prop_assert_eq!(one.0.outcome, two.0.outcome);
        prop_assert_eq!(one.0.output, two.0.output);
    }

    #[test]
    fn prop_a_run_of_any_plan_ends_within_its_bounds_and_adds_up(choices in choices(), outcomes in any::<u64>(), delays in any::<u64>()) {
        let plan = random_plan(&choices, true);
        let most = bounds(&plan);
        let (report, events) = run(&plan, outcomes, delays);
        prop_assert!(report.usage.calls <= most.calls.most);
        // Timers go by whole milliseconds and are never early.
        prop_assert!(report.wall_us / 1000 <= most.latency_ms.most + 2, "{} us", report.wall_us);
        let internal = matches!(&report.outcome, None | Some(Outcome::Paused { .. } | Outcome::Failed { class: orchestrate_core::outcome::FailureClass::Internal, .. }));
        prop_assert!(!internal, "{:?}", report.outcome);
        let census = report.census();
        let sum = census.succeeded + census.partial + census.failures() + census.skipped + census.cancelled + census.limited + census.unknown + census.paused;
        prop_assert_eq!(census.requested, sum);
        prop_assert_eq!(census.requested as usize, report.agents.len() + report.work.len());
        let again = run(&plan, outcomes, delays);
        prop_assert_eq!(event_hash(&events), event_hash(&again.1));
    }
}
