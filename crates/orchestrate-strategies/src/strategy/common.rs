//! What every strategy needs: reading parameters, writing agent steps, and figures over parts.

use std::fmt;
use std::ops::RangeInclusive;

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::outcome::{Outcome, SkipReason};
use orchestrate_core::plan::{AgentStep, Arm, Collect, OnError, Start, Step, StepKind};
use orchestrate_core::strategy::{Arity, ParameterSchema, Part, StrategyError, StrategyInfo};
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a strategy from its parameters; every parameter has a default.
///
/// Keys are read one by one first, because only then an error can name the key.
pub(crate) fn read<T: DeserializeOwned>(
    strategy: &str,
    params: &Context,
) -> Result<T, StrategyError> {
    for (key, value) in params {
        let alone = Context::from_iter([(key.clone(), value.clone())]);
        T::deserialize(Value::Object(alone))
            .map_err(|error| parameter(strategy, key, format!("is not usable: {error}")))?;
    }
    T::deserialize(Value::Object(params.clone()))
        .map_err(|error| parameter(strategy, "(all)", format!("are not usable: {error}")))
}

/// A parameter that cannot be used.
pub(super) fn parameter(
    strategy: &str,
    parameter: &str,
    problem: impl Into<String>,
) -> StrategyError {
    StrategyError::Parameter {
        strategy: strategy.to_owned(),
        parameter: parameter.to_owned(),
        problem: problem.into(),
    }
}

/// A number from 0 to 10: the strategy's own, else the context's of that name, else none. `possible` is what an error says.
pub(super) fn number(
    strategy: &str,
    name: &str,
    own: Option<f64>,
    context: &Context,
    possible: &str,
) -> Result<Option<f64>, StrategyError> {
    let unusable = |given: &dyn fmt::Display| {
        parameter(strategy, name, format!("must be {possible}, got `{given}`"))
    };
    let given = match (own, context.get(name)) {
        (Some(own), _) => own,
        (None, None | Some(Value::Null)) => return Ok(None),
        (None, Some(value)) => value.as_f64().ok_or_else(|| unusable(value))?,
    };
    if (0.0..=10.0).contains(&given) {
        Ok(Some(given))
    } else {
        Err(unusable(&given))
    }
}

/// The wrong number of agents.
pub(super) fn wrong_arity(strategy: &str, needs: String, team: &Team) -> StrategyError {
    StrategyError::Arity {
        strategy: strategy.to_owned(),
        needs,
        got: team.len(),
    }
}

/// Holds a team against an arity.
pub(super) fn admit(strategy: &str, arity: Arity, team: &Team) -> Result<(), StrategyError> {
    if arity.admits(team.len()) {
        Ok(())
    } else {
        Err(wrong_arity(strategy, arity.to_string(), team))
    }
}

/// The catalogue entry of the strategy with parameters `T`.
pub(super) fn info<T: JsonSchema>(
    name: &str,
    arity: Arity,
    summary: &str,
    when: &str,
    roles: &str,
) -> StrategyInfo {
    StrategyInfo {
        name: name.to_owned(),
        summary: summary.to_owned(),
        when: when.to_owned(),
        roles: roles.to_owned(),
        arity,
        parameters: ParameterSchema::of::<T>(),
    }
}

/// Says that a strategy, set up as given, makes the output of a group.
pub(super) fn collect(strategy: &str, params: &impl Serialize) -> Collect {
    let params = match serde_json::to_value(params) {
        Ok(Value::Object(map)) => map,
        // Parameters are structs of numbers, words and flags: they always become objects.
        _ => Context::new(),
    };
    Collect {
        strategy: strategy.to_owned(),
        params,
    }
}

/// Step names for members: their ids, without the dots that separate the parts of a reference.
pub(super) fn step_names(members: &[Agent]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(members.len());
    for agent in members {
        let plain = agent.id.as_str().replace('.', "_");
        let mut name = plain.clone();
        let mut count = 1;
        while names.contains(&name) {
            count += 1;
            name = format!("{plain:.120}_{count}");
        }
        names.push(name);
    }
    names
}

/// One agent's work, with an instruction and the values it is given by name.
pub(super) fn work(
    agent: &AgentId,
    instruction: Option<&str>,
    inputs: impl IntoIterator<Item = (String, String)>,
) -> Step {
    Step::new(StepKind::Agent(AgentStep {
        instruction: instruction.map(str::to_owned),
        inputs: inputs
            .into_iter()
            .map(|(name, reference)| (name, Reference(reference)))
            .collect(),
        ..AgentStep::new(agent.clone())
    }))
}

/// The step under a name. A text that is no name leaves it to its position.
pub(super) fn named(step: Step, name: &str) -> Step {
    match StepName::new(name) {
        Ok(name) => step.named(name),
        Err(_) => step,
    }
}

/// The step of that name has succeeded.
pub(super) fn succeeded(step: &str) -> Condition {
    Condition::compare(format!("steps.{step}.success"), Comparison::Eq, true)
}

/// The step is at least so sure of what it gave.
pub(super) fn sure(step: &str, at_least: f64) -> Condition {
    Condition::compare(
        format!("steps.{step}.confidence"),
        Comparison::Gte,
        at_least,
    )
}

/// Whether a part was started.
pub(super) fn ran(part: &Part) -> bool {
    !matches!(part.outcome, Outcome::Skipped { .. })
}

/// Whether it ended from outside or in a way that is not known, which no aggregate may gloss over.
pub(super) fn interrupted(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Cancelled { .. } | Outcome::LimitReached { .. } | Outcome::Unknown { .. }
    )
}

/// What a part is called in an output: its agent, else its step.
pub(super) fn label(part: &Part) -> &str {
    part.agent.as_ref().map_or(&part.name, AgentId::as_str)
}

/// The mean confidence of the parts that ran; 0 when none did.
pub(super) fn mean_confidence(parts: &[Part]) -> f64 {
    let (count, sum) = parts
        .iter()
        .filter(|part| ran(part))
        .fold((0u32, 0.0), |(count, sum), part| {
            (count + 1, sum + part.confidence)
        });
    if count == 0 {
        0.0
    } else {
        sum / f64::from(count)
    }
}

/// The last part that succeeded.
pub(super) fn last_success(parts: &[Part]) -> Option<&Part> {
    parts.iter().rev().find(|part| part.outcome.is_success())
}

/// The first of the most confident.
pub(super) fn most_confident<'a>(parts: impl Iterator<Item = &'a Part>) -> Option<&'a Part> {
    parts.reduce(|best, part| {
        if part.confidence > best.confidence {
            part
        } else {
            best
        }
    })
}

/// A copy of a part's output; null for no part.
pub(super) fn output(part: Option<&Part>) -> Value {
    part.map_or(Value::Null, |part| part.output.as_ref().clone())
}

/// The fields that the aggregates of all groups share; `outputs` has one place per part, null where nothing was given.
pub(super) fn summary(parts: &[Part], final_output: Value) -> Context {
    let outputs: Vec<Value> = parts.iter().map(|part| output(Some(part))).collect();
    Context::from_iter([
        ("num_agents".to_owned(), parts.len().into()),
        (
            "all_succeeded".to_owned(),
            parts.iter().all(|part| part.outcome.lets_pass()).into(),
        ),
        ("avg_confidence".to_owned(), mean_confidence(parts).into()),
        ("outputs".to_owned(), outputs.into()),
        ("final_output".to_owned(), final_output),
    ])
}

/// The loop of a strategy that works in rounds.
pub(super) const ROUNDS: &str = "rounds";

/// The part of that name.
pub(super) fn part<'a>(parts: &'a [Part], name: &str) -> Option<&'a Part> {
    parts.iter().find(|part| part.name == name)
}

/// The way that a branch took.
pub(super) fn taken(branch: &Part) -> Option<&Part> {
    let not_taken = Outcome::Skipped {
        reason: SkipReason::NotTaken,
    };
    branch.parts.iter().find(|part| part.outcome != not_taken)
}

/// An agent's step that asks for a form of answer.
pub(super) fn asking(mut step: Step, answer: Value) -> Step {
    if let StepKind::Agent(work) = &mut step.kind {
        work.answer = Some(Box::new(answer));
    }
    step
}

/// The first member alone, and the others.
pub(super) fn first_and_rest(team: &Team) -> (Team, Team) {
    let mut members = team.members().iter().cloned();
    let first = members.next().into_iter().collect();
    (first, members.collect())
}

/// The ids of members.
pub(super) fn ids(members: &[Agent]) -> Vec<&str> {
    members.iter().map(|agent| agent.id.as_str()).collect()
}

/// Holds a number against its range.
pub(super) fn within(
    strategy: &str,
    name: &str,
    given: u32,
    possible: RangeInclusive<u32>,
) -> Result<(), StrategyError> {
    if possible.contains(&given) {
        return Ok(());
    }
    let (least, most) = possible.into_inner();
    let problem = format!("must be from {least} to {most}, got `{given}`");
    Err(parameter(strategy, name, problem))
}

/// Puts a field into an object.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(key.to_owned(), value);
    }
}

/// The list in a field of an object; empty when there is none.
pub(super) fn list(object: Option<&Value>, field: &str) -> Vec<Value> {
    let list = object.and_then(|it| it.get(field)?.as_array());
    list.cloned().unwrap_or_default()
}

/// The number in a field of an object; 0 when there is none.
pub(super) fn count(object: Option<&Value>, field: &str) -> u64 {
    let number = object.and_then(|it| it.get(field)?.as_u64());
    number.unwrap_or_default()
}

/// The output of a part with further fields beside its own; what is no object stands under `result`.
pub(super) fn beside<'a>(
    part: Option<&Part>,
    fields: impl IntoIterator<Item = (&'a str, Value)>,
) -> Value {
    let mut map = match part.map(|part| part.output.as_ref()) {
        Some(Value::Object(map)) => map.clone(),
        None | Some(Value::Null) => Context::new(),
        Some(other) => Context::from_iter([("result".to_owned(), other.clone())]),
    };
    map.extend(
        fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    );
    Value::Object(map)
}

/// An outcome, unless the group was stopped from outside.
pub(super) fn unless_interrupted(group: &Outcome, otherwise: Outcome) -> Outcome {
    if interrupted(group) {
        group.clone()
    } else {
        otherwise
    }
}

/// A body repeated until its result is what is wanted; `start` is what the first round sees as the round before.
pub(super) fn repeat(body: Step, until: Condition, fuel: u32, start: Value) -> Step {
    let repeated = StepKind::Loop {
        body: Box::new(body),
        until,
        fuel,
        start: Some(Start::Value(start)),
    };
    named(Step::new(repeated), ROUNDS)
}

/// A loop and what follows it, whose output the strategy makes.
pub(super) fn looped(
    strategy: &str,
    params: &impl Serialize,
    rounds: Step,
    then: impl IntoIterator<Item = Step>,
) -> Step {
    Step::new(StepKind::Sequence {
        steps: std::iter::once(rounds).chain(then).collect(),
        on_error: OnError::Stop,
        collect: Some(collect(strategy, params)),
    })
}

/// A branch in which the member named by a field works; nobody when the field names nobody.
pub(super) fn turn(
    members: &[Agent],
    field: &str,
    also: &[Condition],
    work: impl Fn(&Agent) -> Step,
) -> Step {
    let names = step_names(members);
    let arms = members.iter().zip(&names).map(|(agent, name)| {
        let own = Condition::compare(field, Comparison::Eq, agent.id.as_str());
        let when = match also {
            [] => own,
            more => Condition::All {
                of: more.iter().cloned().chain([own]).collect(),
            },
        };
        Arm {
            label: agent.id.to_string(),
            when,
            then: named(work(agent), name),
        }
    });
    Step::new(StepKind::Branch {
        arms: arms.collect(),
        otherwise: None,
    })
}
