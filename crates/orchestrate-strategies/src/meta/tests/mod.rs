//! What the planner makes of tasks: one line per choice, traps, hints, and laws over any text.

mod hints;
mod laws;
mod lessons;
mod rules;
mod tasks;

use expect_test::{Expect, expect};
use orchestrate_core::error::Explain;
use orchestrate_core::limits::Cost;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_core::template::{AgentRegistry, Tier};
use orchestrate_core::testing::template;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MetaOrchestrator, PlanError, RULES};
use crate::strategy::testing::{assert_references_resolve, object};

fn plan(task: &str, context: Value) -> Result<ExecutionPlan, PlanError> {
    MetaOrchestrator::new(&AgentRegistry::builtin()).analyze_and_compose(task, object(context))
}

/// Domains, complexity, strategy and agents in one line.
fn summary(plan: &ExecutionPlan) -> String {
    let needs = &plan.requirements;
    let domains: Vec<&str> = needs.domains.iter().map(|domain| domain.as_str()).collect();
    let agents: Vec<String> = plan
        .agents
        .iter()
        .map(|agent| format!("{} {}", agent.id, agent.tier))
        .collect();
    format!(
        "{} | {} | {} | {}",
        domains.join(" "),
        needs.complexity,
        plan.strategy,
        agents.join(", ")
    )
}

fn check(task: &str, context: Value, expected: Expect) {
    expected.assert_eq(&match plan(task, context) {
        Ok(plan) => summary(&plan),
        Err(error) => format!("{}: {error}", error.code()),
    });
}

fn reasons(task: &str, context: Value, expected: Expect) {
    let plan = plan(task, context).unwrap();
    let agents = plan
        .agents
        .iter()
        .map(|agent| format!("{}: {}", agent.id, agent.why));
    let lines: Vec<String> = plan.reasons.iter().cloned().chain(agents).collect();
    expected.assert_eq(&lines.join("\n"));
}
