//! From a recipe to a step: members are looked up, workflows among them become calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::id::AgentId;
use orchestrate_core::plan::{CallStep, Step, StepKind};
use orchestrate_core::strategy::StrategyError;
use orchestrate_core::task::Context;
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::{AgentCapability, AgentTemplate, ResourceRequirements, Tier};

use super::recipe::{Member, Recipe, WorkflowReference};
use crate::catalog::{Catalog, Place};

/// Levels of workflows inside workflows unless told.
pub(crate) const MAX_DEPTH: u32 = 3;

/// What a reference leads to: the steps, and the catalogue as it stands inside.
pub(crate) struct Resolved {
    pub(crate) root: Step,
    pub(crate) inside: Catalog,
    pub(crate) tier: Tier,
}

impl Catalog {
    /// Writes the step of a recipe for a team. Workflows among the members become calls, whose
    /// inner steps see the values that the strategy hands to the member in their context.
    ///
    /// # Errors
    /// [`StrategyError`] when the strategy, a member, a workflow or a parameter does not fit.
    pub fn compose(
        &self,
        recipe: &Recipe,
        team: &Team,
        context: &Context,
    ) -> Result<Step, StrategyError> {
        let strategy = self.get_strategy(&recipe.strategy, &recipe.params)?;
        if recipe.agents.is_empty() {
            return strategy.compose(team, context);
        }
        let mut calls = BTreeMap::new();
        let mut members = Vec::with_capacity(recipe.agents.len());
        for member in &recipe.agents {
            match member {
                Member::Agent(id) => members.push(find(team, id, &recipe.strategy)?.clone()),
                Member::Workflow(reference) => {
                    let resolved = self.resolve(reference, team, context, MAX_DEPTH)?;
                    let id = seat_name(reference, &members)?;
                    members.push(stand_in(&id, resolved.tier));
                    calls.insert(id, (&**reference, resolved.root));
                }
            }
        }
        let members: Team = members.into_iter().collect();
        let mut step = strategy.compose(&members, context)?;
        if !calls.is_empty() {
            seat(&mut step, &calls, false);
        }
        Ok(step)
    }

    /// The steps of a workflow that stands inside.
    pub(crate) fn resolve(
        &self,
        reference: &WorkflowReference,
        team: &Team,
        context: &Context,
        max_depth: u32,
    ) -> Result<Resolved, StrategyError> {
        let (place, recipe) = match (&reference.workflow, &reference.inline) {
            (Some(id), _) => (Place::Workflow(id), &self.get_workflow(id)?.recipe),
            (None, Some(recipe)) => (Place::Part("inline workflow"), &**recipe),
            (None, None) => {
                return Err(StrategyError::Parameter {
                    strategy: "nested".into(),
                    parameter: "workflow".into(),
                    problem: super::recipe::InvalidReference.to_string(),
                });
            }
        };
        let inside = self.inside(&place, max_depth)?;
        let root = inside
            .compose(recipe, team, context)
            .map_err(|error| error.inside(place.to_string()))?;
        Ok(Resolved {
            tier: dearest(&root, team),
            root,
            inside,
        })
    }
}

/// The call of steps that stand inside, with what a reference says of values and result.
pub(crate) fn call(reference: &WorkflowReference, root: Step) -> Step {
    let mut step = Step::new(StepKind::Call(called(reference, root)));
    step.result_key.clone_from(&reference.result_key);
    step
}

fn called(reference: &WorkflowReference, root: Step) -> CallStep {
    CallStep {
        context_mapping: reference.context_mapping.clone(),
        // How deep workflows go was settled when they were written out.
        max_depth: Some(u32::MAX),
        ..CallStep::inline(root)
    }
}

fn find<'a>(team: &'a Team, id: &AgentId, strategy: &str) -> Result<&'a Agent, StrategyError> {
    let members = team.members();
    members.iter().find(|agent| agent.id == *id).ok_or_else(|| {
        let ids: Vec<&str> = members.iter().map(|agent| agent.id.as_str()).collect();
        StrategyError::Parameter {
            strategy: strategy.to_owned(),
            parameter: "agents".into(),
            problem: format!(
                "names `{id}`, who is not in the team (possible: {})",
                ids.join(", ")
            ),
        }
    })
}

/// What a workflow is called among members: its name, else its id, else by its position.
fn seat_name(reference: &WorkflowReference, before: &[Agent]) -> Result<AgentId, StrategyError> {
    let wanted = match (&reference.name, &reference.workflow) {
        (Some(name), _) => name.to_string(),
        (None, Some(id)) => id.clone(),
        (None, None) => format!("workflow_{}", before.len() + 1),
    };
    let taken = |name: &str| before.iter().any(|agent| agent.id == *name);
    let mut name = wanted.clone();
    let mut count = 1;
    while taken(&name) {
        count += 1;
        name = format!("{wanted}_{count}");
    }
    AgentId::new(&name).map_err(|error| StrategyError::Parameter {
        strategy: "nested".into(),
        parameter: "workflow".into(),
        problem: format!("cannot stand for a member: {error}"),
    })
}

/// A member that is there while a strategy is composed, and whose steps are then replaced.
fn stand_in(id: &AgentId, tier: Tier) -> Agent {
    Agent {
        id: id.clone(),
        tier,
        template: Arc::new(AgentTemplate {
            id: id.to_string(),
            role: format!("Workflow {id}"),
            capabilities: vec![AgentCapability::named("workflow")],
            tier_preference: tier,
            tools: Vec::new(),
            default_instructions: "Run the workflow.".to_owned(),
            quality_gates: BTreeMap::new(),
            resource_requirements: ResourceRequirements::default(),
            manifest: Default::default(),
        }),
        limits: Default::default(),
    }
}

/// The dearest tier among the agents of a step.
fn dearest(step: &Step, team: &Team) -> Tier {
    let own = match &step.kind {
        StepKind::Agent(work) => {
            let agent = team.members().iter().find(|agent| agent.id == work.agent);
            agent.map_or(Tier::Cheap, |agent| agent.tier)
        }
        _ => Tier::Cheap,
    };
    let inner = step.children().into_iter().map(|step| dearest(step, team));
    inner.fold(own, Tier::max)
}

type Calls<'a> = BTreeMap<AgentId, (&'a WorkflowReference, Step)>;

/// Puts calls in the places of the members that stand for them.
fn seat(step: &mut Step, calls: &Calls<'_>, in_map: bool) {
    if let StepKind::Expand(expand) = &mut step.kind {
        let seated = expand.agents.iter().filter_map(|id| {
            let (reference, root) = calls.get(id)?;
            Some((id.clone(), called(reference, root.clone())))
        });
        expand.workflows = seated.collect();
        return;
    }
    if let StepKind::Agent(work) = &step.kind
        && let Some((reference, root)) = calls.get(&work.agent)
    {
        let mut called = call(reference, root.clone());
        if let StepKind::Call(call) = &mut called.kind {
            call.inputs.clone_from(&work.inputs);
            call.unkeyed = in_map;
            if let Some(instruction) = &work.instruction {
                call.instruct(instruction);
            }
        }
        if called.result_key.is_none() && !in_map {
            let key = format!("{}_output", work.agent.as_str().replace('.', "_"));
            called.result_key = orchestrate_core::id::StepName::new(key).ok();
        }
        called.name.clone_from(&step.name);
        called.deadline_ms = step.deadline_ms;
        called.limits = step.limits.clone();
        *step = called;
        return;
    }
    let in_map = in_map || matches!(step.kind, StepKind::Map { .. });
    for child in step.children_mut() {
        seat(child, calls, in_map);
    }
}
