//! The kinds of step.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RetryPolicy, SharedPrefix, Toolbox};
use crate::condition::{Condition, Reference};
use crate::id::{AgentId, StepName};
use crate::task::Context;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its name among its siblings; without one it is known by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<StepName>,
    /// What it does.
    #[serde(flatten)]
    pub kind: StepKind,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepKind {
    /// One agent does one piece of work.
    Agent(AgentStep),
    /// One after another; each sees what came before.
    Sequence {
        /// The steps.
        steps: Vec<Step>,
        /// What a failure means for the steps behind it; `skip_dependents` is the same as `stop` here.
        #[serde(default)]
        on_error: OnError,
        /// Who makes the group's output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collect: Option<Collect>,
    },
    /// All at once.
    Parallel {
        /// The steps.
        steps: Vec<Step>,
        /// When the group has succeeded.
        #[serde(default)]
        join: Join,
        /// Steps at the same time; without it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_concurrency: Option<u32>,
        /// `stop` cancels the others on the first failure.
        #[serde(default = "OnError::keep_going")]
        on_error: OnError,
        /// Who makes the group's output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collect: Option<Collect>,
    },
    /// Named steps with `needs`: any order without a cycle.
    Graph {
        /// The steps; each must have a name.
        nodes: Vec<GraphNode>,
        /// What a failure means for the rest.
        #[serde(default = "OnError::skip_dependents")]
        on_error: OnError,
        /// Who makes the group's output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collect: Option<Collect>,
    },
    /// The first arm whose condition holds is run, and no other.
    Branch {
        /// The arms, in the order in which they are tried.
        arms: Vec<Arm>,
        /// What is run when no arm's condition holds; without it the step is skipped, which is no failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        otherwise: Option<Box<Step>>,
    },
    /// A body repeated until a condition holds.
    Loop {
        /// What is repeated. It sees `steps.previous` (its own last result) and `index`.
        body: Box<Step>,
        /// Read after each round, with the round's result as `steps.round`.
        until: Condition,
        /// Rounds at most; at least 1. Reaching it without the condition is `limit_reached`.
        fuel: u32,
    },
    /// A body per item of a list.
    Map {
        /// The list.
        over: Reference,
        /// What is done with each; it sees `item` and `index`.
        body: Box<Step>,
        /// Items at most; a longer list fails before any body runs.
        max_items: u32,
        /// Bodies at the same time; without it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_concurrency: Option<u32>,
        /// When the group has succeeded.
        #[serde(default)]
        join: Join,
    },
}

/// One agent's piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentStep {
    /// Who does it; one of the plan's agents.
    pub agent: AgentId,
    /// What it is told beyond its template's instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Values that it is given by name, for example `previous_output`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
    /// When a failed attempt is made again.
    #[serde(default, skip_serializing_if = "RetryPolicy::is_default")]
    pub retry: RetryPolicy,
    /// Longest time of one attempt in milliseconds; without it the template's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Tools that it may use in a loop of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toolbox: Option<Toolbox>,
    /// What stands at the head of its prompt, the same for several steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<SharedPrefix>,
    /// JSON Schema of its answer; a backend that asks a model asks it for this form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Box<Value>>,
}

impl AgentStep {
    /// An agent's work without anything that need not be said.
    #[must_use]
    pub fn new(agent: AgentId) -> Self {
        Self {
            agent,
            instruction: None,
            inputs: BTreeMap::new(),
            retry: RetryPolicy::default(),
            timeout_ms: None,
            toolbox: None,
            prefix: None,
            answer: None,
        }
    }

    /// Calls `visit` for every reference that it reads.
    pub fn references<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        self.inputs.values().for_each(&mut *visit);
        if let Some(prefix) = &self.prefix {
            prefix.inputs.values().for_each(visit);
        }
    }
}

/// A step of a graph and the steps it waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GraphNode {
    /// Names of the steps that must end before it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<StepName>,
    /// The step; it must have a name.
    #[serde(flatten)]
    pub step: Step,
}

/// One way of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Arm {
    /// What the way is called in reports.
    pub label: String,
    /// When it is taken.
    pub when: Condition,
    /// What is run then.
    pub then: Step,
}

/// What a failure means for the rest of its group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Nothing further is started.
    #[default]
    Stop,
    /// The rest is run all the same.
    Continue,
    /// Only what depends on it is left out.
    SkipDependents,
}

impl OnError {
    fn keep_going() -> Self {
        Self::Continue
    }

    fn skip_dependents() -> Self {
        Self::SkipDependents
    }
}

/// When a group of parallel steps has succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case")]
pub enum Join {
    /// When all have.
    #[default]
    All,
    /// When one has; the others are then cancelled.
    Any,
    /// When `k` have; the others are then cancelled.
    Quorum {
        /// How many.
        k: u32,
    },
    /// When one has, after all have ended; the output is that of the most confident.
    Best,
}

/// Names the strategy whose `aggregate` makes a group's output and outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Collect {
    /// The strategy by its name in the catalogue.
    pub strategy: String,
    /// What it was set up with.
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub params: Context,
}

impl Step {
    /// A step of a kind, without a name.
    #[must_use]
    pub fn new(kind: StepKind) -> Self {
        Self { name: None, kind }
    }

    /// One agent's work, with default retries.
    #[must_use]
    pub fn agent(agent: AgentId) -> Self {
        Self::new(StepKind::Agent(AgentStep::new(agent)))
    }

    /// The same step under a name.
    #[must_use]
    pub fn named(mut self, name: StepName) -> Self {
        self.name = Some(name);
        self
    }

    /// The steps directly inside this one, in order.
    #[must_use]
    pub fn children(&self) -> Vec<&Step> {
        match &self.kind {
            StepKind::Agent(_) => Vec::new(),
            StepKind::Sequence { steps, .. } | StepKind::Parallel { steps, .. } => {
                steps.iter().collect()
            }
            StepKind::Graph { nodes, .. } => nodes.iter().map(|node| &node.step).collect(),
            StepKind::Branch { arms, otherwise } => arms
                .iter()
                .map(|arm| &arm.then)
                .chain(otherwise.as_deref())
                .collect(),
            StepKind::Loop { body, .. } | StepKind::Map { body, .. } => vec![body],
        }
    }
}
