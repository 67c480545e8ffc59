//! What strategies share in which one agent hands out sub-tasks to others: the steps, and what came of them.

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Arm, ExpandStep, OnError, Step, StepKind};
use orchestrate_core::strategy::Part;
use orchestrate_core::team::Agent;
use serde_json::{Value, json};

use super::common;

/// The step that writes sub-tasks.
pub(super) const PLAN: &str = "plan";
/// The step that runs them.
pub(super) const WORK: &str = "work";
/// Sub-tasks at most, of all depths together, unless told.
pub(super) const MAX_SUB_TASKS: u32 = 32;

/// The step in which `manager` writes sub-tasks for the others.
pub(super) fn plan(
    manager: &Agent,
    instruction: &str,
    workers: &[Agent],
    inputs: impl IntoIterator<Item = (String, String)>,
) -> Step {
    let ids = common::ids(workers);
    let instruction = format!(
        "{instruction} Give `sub_tasks`: a list, each with `id`, `agent` (one of: {}), `task`, and in `needs` the ids of those that must be done before it.",
        ids.join(", ")
    );
    let answer = json!({
        "type": "object",
        "properties": {
            "sub_tasks": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string"},
                        "agent": {"enum": ids},
                        "task": {"type": "string"},
                        "needs": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["agent", "task"],
                },
            },
        },
        "required": ["sub_tasks"],
    });
    let work = common::work(&manager.id, Some(&instruction), inputs);
    common::named(common::asking(work, answer), PLAN)
}

/// The step that runs what `plan` wrote: what depends on nothing runs side by side.
pub(super) fn work(workers: &[Agent], max_steps: u32, max_depth: u32) -> ExpandStep {
    ExpandStep {
        agents: workers.iter().map(|agent| agent.id.clone()).collect(),
        max_depth,
        ..ExpandStep::new(format!("steps.{PLAN}.output"), max_steps)
    }
}

/// A step that is run when any sub-task gave something.
pub(super) fn if_any_worked(name: &str, then: Step) -> Step {
    let ended =
        |word: &str| Condition::compare(format!("steps.{WORK}.outcome"), Comparison::Eq, word);
    let branch = Step::new(StepKind::Branch {
        arms: vec![Arm {
            label: name.to_owned(),
            when: Condition::Any {
                of: vec![ended("succeeded"), ended("partial")],
            },
            then: common::named(then, name),
        }],
        otherwise: None,
    });
    common::named(branch, name)
}

/// A line in which a failure of the work does not hide what became of it.
pub(super) fn line(strategy: &str, params: &impl serde::Serialize, steps: Vec<Step>) -> Step {
    Step::new(StepKind::Sequence {
        steps,
        on_error: OnError::Continue,
        collect: Some(common::collect(strategy, params)),
    })
}

/// What the sub-tasks gave, one entry each.
pub(super) fn reports(work: Option<&Part>) -> Vec<Value> {
    common::list(work.map(|part| part.output.as_ref()), "results")
}

/// Of those, how many succeeded.
pub(super) fn succeeded(reports: &[Value]) -> usize {
    let good = |report: &&Value| report.get("success") == Some(&Value::Bool(true));
    reports.iter().filter(good).count()
}

/// How plan, work and what follows ended together: the first of them that failed says how.
pub(super) fn outcome(parts: &[Part], group: &Outcome) -> Outcome {
    let planned = common::part(parts, PLAN).map(|part| &part.outcome);
    let worked = common::part(parts, WORK).map(|part| &part.outcome);
    let own = match (planned, worked) {
        (None, None) => group.clone(),
        (Some(outcome), _) if !outcome.is_success() => outcome.clone(),
        (_, Some(outcome)) if !outcome.lets_pass() => outcome.clone(),
        _ => {
            let failed = parts.iter().find(|part| !part.outcome.lets_pass());
            failed.map_or(Outcome::Succeeded, |part| part.outcome.clone())
        }
    };
    common::unless_interrupted(group, own)
}
