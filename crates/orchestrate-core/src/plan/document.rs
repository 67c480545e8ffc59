//! A plan as one document: the steps, the agents they name, the limits.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::id::{AgentId, StepName};
use crate::limits::Limits;
use crate::task::Context;
use crate::team::{Agent, Team};
use crate::tool::Effect;

use super::{Definition, Merge, Step};

/// The format of a plan on disk; another format is refused.
pub const PLAN_FORMAT: &str = "orchestrate.plan/1";

/// Everything that is needed to run something: the steps, the agents, the limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    /// The tools that steps name, each with the effect that its calls may have at most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, Effect>,
    /// Steps that `call` steps name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub definitions: BTreeMap<StepName, Definition>,
    /// How results under one key become one, for keys that steps may write at the same time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub merge: BTreeMap<StepName, Merge>,
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
            tools: BTreeMap::new(),
            definitions: BTreeMap::new(),
            merge: BTreeMap::new(),
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

    /// The same plan with one more tool that steps may name, and the effect that it may have.
    #[must_use]
    pub fn with_tool(mut self, name: impl Into<String>, effect: Effect) -> Self {
        self.tools.insert(name.into(), effect);
        self
    }

    /// The same plan with one more definition that steps may call.
    #[must_use]
    pub fn with_definition(mut self, name: StepName, root: Step) -> Self {
        let definition = Definition {
            description: String::new(),
            root,
        };
        self.definitions.insert(name, definition);
        self
    }

    /// The same plan with a rule for the results under a key.
    #[must_use]
    pub fn with_merge(mut self, key: StepName, rule: Merge) -> Self {
        self.merge.insert(key, rule);
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
