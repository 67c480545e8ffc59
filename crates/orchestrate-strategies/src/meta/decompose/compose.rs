//! From a decomposition to a team and a plan fragment.

use std::collections::BTreeMap;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::StepName;
use orchestrate_core::plan::{
    AgentChoice, AgentStep, Collect, GraphNode, Join, OnError, Step, StepKind,
};
use orchestrate_core::task::{Context, Topology};
use orchestrate_core::team::{Agent, Team};
use orchestrate_core::template::AgentRegistry;

use super::Decomposition;
use crate::strategy::Synthesis;

const EXCHANGE: &str = "What the others found is there under their names. Say what changes in your own part because of it, and give the whole of your part again.";
const SYNTHESIS: &str = "The parts of the task are there under their names. Join them into one answer: what was found, where the parts agree and differ, what is to be done first. Name every part that is missing.";

/// The step in which the parts are worked on.
const WORK: &str = "work";
/// The step in which agents hear of each other.
const EXCHANGE_STEP: &str = "exchange";
/// Who can join the parts.
const SYNTHESIZES: &str = "synthesize_findings";

/// The team, why each is in it, and the step; `None` when a template is no longer in the registry.
/// With `synthesizer` an agent words what the parts come to.
pub(in crate::meta) fn compose(
    decomposition: &Decomposition,
    registry: &AgentRegistry,
    synthesizer: bool,
) -> Option<(Team, Vec<AgentChoice>, Step)> {
    let mut team = Team::default();
    let mut choices = Vec::new();
    let mut join = |id: &str, why: &str| -> Option<Agent> {
        let template = registry.get(id)?;
        team.add(template.clone(), template.tier_preference);
        let agent = team.members().last()?.clone();
        choices.push(AgentChoice {
            id: agent.id.clone(),
            role: agent.template.role.clone(),
            tier: agent.tier,
            why: why.to_owned(),
        });
        Some(agent)
    };
    let mut nodes = Vec::new();
    let mut parts = Vec::new();
    for sub_task in &decomposition.sub_tasks {
        let agent = join(&sub_task.agent, &sub_task.why)?;
        let inputs = sub_task.depends_on.iter().map(|id| given(id, None));
        let step = work(&agent, &sub_task.task, inputs).named(sub_task.id.clone());
        nodes.push(GraphNode::new(step, sub_task.depends_on.iter().cloned()));
        parts.push((sub_task.id.clone(), agent));
    }
    let graph = Step::new(StepKind::Graph {
        nodes,
        on_error: OnError::SkipDependents,
        collect: None,
    });
    if parts.len() < 2 {
        return Some((team, choices, graph));
    }
    let mut steps = vec![graph.named(StepName::new(WORK).ok()?)];
    let mut last = WORK;
    if decomposition.topology == Topology::Mesh {
        let again = parts.iter().map(|(id, agent)| {
            let others = parts.iter().filter(|(other, _)| other != id);
            let inputs = others.map(|(other, _)| given(other, Some(WORK)));
            work(agent, EXCHANGE, inputs).named(id.clone())
        });
        let exchange = Step::new(StepKind::Parallel {
            steps: again.collect(),
            join: Join::All,
            max_concurrency: Some(8),
            on_error: OnError::Continue,
            collect: None,
        });
        steps.push(exchange.named(StepName::new(EXCHANGE_STEP).ok()?));
        last = EXCHANGE_STEP;
    }
    // What the parts said is joined by comparing and counting in any case; an agent may word it.
    if let Some(StepKind::Graph { collect, .. } | StepKind::Parallel { collect, .. }) =
        steps.last_mut().map(|step| &mut step.kind)
    {
        *collect = Some(Collect {
            strategy: Synthesis::NAME.to_owned(),
            params: Context::new(),
        });
    }
    let template = registry.by_capability(SYNTHESIZES).next();
    if let Some(template) = template.filter(|_| synthesizer) {
        let agent = join(&template.id, "joins the parts")?;
        let inputs = parts.iter().map(|(id, _)| given(id, Some(last)));
        steps.push(work(&agent, SYNTHESIS, inputs).named(StepName::new("synthesis").ok()?));
    }
    let root = Step::new(StepKind::Sequence {
        steps,
        // What is there is joined even when a part is missing.
        on_error: OnError::Continue,
        collect: None,
    });
    Some((team, choices, root))
}

/// The output of a part under its name, seen from beside it or from behind its group.
fn given(id: &StepName, group: Option<&str>) -> (String, Reference) {
    let path = match group {
        None => format!("steps.{id}.output"),
        Some(group) => format!("steps.{group}.{id}.output"),
    };
    (id.to_string(), Reference::new(path))
}

fn work(
    agent: &Agent,
    instruction: &str,
    inputs: impl Iterator<Item = (String, Reference)>,
) -> Step {
    let mut step = Step::agent(agent.id.clone());
    if let StepKind::Agent(AgentStep {
        instruction: told,
        inputs: given,
        ..
    }) = &mut step.kind
    {
        *told = Some(instruction.to_owned());
        *given = inputs.collect::<BTreeMap<_, _>>();
    }
    step
}
