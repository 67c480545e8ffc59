//! The kinds of step.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ApproveStep, CallStep, ExpandStep, Need, RetryPolicy, SharedPrefix, ToolStep, Toolbox,
};
use crate::condition::{Condition, Reference};
use crate::id::{AgentId, StepName};
use crate::limits::Limits;
use crate::task::Context;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its name among its siblings; without one it is known by its position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<StepName>,
    /// The key under which later steps see its output as `results.<key>`, wherever it stands; agents
    /// see it by that name too. Of two writers in a line the later one wins; two that may run at the
    /// same time need a rule in the plan's `merge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_key: Option<StepName>,
    /// Longest time of the step as a whole in milliseconds: all attempts, rests and parts together.
    /// What has not ended by then is cancelled, what has succeeded counts: a quorum that is met is
    /// met, and otherwise the step has failed as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Limits of all that is done inside the step, its own work included. What they leave no room for
    /// ends as `limit_reached`; the rest of the run goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Box<Limits>>,
    /// What it does.
    #[serde(flatten)]
    pub kind: StepKind,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepKind {
    /// One agent does one piece of work.
    Agent(AgentStep),
    /// One tool is called, without a model.
    Tool(ToolStep),
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
        /// What `steps.previous.output` is in the first round; without it `steps.previous` is absent there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Start>,
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
    /// What an earlier step answered is checked and run.
    Expand(ExpandStep),
    /// A person decides.
    Approve(ApproveStep),
    /// Other steps are run as one, in a context of their own.
    Call(CallStep),
}

/// The value that a loop begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// A value of the context or of an earlier step.
    From(Reference),
    /// The value itself.
    Value(Value),
}

/// One agent's piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentStep {
    /// Who does it; one of the plan's agents.
    pub agent: AgentId,
    /// What it is told beyond its template's instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Values that it is given by name, for example `previous_output`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
    /// When a failed attempt is made again: after a passing fault (something was busy, a connection was lost), and after others where the policy says so.
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
    /// What must have ended before it starts: all of these, each the name of a step, `{"any": […]}`
    /// or `{"all": […]}`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "Need::list"
    )]
    #[schemars(with = "Vec<Need>")]
    pub needs: Vec<Need>,
    /// Read when it could start: when it does not hold, the step is not taken, which satisfies what
    /// needs it. It sees what the step sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// The step; it must have a name.
    #[serde(flatten)]
    pub step: Step,
}

impl GraphNode {
    /// A step that waits for these, without a condition.
    pub fn new(step: Step, needs: impl IntoIterator<Item = impl Into<Need>>) -> Self {
        Self {
            needs: needs.into_iter().map(Into::into).collect(),
            when: None,
            step,
        }
    }
}

/// One way of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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

    pub(super) fn skip_dependents() -> Self {
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

/// How several results under one key become one, in the order of the plan whatever ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// The first counts.
    First,
    /// The last counts.
    Last,
    /// A list of all.
    List,
    /// Objects are laid over each other, later ones winning key by key; the last counts where they are no objects.
    Merge,
}

/// Names the strategy whose `aggregate` makes a group's output and outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
        Self {
            name: None,
            result_key: None,
            deadline_ms: None,
            limits: None,
            kind,
        }
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

    /// The same step with its output under a key; see [`Step::result_key`].
    #[must_use]
    pub fn keyed(mut self, key: StepName) -> Self {
        self.result_key = Some(key);
        self
    }

    /// The same step with a longest time as a whole, in milliseconds; see [`Step::deadline_ms`].
    #[must_use]
    pub fn within_ms(mut self, ms: u64) -> Self {
        self.deadline_ms = Some(ms);
        self
    }

    /// The same step with limits of all that is done inside it; see [`Step::limits`].
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.limits = (!limits.is_none()).then(|| Box::new(limits));
        self
    }

    /// The longest time of the step as a whole, in milliseconds: its deadline or its limit, whichever is less.
    #[must_use]
    pub fn longest_ms(&self) -> Option<u64> {
        let limit = self.limits.as_ref().and_then(|limits| limits.wall_ms);
        match (self.deadline_ms, limit) {
            (Some(deadline), Some(limit)) => Some(deadline.min(limit)),
            (deadline, limit) => deadline.or(limit),
        }
    }

    /// The key under which its output is seen, the default of calls included.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match (&self.result_key, &self.kind) {
            (Some(key), _) => Some(key.as_str()),
            (None, StepKind::Call(call)) if !call.unkeyed => Some(super::NESTED_RESULT),
            (None, _) => None,
        }
    }

    /// The steps directly inside this one, in order, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.kind {
            StepKind::Agent(_) | StepKind::Tool(_) | StepKind::Approve(_) => Vec::new(),
            StepKind::Call(call) => call.inline.as_deref_mut().into_iter().collect(),
            StepKind::Expand(expand) => {
                let calls = expand.workflows.values_mut();
                calls
                    .filter_map(|call| call.inline.as_deref_mut())
                    .collect()
            }
            StepKind::Sequence { steps, .. } | StepKind::Parallel { steps, .. } => {
                steps.iter_mut().collect()
            }
            StepKind::Graph { nodes, .. } => nodes.iter_mut().map(|node| &mut node.step).collect(),
            StepKind::Branch { arms, otherwise } => arms
                .iter_mut()
                .map(|arm| &mut arm.then)
                .chain(otherwise.as_deref_mut())
                .collect(),
            StepKind::Loop { body, .. } | StepKind::Map { body, .. } => vec![body],
        }
    }

    /// The steps directly inside this one, in order. Those of a call of a definition stand in the plan.
    #[must_use]
    pub fn children(&self) -> Vec<&Step> {
        match &self.kind {
            StepKind::Agent(_) | StepKind::Tool(_) | StepKind::Approve(_) => Vec::new(),
            StepKind::Call(call) => call.inline.as_deref().into_iter().collect(),
            StepKind::Expand(expand) => {
                let calls = expand.workflows.values();
                calls.filter_map(|call| call.inline.as_deref()).collect()
            }
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
