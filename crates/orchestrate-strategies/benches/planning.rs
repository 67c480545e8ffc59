//! What it costs to make a plan of a task (analysis, choice of strategy and team, plan, bounds and digest), and
//! to write the step of each strategy.
//!
//! The target stands in the name of the group. The registry is made once, as a program does.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark whose task has no plan should stop"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use orchestrate_core::task::Context;
use orchestrate_core::template::AgentRegistry;
use orchestrate_core::testing::agent;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::meta::MetaOrchestrator;

/// Tasks, each with the strategy that is to be chosen for it.
const TASKS: [(&str, &str); 5] = [
    ("Prepare for release", "parallel"),
    (
        "Should we split the monolith? Weigh the pros and cons",
        "debate",
    ),
    ("Triage the incoming bug reports", "adaptive"),
    ("Write API documentation", "teaching"),
    ("Refactor the parser and document it", "sequential"),
];

fn planning(criterion: &mut Criterion) {
    let registry = AgentRegistry::builtin();
    let planner = MetaOrchestrator::new(&registry);
    let mut group = criterion.benchmark_group("plan of a task, at most 100 us");
    for (task, strategy) in TASKS {
        let plan = || planner.analyze_and_compose(black_box(task), Context::new());
        assert_eq!(plan().unwrap().strategy, strategy, "{task}");
        group.bench_function(strategy, |b| b.iter(|| plan().unwrap()));
    }
    group.finish();
}

/// Every strategy for ten agents, or as many as it takes.
fn composing(criterion: &mut Criterion) {
    let catalog = Catalog::builtin();
    let mut group = criterion.benchmark_group("step of a strategy for ten agents, at most 50 us");
    for info in catalog.iter() {
        let count = info.arity.most.map_or(10, |most| most.min(10));
        let ids: Vec<String> = (0..count).map(|i| format!("agent_{i}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let team = agent(&ids);
        let context = Context::new();
        let strategy = catalog.get_strategy(&info.name, &context).unwrap();
        group.bench_function(&info.name, |b| {
            b.iter(|| strategy.compose(black_box(&team), &context).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, planning, composing);
criterion_main!(benches);
