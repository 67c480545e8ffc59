//! A plan as one document: the steps, the agents they name, the limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::id::AgentId;
use crate::limits::Limits;
use crate::task::Context;
use crate::team::{Agent, Team};

use super::Step;

/// The format of a plan on disk; another format is refused.
pub const PLAN_FORMAT: &str = "orchestrate.plan/1";

/// Everything that is needed to run something: the steps, the agents, the limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`PLAN_FORMAT`].
    pub format: String,
    /// The task as the user wrote it.
    pub task: String,
    /// The context that every agent sees.
    #[serde(default)]
    pub context: Context,
    /// The agents that steps name, by id.
    pub agents: BTreeMap<AgentId, Arc<Agent>>,
    /// Limits of the whole run.
    #[serde(default)]
    pub limits: Limits,
    /// The steps.
    pub root: Step,
}

impl Plan {
    /// A plan of one step carried out by a team.
    #[must_use]
    pub fn new(task: impl Into<String>, team: &Team, root: Step) -> Self {
        Self {
            format: PLAN_FORMAT.to_owned(),
            task: task.into(),
            context: Context::new(),
            agents: team
                .members()
                .iter()
                .map(|agent| (agent.id.clone(), Arc::new(agent.clone())))
                .collect(),
            limits: Limits::default(),
            root,
        }
    }

    /// The same plan with a context.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// The same plan with limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A digest over everything in the plan; equal plans have equal digests on every machine.
    #[must_use]
    pub fn digest(&self) -> String {
        canonical::digest_of(&super::digest::canonical_text(self))
    }
}

impl AsRef<Plan> for Plan {
    fn as_ref(&self) -> &Plan {
        self
    }
}
