//! Tests of the graph: plans in, graphs, traces and laws out.

mod corpus;
mod kinds;
mod laws;
mod planned;
mod plans;
mod render;
mod walk;

use std::sync::Arc;

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{Plan, Step};
use orchestrate_core::testing;
use serde_json::Value;

use crate::catalog::Catalog;
use crate::graph::Graph;
use crate::graph::walk::{Effect, StepResult, Walk};

/// A plan over agents `a` to `h`.
fn plan(root: Step) -> Plan {
    Plan::new(
        "test",
        &testing::agent(&["a", "b", "c", "d", "e", "f", "g", "h"]),
        root,
    )
}

/// A step from its JSON; agents are written as `{"step": "agent", "agent": "a"}`.
fn step(json: Value) -> Step {
    serde_json::from_value(json).expect("a step")
}

/// An agent's step under its own name.
fn agent(id: &str) -> Value {
    serde_json::json!({"name": id, "step": "agent", "agent": id})
}

fn succeed(output: Value, confidence: f64) -> StepResult {
    StepResult {
        output: Arc::new(output),
        confidence,
        ..StepResult::without_output(Outcome::Succeeded)
    }
}

fn fail(message: &str) -> StepResult {
    StepResult::without_output(Outcome::failed(FailureClass::Reported, message))
}

fn walk(plan: &Plan) -> Walk {
    let graph = Graph::compile(plan, &Catalog::builtin()).expect("a plan that passes the check");
    Walk::new(graph, Arc::new(plan.context.clone()))
}

/// Drains the effects as lines.
fn effects(walk: &mut Walk, trace: &mut Vec<String>) {
    while let Some(effect) = walk.next_effect() {
        trace.push(match effect {
            Effect::StepSkipped { task, outcome } => {
                format!("  skip {}: {}", task.path, told(&outcome))
            }
            Effect::GroupFinished { path, result } => {
                format!("  group {path}: {}", told(&result.outcome))
            }
            Effect::BranchTaken { path, label, .. } => {
                format!("  branch {path}: {}", label.as_deref().unwrap_or("none"))
            }
            Effect::GraphGrown { path, bodies } => format!("  grow {path} by {bodies}"),
            Effect::Deadline { node, ms } => format!("  deadline {} {ms} ms", node.index()),
            Effect::Cancel { node, reason } => format!("  cancel {} {reason:?}", node.index()),
        });
    }
}

fn told(outcome: &Outcome) -> String {
    outcome.error().map_or_else(
        || outcome.word().to_owned(),
        |e| format!("{} ({e})", outcome.word()),
    )
}
