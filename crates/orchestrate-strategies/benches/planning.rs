//! What it costs to make a plan of a task: analysis, choice of strategy and team, plan, bounds and digest.
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

criterion_group!(benches, planning);
criterion_main!(benches);
