//! How long conditions, templates and definitions take. Targets: an evaluation below 5 µs.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that meets the unexpected is to fail"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use orchestrate_core::condition::Condition;
use orchestrate_core::expression::{Expression, Template};
use orchestrate_core::template::AgentRegistry;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::definition::{Alone, Given, Source, World, workflow};
use serde_json::{Value, json};

fn facts() -> Value {
    let findings: Vec<Value> = (0..200)
        .map(|i| json!({"severity": if i % 9 == 0 { "high" } else { "low" }, "title": "t"}))
        .collect();
    json!({
        "inputs": {"min": 80},
        "steps": {"scan": {"success": true, "output": {"coverage": 72.5, "findings": findings}}},
    })
}

fn conditions(c: &mut Criterion) {
    let facts = facts();
    let text = "steps.scan.success and steps.scan.output.coverage < inputs.min or inputs.min == 3";
    let expression = Expression::new(text).unwrap();
    c.bench_function("condition, text", |b| {
        b.iter(|| expression.holds(black_box(&facts), &mut Vec::new()));
    });
    let predicate = json!({"steps.scan.output.coverage": {"$lt": 80}, "inputs.min": {"$gte": 5}});
    let data = Condition::from_predicate(&predicate).unwrap();
    c.bench_function("condition, data", |b| {
        b.iter(|| data.evaluate(black_box(&facts)));
    });
    c.bench_function("condition, read", |b| {
        b.iter(|| Expression::new(black_box(text)).unwrap());
    });
    let template = Template::new("Coverage {{ steps.scan.output.coverage }} of {{ inputs.min }}");
    let template = template.unwrap();
    c.bench_function("template, two values", |b| {
        b.iter(|| template.value(black_box(&facts)).unwrap());
    });
}

fn definitions(c: &mut Criterion) {
    let steps: String = (0..50)
        .map(|i| {
            let needs = if i == 0 {
                String::new()
            } else {
                format!("needs: [s{}], ", i - 1)
            };
            format!(
                "  s{i}: {{ {needs}agent: code_reviewer, input: {{ x: '{{{{ inputs.n }}}}' }} }}\n"
            )
        })
        .collect();
    let source = Source {
        file: "w.yaml".into(),
        text: format!(
            "schema: orchestrate.workflow/v1\nname: w\ninputs: {{ n: {{ type: number, default: 1 }} }}\nsteps:\n{steps}"
        ),
    };
    let (registry, catalog) = (AgentRegistry::builtin(), Catalog::builtin());
    let world = World {
        registry: &registry,
        catalog: &catalog,
        tools: None,
        files: &Alone,
    };
    c.bench_function("definition of 50 steps", |b| {
        b.iter(|| workflow(black_box(&source), &Given::Later, world).unwrap());
    });
}

criterion_group!(benches, conditions, definitions);
criterion_main!(benches);
