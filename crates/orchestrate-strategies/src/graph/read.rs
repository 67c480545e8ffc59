//! Steps from JSON that somebody wrote: what is wrong is told with the place it stands in.

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{PLAN_FORMAT, Plan, Step};
use serde::Deserialize;
use serde_json::Value;

use super::place::At;
use super::problem::{PlanProblem, PlanProblems};

/// A plan from JSON.
///
/// # Errors
/// [`PlanProblems`] with every step that does not have the form of one, or with what else does not.
pub fn read_plan(value: &Value) -> Result<Plan, PlanProblems> {
    Plan::deserialize(value).map_err(|error| {
        let mut problems = Vec::new();
        match value.get("format").and_then(Value::as_str) {
            Some(format) if format != PLAN_FORMAT => problems.push(PlanProblem {
                code: "ORC0601",
                step: StepPath::root(),
                message: format!("the format is `{format}`, this version reads `{PLAN_FORMAT}`"),
            }),
            _ => {}
        }
        if let Some(root) = value.get("root") {
            locate(root, &At::Root, &mut problems);
        }
        let definitions = value.get("definitions").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            if let Some(root) = definition.get("root") {
                let path = StepPath::root().child(name);
                locate(root, &At::Path(&path), &mut problems);
            }
        }
        if problems.is_empty() {
            problems.push(problem(&At::Root, error.to_string()));
        }
        PlanProblems(problems)
    })
}

/// A step from JSON that stands at a path.
pub(crate) fn read_step(value: &Value, path: &StepPath) -> Result<Step, Vec<PlanProblem>> {
    Step::deserialize(value).map_err(|_| {
        let mut problems = Vec::new();
        locate(value, &At::Path(path), &mut problems);
        problems
    })
}

/// What is said when nothing more precise is known.
pub(crate) fn not_a_step() -> String {
    "it does not have the form of a step".to_owned()
}

fn problem(at: &At<'_>, message: String) -> PlanProblem {
    PlanProblem {
        code: "ORC0624",
        step: at.path(),
        message,
    }
}

/// Finds the innermost steps that cannot be read; a step is blamed only when all inside it can.
fn locate(value: &Value, at: &At<'_>, problems: &mut Vec<PlanProblem>) {
    let Err(error) = Step::deserialize(value) else {
        return;
    };
    let before = problems.len();
    for (inner, name, position) in inside(value) {
        let name = name.and_then(|name| orchestrate_core::id::StepName::new(name).ok());
        let called = super::place::Called::of(name.as_ref(), position);
        let place = At::Child(at, called);
        let repeated = matches!(
            value.get("step").and_then(Value::as_str),
            Some("loop" | "map")
        );
        if repeated {
            locate(inner, &At::Iteration(at), problems);
        } else {
            locate(inner, &place, problems);
        }
    }
    if problems.len() == before {
        problems.push(problem(at, error.to_string()));
    }
}

/// The values inside a step that are to be steps, each with its name and its position.
fn inside(value: &Value) -> Vec<(&Value, Option<&str>, usize)> {
    let list = |key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let arms = list("arms").filter_map(|arm| arm.get("then"));
    let steps = list("steps").chain(list("nodes")).chain(arms);
    let single = ["otherwise", "body", "inline"];
    let single = single.iter().filter_map(|key| value.get(*key));
    steps
        .chain(single.filter(|value| !value.is_null()))
        .enumerate()
        .map(|(position, step)| {
            let name = step.get("name").and_then(Value::as_str);
            (step, name, position)
        })
        .collect()
}
