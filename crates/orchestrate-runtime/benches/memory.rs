//! The memory of 10,000 agents that wait at the same time: it fails when functions take more than 30 MB, or
//! agents over models, each in the middle of its turn, more than 300 MB.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that fails or is not shown is of no use"
)]

use std::time::Duration;

use orchestrate_core::backend::{AgentBackend, AgentOutput};
use orchestrate_core::id::AgentId;
use orchestrate_core::plan::{Join, OnError, Plan, Step, StepKind};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use serde_json::Value;

const AGENTS: usize = 10_000;

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

/// All at once, by one backend; `most_kb` beyond what the plan takes.
fn measure(what: &str, backend: impl AgentBackend + 'static, most_kb: u64) {
    let executor = LocalExecutor::builder().backend(backend).build().unwrap();
    let mut template = template("sleep", Tier::Cheap);
    template.resource_requirements.max_tokens = 1_000_000;
    let team = Team::new([template.into()]);
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
        "{AGENTS} {what} that slept 100 ms: {} ms, {used} kB beyond the plan ({before} kB before)",
        report.wall_us / 1000
    );
    assert!(used < most_kb, "{used} kB are more than {most_kb}");
}

#[cfg(feature = "models")]
mod models {
    //! Agents over a scripted model that waits, calls a tool, waits and answers.

    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use orchestrate_core::model::{
        Deltas, Entry, Model, ModelError, ModelRequest, ModelResponse, Price,
    };
    use orchestrate_core::template::Tier;
    use orchestrate_core::testing::{model_calls, model_says};
    use orchestrate_core::tool::{Effect, ToolOutput};
    use orchestrate_runtime::agent::ModelBackend;
    use orchestrate_runtime::model::{ModelBook, Prices};
    use orchestrate_runtime::tools::{FunctionTool, ToolSet};
    use serde_json::json;

    #[derive(Debug)]
    struct Slow;

    #[async_trait]
    impl Model for Slow {
        fn name(&self) -> &str {
            "slow/m"
        }

        fn price(&self) -> Option<Price> {
            None
        }

        async fn answer(
            &self,
            request: &ModelRequest<'_>,
            _: &Deltas<'_>,
        ) -> Result<ModelResponse, ModelError> {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let called = |entry: &Entry| matches!(entry, Entry::Calls { .. });
            if request.history.entries().any(called) {
                Ok(model_says("{\"summary\": \"seen\", \"confidence\": 0.9}"))
            } else {
                Ok(model_calls("look", json!({"at": "what is there"})))
            }
        }
    }

    pub(super) fn backend() -> ModelBackend {
        let mut book = ModelBook::new(Prices::default());
        book.set_tier_model(Tier::Cheap, Arc::new(Slow));
        let mut tools = ToolSet::default();
        tools.add(Arc::new(FunctionTool::new(
            "look",
            Effect::Read,
            |_| async { Ok(ToolOutput::json(json!("there is nothing to be seen"))) },
        )));
        tools.allow("*", "look");
        ModelBackend::new(Arc::new(book)).with_tools(tools)
    }
}

fn main() {
    let functions = FunctionBackend::new().agent("sleep", |_| async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(AgentOutput::json(Value::Null))
    });
    measure("functions", functions, 30_000);
    #[cfg(feature = "models")]
    measure("agents over a model", models::backend(), 300_000);
}
