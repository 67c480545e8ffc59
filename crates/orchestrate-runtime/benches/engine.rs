//! The price of the engine per step, beside floors that do the same work without it.
//!
//! Every pair of numbers comes from the same run on the same machine; the targets are ratios or
//! stand in the name of the group. `engine` is the time from the first event of a run to its last,
//! `whole` includes checking, compiling and hashing the plan.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up has nothing to report"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use orchestrate_core::backend::{AgentBackend, AgentInput, AgentOutput};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, RunId, StepName, StepPath};
use orchestrate_core::plan::{AgentStep, GraphNode, Join, OnError, Plan, Step, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::scope::Scope;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use orchestrate_runtime::{FunctionBackend, LocalExecutor};
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::Graph;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .unwrap()
}

/// A JSON object of about one kilobyte.
fn kilobyte() -> Arc<Value> {
    let fields = (0..16).map(|i| (format!("field_{i:02}"), Value::from("x".repeat(48))));
    Arc::new(Value::Object(fields.collect()))
}

/// `pass` hands on what it was given; `sleep` takes 100 ms.
fn backend() -> FunctionBackend {
    let first = kilobyte();
    FunctionBackend::new()
        .agent("pass", move |input: AgentInput| {
            let first = first.clone();
            async move {
                let given = input.input("previous_output").cloned();
                Ok(AgentOutput::json(given.unwrap_or(first)))
            }
        })
        .agent("sleep", |_| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(AgentOutput::json(Value::Null))
        })
}

fn executor() -> LocalExecutor {
    LocalExecutor::builder().backend(backend()).build().unwrap()
}

fn team() -> Team {
    Team::new(["pass", "sleep"].map(|id| template(id, Tier::Cheap).into()))
}

fn name(i: usize) -> StepName {
    StepName::new(format!("s{i}")).unwrap()
}

fn step(agent: &str, i: usize, reads: Option<usize>) -> Step {
    let output = |before| Reference::new(format!("steps.s{before}.output"));
    let inputs = reads.map(|before| ("previous_output".to_owned(), output(before)));
    Step::new(StepKind::Agent(AgentStep {
        inputs: inputs.into_iter().collect(),
        ..AgentStep::new(AgentId::new(agent).unwrap())
    }))
    .named(name(i))
}

fn plan(root: StepKind) -> Plan {
    Plan::new("measure", &team(), Step::new(root))
}

fn chain(n: usize) -> Plan {
    plan(StepKind::Sequence {
        steps: (0..n).map(|i| step("pass", i, i.checked_sub(1))).collect(),
        on_error: OnError::Stop,
        collect: None,
    })
}

fn fan(agent: &str, n: usize) -> Plan {
    plan(StepKind::Parallel {
        steps: (0..n).map(|i| step(agent, i, None)).collect(),
        join: Join::All,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    })
}

/// The steps that each step of a layered graph needs: three of the layer before, chosen by a fixed rule.
fn layered(n: usize, width: usize) -> Vec<Vec<usize>> {
    let mut state = 0x9e37_79b9_u64;
    let mut next = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let needs = |i: usize| {
        let layer = i / width;
        let mut needs: Vec<usize> = match layer {
            0 => Vec::new(),
            _ => (0..3).map(|_| (layer - 1) * width + next(width)).collect(),
        };
        needs.sort_unstable();
        needs.dedup();
        needs
    };
    (0..n).map(needs).collect()
}

/// With `reads`, each step is given the output of one that it needs.
fn dag(needs: &[Vec<usize>], reads: bool) -> Plan {
    let nodes = needs.iter().enumerate().map(|(i, needs)| {
        let step = step("pass", i, needs.last().copied().filter(|_| reads));
        GraphNode::new(step, needs.iter().map(|need| name(*need)))
    });
    plan(StepKind::Graph {
        nodes: nodes.collect(),
        on_error: OnError::SkipDependents,
        collect: None,
    })
}

/// A run with somebody who listens to every event.
async fn watched(executor: &LocalExecutor, plan: &Plan) -> RunReport {
    let mut handle = executor.start(plan).unwrap();
    let mut events = handle.events();
    let listener = tokio::spawn(async move {
        let mut count = 0_u64;
        while let Some(event) = events.next().await {
            count += 1;
            black_box(event);
        }
        count
    });
    let report = handle.report().await.unwrap();
    assert!(report.success(), "{:?}", report.outcome);
    assert!(listener.await.unwrap() > 0);
    report
}

fn input(
    step: usize,
    previous: Option<Arc<Value>>,
    agent: &Arc<orchestrate_core::team::Agent>,
) -> AgentInput {
    AgentInput {
        reserved: agent.reservation(),
        run: RunId::of(&[1]),
        task: "measure".into(),
        context: Arc::default(),
        agent: agent.clone(),
        step: StepPath::root().child(&step),
        instruction: None,
        inputs: previous
            .into_iter()
            .map(|value| ("previous_output".into(), value))
            .collect(),
        prefix: None,
        toolbox: None,
        answer: None,
        scope: Scope::default(),
        attempt: 1,
        messages: Vec::new(),
        calls: orchestrate_core::calls::Calls::default(),
        cancel: CancelSignal::default().attempt(),
    }
}

fn member(id: &str) -> Arc<orchestrate_core::team::Agent> {
    let team = team();
    Arc::new(
        team.members()
            .iter()
            .find(|agent| agent.id == id)
            .unwrap()
            .clone(),
    )
}

/// The same agents called one after another by hand.
async fn bare_chain(backend: &FunctionBackend, n: usize) -> Arc<Value> {
    let agent = member("pass");
    let mut value = None;
    for i in 0..n {
        value = Some(backend.run(input(i, value, &agent)).await.unwrap().output);
    }
    value.unwrap()
}

/// The same agents in a `JoinSet`.
async fn bare_fan(backend: &Arc<FunctionBackend>, agent: &str, n: usize) -> Vec<Arc<Value>> {
    let agent = member(agent);
    let mut set = JoinSet::new();
    for i in 0..n {
        let backend = backend.clone();
        let input = input(i, None, &agent);
        set.spawn(async move { (i, backend.run(input).await.unwrap().output) });
    }
    let mut outputs = vec![Arc::default(); n];
    while let Some(done) = set.join_next().await {
        let (i, output) = done.unwrap();
        outputs[i] = output;
    }
    outputs
}

/// The same graph as one task per step that waits for the steps it needs.
async fn bare_dag(backend: &Arc<FunctionBackend>, needs: &[Vec<usize>]) -> Vec<Arc<Value>> {
    let agent = member("pass");
    let mut done: Vec<watch::Receiver<Option<Arc<Value>>>> = Vec::with_capacity(needs.len());
    let mut set = JoinSet::new();
    for (i, needs) in needs.iter().enumerate() {
        let (sender, receiver) = watch::channel(None);
        let mut before: Vec<_> = needs.iter().map(|need| done[*need].clone()).collect();
        done.push(receiver);
        let (backend, agent) = (backend.clone(), agent.clone());
        set.spawn(async move {
            let mut previous = None;
            for receiver in &mut before {
                previous.clone_from(&*receiver.wait_for(Option::is_some).await.unwrap());
            }
            let output = backend
                .run(input(i, previous, &agent))
                .await
                .unwrap()
                .output;
            sender.send_replace(Some(output.clone()));
            (i, output)
        });
    }
    let mut outputs = vec![Arc::default(); needs.len()];
    while let Some(result) = set.join_next().await {
        let (i, output) = result.unwrap();
        outputs[i] = output;
    }
    outputs
}

/// Times runs by their own clock, from the first event to the last.
fn engine_time(runtime: &Runtime, executor: &LocalExecutor, plan: &Plan, rounds: u64) -> Duration {
    let run = || runtime.block_on(watched(executor, plan)).wall_us;
    Duration::from_micros((0..rounds).map(|_| run()).sum())
}

fn whole_time(runtime: &Runtime, executor: &LocalExecutor, plan: &Plan, rounds: u64) -> Duration {
    let begun = Instant::now();
    for _ in 0..rounds {
        runtime.block_on(watched(executor, plan));
    }
    begun.elapsed()
}

/// What is measured together: a plan, the same work without the engine, and how often to sample.
struct Case<'a> {
    name: &'a str,
    plan: Plan,
    steps: u64,
    samples: usize,
}

fn compare<F: Future<Output: Send + 'static> + Send + 'static>(
    criterion: &mut Criterion,
    runtime: &Runtime,
    case: &Case<'_>,
    bare: impl Fn() -> F,
) {
    let executor = executor();
    let mut group = criterion.benchmark_group(case.name);
    group
        .throughput(Throughput::Elements(case.steps))
        .sample_size(case.samples);
    group.bench_function("engine", |b| {
        b.iter_custom(|n| engine_time(runtime, &executor, &case.plan, n));
    });
    group.bench_function("whole", |b| {
        b.iter_custom(|n| whole_time(runtime, &executor, &case.plan, n));
    });
    // Spawned like the engine's dispatcher, so that both start from a thread of the runtime.
    group.bench_function("bare", |b| {
        b.iter(|| runtime.block_on(runtime.spawn(bare())).unwrap());
    });
    group.finish();
}

fn against_floors(criterion: &mut Criterion) {
    let runtime = runtime();
    let shared = Arc::new(backend());

    let case = Case {
        name: "chain of 1000, at most 1 us a step",
        plan: chain(1000),
        steps: 1000,
        samples: 100,
    };
    compare(criterion, &runtime, &case, || {
        let shared = shared.clone();
        async move { bare_chain(&shared, 1000).await }
    });

    let case = Case {
        name: "fan-out of 10000, at most 1.5x",
        plan: fan("pass", 10_000),
        steps: 10_000,
        samples: 20,
    };
    compare(criterion, &runtime, &case, || {
        let shared = shared.clone();
        async move { bare_fan(&shared, "pass", 10_000).await }
    });

    let needs = Arc::new(layered(1000, 50));
    let case = Case {
        name: "graph of 1000 by 3, at most 2x",
        plan: dag(&needs, true),
        steps: 1000,
        samples: 50,
    };
    compare(criterion, &runtime, &case, || {
        let (shared, needs) = (shared.clone(), needs.clone());
        async move { bare_dag(&shared, &needs).await }
    });

    let case = Case {
        name: "10000 that sleep 100 ms, at most 1.2x",
        plan: fan("sleep", 10_000),
        steps: 10_000,
        samples: 10,
    };
    compare(criterion, &runtime, &case, || {
        let shared = shared.clone();
        async move { bare_fan(&shared, "sleep", 10_000).await }
    });
}

/// The time per step must not grow with their number.
fn linear(criterion: &mut Criterion) {
    let runtime = runtime();
    let executor = executor();
    let mut group = criterion.benchmark_group("linear");
    group.sample_size(10);
    for n in [1000, 10_000, 100_000] {
        group.throughput(Throughput::Elements(n as u64));
        for (shape, plan) in [
            ("chain", chain(n)),
            ("fan", fan("pass", n)),
            ("graph", dag(&layered(n, 50), false)),
        ] {
            group.bench_function(BenchmarkId::new(shape, n), |b| {
                b.iter_custom(|rounds| engine_time(&runtime, &executor, &plan, rounds));
            });
        }
    }
    group.finish();
}

/// What is done once per run before its first event.
fn before_a_run(criterion: &mut Criterion) {
    let catalog = Catalog::builtin();
    let mut group = criterion.benchmark_group("before a run");
    group.sample_size(10);
    for n in [1000, 10_000] {
        group.throughput(Throughput::Elements(n as u64));
        for (shape, plan) in [
            ("chain", chain(n)),
            ("graph", dag(&layered(n, 50), n == 1000)),
        ] {
            group.bench_function(BenchmarkId::new(format!("digest of {shape}"), n), |b| {
                b.iter(|| plan.digest());
            });
            group.bench_function(BenchmarkId::new(format!("compile {shape}"), n), |b| {
                b.iter(|| Graph::compile(&plan, &catalog).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, against_floors, linear, before_a_run);
criterion_main!(benches);
