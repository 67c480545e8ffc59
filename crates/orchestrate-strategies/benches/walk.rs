//! What compiling and walking cost, without any executor: time per step of a chain, a fan and a layered graph.

#![expect(
    clippy::expect_used,
    reason = "a benchmark whose plan is wrong should stop"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use orchestrate_core::condition::Reference;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{GraphNode, Join, OnError, Plan, Step, StepKind};
use orchestrate_core::testing;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::walk::{StepResult, Walk};
use orchestrate_strategies::graph::{Graph, check};

fn plan(kind: StepKind) -> Plan {
    Plan::new("bench", &testing::agent(&["a"]), Step::new(kind))
}

fn steps(n: usize) -> Vec<Step> {
    let team = testing::agent(&["a"]);
    (0..n)
        .flat_map(|_| {
            team.members()
                .iter()
                .map(|agent| Step::agent(agent.id.clone()))
        })
        .collect()
}

fn chain(n: usize) -> Plan {
    plan(StepKind::Sequence {
        steps: steps(n),
        on_error: OnError::Stop,
        collect: None,
    })
}

fn fan(n: usize) -> Plan {
    plan(StepKind::Parallel {
        steps: steps(n),
        join: Join::All,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    })
}

/// A chain of named steps in which each is given the output of the one before.
fn handed_on(n: usize) -> Plan {
    let steps = steps(n).into_iter().enumerate().map(|(i, mut step)| {
        if let (StepKind::Agent(agent), Some(before)) = (&mut step.kind, i.checked_sub(1)) {
            let field = Reference::new(format!("steps.s{before}.output"));
            agent.inputs.insert("previous_output".to_owned(), field);
        }
        step.named(format!("s{i}").try_into().expect("a name"))
    });
    plan(StepKind::Sequence {
        steps: steps.collect(),
        on_error: OnError::Stop,
        collect: None,
    })
}

/// Layers of ten; each step needs three of the layer before, chosen by a fixed rule.
fn layered(n: usize) -> Plan {
    let name = |i: usize| format!("s{i}").try_into().expect("a name");
    let nodes = steps(n).into_iter().enumerate().map(|(i, step)| {
        let before = (i / 10).checked_sub(1).map(|layer| layer * 10);
        let needs = before.into_iter().flat_map(|first| {
            [
                first + i % 10,
                first + (i * 7 + 3) % 10,
                first + (i * 3 + 1) % 10,
            ]
        });
        let mut needs: Vec<usize> = needs.collect();
        needs.sort_unstable();
        needs.dedup();
        GraphNode::new(step.named(name(i)), needs.into_iter().map(name))
    });
    plan(StepKind::Graph {
        nodes: nodes.collect(),
        on_error: OnError::SkipDependents,
        collect: None,
    })
}

/// The same steps as a chain, each ten of them inside three groups: what depth costs.
fn nested(n: usize) -> Plan {
    let line = |steps: Vec<Step>| {
        Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: None,
        })
    };
    let mut steps = steps(n).into_iter();
    let mut groups = Vec::new();
    loop {
        let ten: Vec<Step> = steps.by_ref().take(10).collect();
        if ten.is_empty() {
            break;
        }
        groups.push(line(vec![line(vec![line(ten)])]));
    }
    plan(line(groups).kind)
}

fn drive(walk: &mut Walk, output: &Arc<serde_json::Value>) {
    while let Some(ready) = walk.next_ready() {
        walk.finish(
            ready.node,
            StepResult {
                output: output.clone(),
                confidence: 1.0,
                ..StepResult::without_output(Outcome::Succeeded)
            },
        );
    }
}

fn engine(criterion: &mut Criterion) {
    let output: Arc<serde_json::Value> = Arc::new(serde_json::json!({"text": "x".repeat(1000)}));
    let catalog = Catalog::builtin();
    type Shape = (&'static str, fn(usize) -> Plan, usize);
    let shapes: [Shape; 8] = [
        ("handed on", handed_on, 1_000),
        ("chain", chain, 1_000),
        ("nested three deep", nested, 1_000),
        ("chain", chain, 10_000),
        ("chain", chain, 100_000),
        ("fan", fan, 10_000),
        ("fan", fan, 100_000),
        ("layered", layered, 1_000),
    ];
    for (name, make, n) in shapes {
        let plan = make(n);
        let mut group = criterion.benchmark_group(name);
        group
            .throughput(Throughput::Elements(n as u64))
            .sample_size(20);
        group.bench_function(BenchmarkId::new("compile", n), |bencher| {
            bencher.iter(|| black_box(Graph::compile(&plan, &catalog)));
        });
        group.bench_function(BenchmarkId::new("check", n), |bencher| {
            bencher.iter(|| black_box(check(&plan, &catalog)));
        });
        group.bench_function(BenchmarkId::new("digest", n), |bencher| {
            bencher.iter(|| black_box(plan.digest()));
        });
        group.bench_function(BenchmarkId::new("walk", n), |bencher| {
            bencher.iter_batched_ref(
                || {
                    Walk::new(
                        Graph::compile(&plan, &catalog).expect("a plan"),
                        Arc::default(),
                    )
                },
                |walk| drive(walk, &output),
                criterion::BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, engine);
criterion_main!(benches);
