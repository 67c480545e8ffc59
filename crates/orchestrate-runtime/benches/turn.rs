//! What one tool turn of a model-backed agent costs the engine, with a scripted model: under 50 µs, and no
//! more when much was said before.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on is to stop"
)]

use std::sync::Arc;

use async_trait::async_trait;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use orchestrate_core::plan::{AgentStep, Plan, Step, StepKind, Toolbox};
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::{ScriptedModel, model_calls, model_says, template};
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::{ModelBook, Prices};
use orchestrate_runtime::tools::ToolSet;
use serde_json::json;

#[derive(Debug)]
struct Echo(ToolSpec);

#[async_trait]
impl Tool for Echo {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        Ok(ToolOutput::json(call.arguments["text"].clone()))
    }
}

fn tools() -> ToolSet {
    let spec = ToolSpec {
        name: "echo".into(),
        description: "Says it again.".into(),
        parameters: json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}),
        effect: Effect::Read,
    };
    let mut tools = ToolSet::default();
    tools.add(Arc::new(Echo(spec)));
    tools.allow("*", "echo");
    tools
}

fn executor(rounds: usize) -> LocalExecutor {
    let call = || {
        Ok(model_calls(
            "echo",
            json!({"text": "so it is said again and again"}),
        ))
    };
    let script = std::iter::repeat_with(call)
        .take(rounds)
        .chain([Ok(model_says("{\"summary\": \"done\"}"))]);
    let mut book = ModelBook::new(Prices::default());
    book.set_tier_model(
        Tier::Cheap,
        Arc::new(ScriptedModel::new("scripted/model", script)),
    );
    let backend = ModelBackend::new(Arc::new(book)).with_tools(tools());
    LocalExecutor::builder().backend(backend).build().unwrap()
}

fn plan(rounds: usize) -> Plan {
    let mut template = template("worker", Tier::Cheap);
    template.resource_requirements.max_tokens = 100_000_000;
    let team = Team::new([Arc::new(template)]);
    let step = AgentStep {
        toolbox: Some(Toolbox {
            tools: Vec::new(),
            max_steps: u32::try_from(rounds).unwrap() + 1,
        }),
        ..AgentStep::new(team.members()[0].id.clone())
    };
    Plan::new("Say it again", &team, Step::new(StepKind::Agent(step)))
}

fn turns(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("tool_turn");
    for rounds in [20, 200] {
        let plan = plan(rounds);
        group.throughput(Throughput::Elements(rounds as u64));
        group.bench_function(BenchmarkId::from_parameter(rounds), |bencher| {
            bencher.iter_batched(
                || executor(rounds),
                |executor| {
                    let report = runtime.block_on(executor.run(&plan)).unwrap();
                    assert!(report.success(), "{:?}", report.agents);
                },
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// The least that one turn took of several runs, in microseconds.
fn least(runtime: &tokio::runtime::Runtime, rounds: usize) -> f64 {
    let plan = plan(rounds);
    let runs = (0..15).map(|_| {
        let executor = executor(rounds);
        let began = std::time::Instant::now();
        assert!(runtime.block_on(executor.run(&plan)).unwrap().success());
        began.elapsed().as_secs_f64() * 1e6 / rounds as f64
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// It fails when a turn takes 50 microseconds, or one of 200 half as much again as one of 20.
fn targets(_: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (few, many) = (least(&runtime, 20), least(&runtime, 200));
    println!(
        "a tool turn: {few:.1} us of 20, {many:.1} us of 200, {:.2} times",
        many / few
    );
    assert!(few < 50.0 && many < 50.0 && many < few * 1.5);
}

criterion_group!(benches, turns, targets);
criterion_main!(benches);
