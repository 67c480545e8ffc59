//! A plan against the tools that are there.

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{Plan, Step, StepKind};
use orchestrate_core::tool::ToolSpec;

use crate::graph::place::At;
use crate::graph::problem::PlanProblem;

/// What is wrong with a plan when exactly these tools are there: steps whose tool is missing, and
/// tools that can change more than the plan admits.
#[must_use]
pub fn check_tools<'a>(
    plan: &Plan,
    tools: impl IntoIterator<Item = &'a ToolSpec>,
) -> Vec<PlanProblem> {
    let tools: Vec<&ToolSpec> = tools.into_iter().collect();
    let mut problems = Vec::new();
    let at = &At::Root;
    for (name, admitted) in &plan.tools {
        let tool = tools.iter().find(|tool| tool.name == *name);
        if let Some(tool) = tool.filter(|tool| tool.effect.exceeds(*admitted)) {
            problems.push(PlanProblem {
                code: "ORC0615",
                step: at.path(),
                message: format!(
                    "tool `{name}` can have the effect `{}`, the plan admits `{admitted}`",
                    tool.effect
                ),
            });
        }
    }
    let possible: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let mut missing = |step: &Step, at: &At<'_>| {
        if let StepKind::Tool(tool) = &step.kind
            && !possible.contains(&tool.tool.as_str())
        {
            problems.push(PlanProblem {
                code: "ORC0614",
                step: at.path(),
                message: format!(
                    "there is no tool `{}` (possible: {})",
                    tool.tool,
                    possible.join(", ")
                ),
            });
        }
    };
    each(&plan.root, at, &mut missing);
    for (name, definition) in &plan.definitions {
        let path = StepPath::root().child(name);
        each(&definition.root, &At::Path(&path), &mut missing);
    }
    problems
}

/// Visits a step and everything inside that is written there.
pub(super) fn each<'a>(step: &'a Step, at: &At<'_>, visit: &mut dyn FnMut(&'a Step, &At<'_>)) {
    visit(step, at);
    for (position, child) in step.children().into_iter().enumerate() {
        match &step.kind {
            StepKind::Loop { .. } | StepKind::Map { .. } => {
                each(child, &At::Iteration(at), visit);
            }
            _ => each(child, &at.child(child, position), visit),
        }
    }
}
