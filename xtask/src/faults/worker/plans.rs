//! The scripted plans: every kind of step that has a state of its own while it is under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::id::{AgentId, InvalidName};
use orchestrate_core::plan::{Arm, Join, OnError, Plan, RetryPolicy, Step, StepKind};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::template::{
    AgentCapability, AgentManifest, AgentTemplate, ResourceRequirements, Tier,
};
use serde_json::json;

/// Answers after a moment.
pub(super) const WORK: &str = "work";
/// Fails at its first attempt.
pub(super) const SHAKY: &str = "shaky";
/// Takes so long that it never ends before the others.
pub(super) const SLOW: &str = "slow";

/// How often an agent has to be tried when nothing goes wrong.
pub(crate) fn planned_attempts(agent: &str) -> u64 {
    if agent == SHAKY { 2 } else { 1 }
}

/// The plan of a name.
///
/// # Errors
/// Which names there are.
pub(super) fn plan(name: &str) -> Result<Plan, String> {
    let root = match name {
        "sixty" => sixty(),
        "twelve" => twelve(),
        "rest" => resting(),
        _ => return Err(format!("no plan `{name}`; there are: sixty, twelve, rest")),
    };
    let root = root.map_err(|error| error.to_string())?;
    let team = Team::new([WORK, SHAKY, SLOW].map(|id| Arc::new(template(id))));
    let mut context = Context::new();
    context.insert("five".to_owned(), json!([1, 2, 3, 4, 5]));
    context.insert("two".to_owned(), json!([1, 2]));
    Ok(Plan::new(name, &team, root).with_context(context))
}

/// Sixty steps: fan-outs, a retry, a loop, a join that is decided early, a map, a branch.
fn sixty() -> Result<Step, InvalidName> {
    Ok(sequence(vec![
        fan(12)?,
        shaky(10)?,
        rounds(4, 3)?,
        race()?,
        items("context.five")?,
        branch(3)?,
        fan(18)?,
    ]))
}

/// A dozen steps, the shortest plan in which all of that happens.
fn twelve() -> Result<Step, InvalidName> {
    Ok(sequence(vec![
        fan(3)?,
        shaky(5)?,
        rounds(2, 1)?,
        race()?,
        items("context.two")?,
        branch(1)?,
    ]))
}

/// A step that rests for a while before its second attempt.
fn resting() -> Result<Step, InvalidName> {
    Ok(sequence(vec![agent(WORK)?, shaky(REST_MS)?, agent(WORK)?]))
}

/// How long the step of the plan `rest` rests, in milliseconds.
pub(crate) const REST_MS: u64 = 400;

fn agent(id: &str) -> Result<Step, InvalidName> {
    Ok(Step::agent(AgentId::new(id)?))
}

fn sequence(steps: Vec<Step>) -> Step {
    Step::new(StepKind::Sequence {
        steps,
        on_error: OnError::Continue,
        collect: None,
    })
}

fn joined(join: Join, steps: Vec<Step>) -> Step {
    Step::new(StepKind::Parallel {
        steps,
        join,
        max_concurrency: None,
        on_error: OnError::Continue,
        collect: None,
    })
}

fn fan(width: usize) -> Result<Step, InvalidName> {
    let steps = (0..width).map(|_| agent(WORK)).collect::<Result<_, _>>()?;
    Ok(joined(Join::All, steps))
}

fn shaky(delay_ms: u64) -> Result<Step, InvalidName> {
    let mut step = agent(SHAKY)?;
    if let StepKind::Agent(agent) = &mut step.kind {
        // Attempts that were cut count too.
        agent.retry = RetryPolicy {
            max_attempts: 50,
            delay_ms,
            max_delay_ms: delay_ms,
            ..RetryPolicy::default()
        };
    }
    Ok(step)
}

fn rounds(fuel: u32, width: usize) -> Result<Step, InvalidName> {
    let mut steps = vec![agent(WORK)?];
    if width > 1 {
        steps.push(fan(width - 1)?);
    }
    Ok(Step::new(StepKind::Loop {
        body: Box::new(sequence(steps)),
        until: Condition::Always { value: false },
        fuel,
        start: None,
    }))
}

fn race() -> Result<Step, InvalidName> {
    let steps = vec![agent(WORK)?, agent(SLOW)?, agent(SLOW)?];
    Ok(joined(Join::Any, steps))
}

fn items(list: &str) -> Result<Step, InvalidName> {
    Ok(Step::new(StepKind::Map {
        over: Reference::new(list),
        body: Box::new(sequence(vec![agent(WORK)?, agent(WORK)?])),
        max_items: 8,
        max_concurrency: Some(2),
        join: Join::All,
    }))
}

fn branch(width: usize) -> Result<Step, InvalidName> {
    Ok(Step::new(StepKind::Branch {
        arms: vec![Arm {
            label: "never".to_owned(),
            when: Condition::Always { value: false },
            then: agent(WORK)?,
        }],
        otherwise: Some(Box::new(fan(width)?)),
    }))
}

fn template(id: &str) -> AgentTemplate {
    AgentTemplate {
        id: id.to_owned(),
        role: format!("the one who is {id}"),
        capabilities: vec![AgentCapability::named(id)],
        tier_preference: Tier::Cheap,
        tools: Vec::new(),
        default_instructions: "Do it.".to_owned(),
        quality_gates: BTreeMap::new(),
        resource_requirements: ResourceRequirements {
            min_tokens: 10,
            max_tokens: 100,
            timeout_seconds: 60,
            memory_mb: 16,
        },
        manifest: AgentManifest::default(),
    }
}
