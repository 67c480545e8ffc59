//! The plan as a whole: format, agents, limits, then every step and every definition.

use orchestrate_core::plan::{PLAN_FORMAT, Plan};

use super::checker::{Checker, Known};
use crate::catalog::Catalog;
use crate::graph::place::At;
use crate::graph::problem::PlanProblem;

/// Groups inside groups, at most.
pub const MAX_DEPTH: usize = 64;
/// Steps that the calls of a plan may come to, all calls written out.
pub const MAX_STEPS: u64 = 1_000_000;

/// Everything that is wrong with a plan; empty when it can run.
#[must_use]
pub fn check(plan: &Plan, catalog: &Catalog) -> Vec<PlanProblem> {
    let known = Known {
        agents: &plan.agents,
        tools: &plan.tools,
        definitions: &plan.definitions,
        merge: &plan.merge,
        catalog,
    };
    let mut checker = Checker::new(known);
    document(plan, &mut checker);
    checker.step(&plan.root, &At::Root);
    checker.definitions(&plan.root);
    checker.problems
}

fn document(plan: &Plan, checker: &mut Checker<'_>) {
    if plan.format != PLAN_FORMAT {
        checker.report(
            "ORC0601",
            &At::Root,
            format!(
                "the format is `{}`, this version reads `{PLAN_FORMAT}`",
                plan.format
            ),
        );
    }
    for (id, agent) in &plan.agents {
        if let Err(error) = agent.template.validate() {
            checker.report("ORC0603", &At::Root, error.to_string());
        }
        if agent.limits.concurrency == Some(0) {
            let message = format!("`limits.concurrency` of agent `{id}` is 0: it could do nothing");
            checker.report("ORC0610", &At::Root, message);
        }
        if *id != agent.id {
            checker.report(
                "ORC0603",
                &At::Root,
                format!("agent `{}` stands under the id `{id}`", agent.id),
            );
        }
    }
    let limits = [
        ("concurrency", plan.limits.concurrency),
        ("max_width", plan.limits.max_width),
    ];
    for (name, limit) in limits {
        if limit == Some(0) {
            checker.report(
                "ORC0610",
                &At::Root,
                format!("`limits.{name}` is 0: nothing could run"),
            );
        }
    }
}
