//! Which backend runs which agent: settled before a run, shown to the user.

use std::collections::HashMap;
use std::sync::Arc;

use orchestrate_core::backend::{AgentBackend, AgentFailure};
use orchestrate_core::id::AgentId;
use orchestrate_core::limits::Usage;
use orchestrate_core::plan::Plan;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::{Effect, Tool};
use orchestrate_strategies::graph::Task;

use super::ledger::Range;

/// An agent of a plan and the backend that will run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The agent.
    pub agent: AgentId,
    /// The name of the backend; none when no backend can run the agent, whose steps are then not executed.
    pub backend: Option<Arc<str>>,
    /// Whether the figures that it gives were measured; [`AgentBackend::measures`] says what that means.
    pub measures: bool,
}

/// What carries out a step that makes attempts.
#[derive(Debug, Clone)]
pub(super) enum Doer {
    Agent(Arc<Assigned>),
    Tool(Arc<dyn Tool>),
}

impl Doer {
    /// What one attempt may use.
    pub(super) fn range(&self) -> Range {
        match self {
            Self::Agent(assigned) => assigned.range,
            Self::Tool(_) => {
                let call = Usage::one_call();
                Range {
                    most: call,
                    least: call,
                }
            }
        }
    }

    /// Whether the calls of an attempt tell all that it used.
    pub(super) fn records_what_it_uses(&self) -> bool {
        matches!(self, Self::Agent(assigned) if assigned.records_what_it_uses)
    }

    /// Why no attempt could succeed until a person acts.
    pub(super) fn unavailable(&self, task: &Task) -> Option<AgentFailure> {
        match self {
            Self::Agent(assigned) => assigned.backend.unavailable(task.agent()?),
            Self::Tool(_) => None,
        }
    }

    /// What events call it.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::Agent(assigned) => assigned.name.clone(),
            Self::Tool(_) => "tool".into(),
        }
    }
}

/// A backend with the agent that it is to run.
#[derive(Debug)]
pub(super) struct Assigned {
    pub(super) backend: Arc<dyn AgentBackend>,
    pub(super) name: Arc<str>,
    pub(super) range: Range,
    pub(super) records_what_it_uses: bool,
    pub(super) effect: Effect,
}

/// The backends of an executor in the order in which they are asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Backends(pub(super) Vec<(Arc<str>, Arc<dyn AgentBackend>)>);

impl Backends {
    pub(super) fn add(&mut self, backend: Arc<dyn AgentBackend>) {
        self.0.push((backend.name().into(), backend));
    }

    /// The first backend that can run an agent.
    fn assign(&self, agent: &Agent) -> Option<Assigned> {
        let (name, backend) = self.0.iter().find(|(_, backend)| backend.supports(agent))?;
        Some(Assigned {
            backend: backend.clone(),
            name: name.clone(),
            range: Range {
                most: backend.reservation(agent),
                least: backend.least(agent),
            },
            records_what_it_uses: backend.records_what_it_uses(agent),
            effect: backend.effect(agent),
        })
    }

    pub(super) fn assignments(&self, plan: &Plan) -> Vec<Assignment> {
        let assignment = |(id, agent): (&AgentId, &Arc<Agent>)| {
            let assigned = self.assign(agent);
            Assignment {
                agent: id.clone(),
                measures: assigned
                    .as_ref()
                    .is_some_and(|it| it.backend.measures(agent)),
                backend: assigned.map(|it| it.name),
            }
        };
        plan.agents.iter().map(assignment).collect()
    }

    pub(super) fn settle(&self, plan: &Plan) -> HashMap<AgentId, Arc<Assigned>> {
        let agents = plan.agents.iter();
        agents
            .filter_map(|(id, agent)| Some((id.clone(), Arc::new(self.assign(agent)?))))
            .collect()
    }

    /// What is said of an agent that no backend can run.
    pub(super) fn refusal(&self, agent: &AgentId) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        format!(
            "no backend can run agent `{agent}` (backends: {})",
            names.join(", ")
        )
    }
}
