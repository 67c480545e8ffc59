//! The memory of 10,000 agents that wait at the same time: it fails when the run takes more than 30 MB.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that fails or is not shown is of no use"
)]

use std::time::Duration;

use orchestrate_core::backend::AgentOutput;
use orchestrate_core::id::AgentId;
use orchestrate_core::plan::{Join, OnError, Plan, Step, StepKind};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use serde_json::Value;

const AGENTS: usize = 10_000;
const MOST_KB: u64 = 30_000;

/// A line of this process's status, in kilobytes.
fn status(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap()
        .trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

fn main() {
    let backend = FunctionBackend::new().agent("sleep", |_| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(AgentOutput::json(Value::Null))
    });
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let team = Team::new([template("sleep", Tier::Cheap).into()]);
    let steps = vec![Step::agent(AgentId::new("sleep").unwrap()); AGENTS];
    let root = Step::new(StepKind::Parallel {
        steps,
        join: Join::All,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    });
    let plan = Plan::new("sleep", &team, root);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .unwrap();
    let before = status("VmRSS");
    let report = runtime.block_on(executor.run(&plan)).unwrap();
    let used = status("VmHWM").saturating_sub(before);
    assert!(report.success());
    println!(
        "{AGENTS} agents that slept 100 ms: {} ms, {used} kB beyond the plan ({before} kB before)",
        report.wall_us / 1000
    );
    assert!(used < MOST_KB, "{used} kB are more than {MOST_KB}");
}
