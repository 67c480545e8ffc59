//! What strategies share in which one agent uses tools in a loop of its own.

use orchestrate_core::plan::{OnError, Step, StepKind, Toolbox};
use orchestrate_core::strategy::{Aggregate, Arity, Gathered, StrategyError};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use serde_json::{Value, json};

use super::common;

const WORK: &str = "work";

/// The tools by name: the parameter's, else those in `tools` of the context.
pub(super) fn of(
    strategy: &str,
    own: &[String],
    context: &Context,
) -> Result<Vec<String>, StrategyError> {
    if !own.is_empty() {
        return Ok(own.to_vec());
    }
    let unusable = |value: &Value| {
        let problem = format!("must be a list of names, got `{value}`");
        common::parameter(strategy, "tools", problem)
    };
    match context.get("tools") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(name)) => Ok(vec![name.clone()]),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| {
                let name = item.as_str().or_else(|| item.get("name")?.as_str());
                name.map(str::to_owned).ok_or_else(|| unusable(item))
            })
            .collect(),
        Some(other) => Err(unusable(other)),
    }
}

/// The step of the only agent with its tools, in a line whose output the strategy makes.
pub(super) fn line(
    (strategy, arity): (&str, Arity),
    params: &impl serde::Serialize,
    team: &Team,
    instruction: &str,
    toolbox: Toolbox,
) -> Result<Step, StrategyError> {
    let [agent] = team.members() else {
        return Err(common::wrong_arity(strategy, arity.to_string(), team));
    };
    let mut work = common::work(&agent.id, Some(instruction), []);
    if let StepKind::Agent(step) = &mut work.kind {
        step.toolbox = Some(toolbox);
    }
    Ok(Step::new(StepKind::Sequence {
        steps: vec![common::named(work, WORK)],
        on_error: OnError::Stop,
        collect: Some(common::collect(strategy, params)),
    }))
}

/// What the agent gave, also when its steps were used up before it was done.
pub(super) fn aggregate(group: &Gathered<'_>, tools: &[String], max_steps: u32) -> Aggregate {
    let work = common::part(group.parts, WORK);
    let output = common::output(work);
    Aggregate {
        outcome: group.outcome.clone(),
        output: json!({
            "final_output": output,
            "complete": work.is_some_and(|part| part.outcome.is_success()),
            "tools": tools,
            "max_steps": max_steps,
        }),
        confidence: work.map_or(0.0, |part| part.confidence),
    }
}
