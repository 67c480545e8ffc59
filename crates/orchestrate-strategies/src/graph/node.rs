//! What stands in a graph: nodes, edges, and what they were compiled from.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::expression::Template;
use orchestrate_core::id::{AgentId, StepName, StepPath};
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{
    Definition, ExpandStep, Join, Merge, OnError, RetryPolicy, Step, Toolbox,
};
use orchestrate_core::result::Worker;
use orchestrate_core::scope::ResultKey;
use orchestrate_core::strategy::ExecutionStrategy;
use orchestrate_core::task::Context;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::branch::BranchId;
use super::place::Called;
use crate::catalog::Catalog;

/// Names a node of a graph; given by position, so the same plan has the same ids.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The position among all nodes, from 0 and without gaps; what a driver keeps per node it can keep in a list.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn of(index: NodeIndex) -> Self {
        Self(u32::try_from(index.index()).unwrap_or(u32::MAX))
    }

    pub(crate) fn ix(self) -> NodeIndex {
        NodeIndex::new(self.index())
    }
}

/// A piece of work that a driver carries out, with everything that does not change between attempts.
#[derive(Debug)]
pub struct Task {
    /// Where in the plan.
    pub path: StepPath,
    /// What is to be done.
    pub work: Work,
    /// When a failed attempt is made again.
    pub retry: RetryPolicy,
    /// Longest time of one attempt, in milliseconds; none for a question that waits as long as it takes.
    pub timeout_ms: Option<u64>,
    /// The nearest step with limits: the work itself or a group around it.
    pub branch: Option<BranchId>,
    /// Longest time of all attempts together, in milliseconds.
    pub(crate) deadline_ms: Option<u64>,
    pub(crate) key: Option<Arc<ResultKey>>,
    pub(crate) bindings: Bindings,
    pub(crate) env: Env,
}

/// The kinds of work. A driver knows these and no strategy.
#[derive(Debug)]
pub enum Work {
    /// An agent does it.
    Agent(AgentWork),
    /// A tool is called.
    Tool {
        /// Its name.
        tool: Arc<str>,
        /// What it is given; the inputs of the step are laid over it.
        arguments: Arc<Context>,
        /// What a call may change at most.
        effect: Effect,
    },
    /// A person is asked; the inputs of the step are what is shown.
    Approve(Question),
    /// It cannot be done; the walk ends it so without giving it out.
    Refused {
        /// Who was to do it.
        agent: AgentId,
        /// Why not.
        outcome: Outcome,
    },
}

/// What an agent is to do.
#[derive(Debug)]
pub struct AgentWork {
    /// Who.
    pub agent: Arc<Agent>,
    /// What it is told beyond its template's instructions.
    pub instruction: Option<Arc<str>>,
    /// Tools that it may use in a loop of its own.
    pub toolbox: Option<Arc<Toolbox>>,
    /// JSON Schema of the answer that is wanted.
    pub answer: Option<Arc<Value>>,
    /// The values of its shared prefix and how many seconds it is worth keeping.
    pub(crate) prefix: Option<(Bindings, u64)>,
}

/// What a person is asked.
#[derive(Debug)]
pub struct Question {
    /// The question.
    pub question: String,
    /// What can be decided.
    pub decisions: Vec<String>,
    /// What counts when the time is over; without it the step fails.
    pub on_timeout: Option<String>,
}

impl Task {
    /// The agent, if one does it.
    #[must_use]
    pub fn agent(&self) -> Option<&Arc<Agent>> {
        self.agent_work().map(|work| &work.agent)
    }

    /// What the agent is to do, if one does it.
    #[must_use]
    pub fn agent_work(&self) -> Option<&AgentWork> {
        match &self.work {
            Work::Agent(work) => Some(work),
            Work::Tool { .. } | Work::Approve(_) | Work::Refused { .. } => None,
        }
    }

    /// Who or what does it, for events. What asks people is known to the driver only.
    #[must_use]
    pub fn worker(&self) -> Worker {
        match &self.work {
            Work::Agent(work) => Worker::Agent(work.agent.id.clone()),
            Work::Tool { tool, .. } => Worker::Tool(tool.clone()),
            Work::Approve(_) => Worker::Approver("none".into()),
            Work::Refused { agent, .. } => Worker::Agent(agent.clone()),
        }
    }
}

/// A context that steps see: that of the task, or that of a call.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Env(pub(crate) u32);

/// What holds for everything that is compiled at one place.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Surroundings {
    pub(crate) env: Env,
    /// Calls and expansions around it.
    pub(crate) depth: u32,
    /// The outermost expansion around it: what all inside take their steps from.
    pub(crate) pool: Option<NodeId>,
    /// The nearest step with limits.
    pub(crate) branch: Option<BranchId>,
    /// The greatest depth that steps around it allow.
    pub(crate) deepest: Option<u32>,
    /// The greatest width that steps around it allow.
    pub(crate) widest: Option<u32>,
}

/// Values by name, each with where it comes from.
pub(crate) type Bindings = Box<[(Arc<str>, Resolved)]>;

/// A node.
#[derive(Debug)]
pub(crate) enum Node {
    /// Opens a group: what stands inside waits for it.
    Start(Arc<Group>),
    /// One agent's work.
    Task(Arc<Task>),
    /// Closes a group: makes one result of its parts.
    End(Arc<Group>),
}

/// What an edge means for its target when its source has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// From a group's start to what is first inside.
    Gate,
    /// From a branch's start to the way of that number.
    Arm(u32),
    /// From a step to the next; with `success` the target is skipped unless the source lets it pass.
    Then { success: bool },
    /// From a step to the end of its group.
    Part,
}

/// A group of steps and how it behaves.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) path: StepPath,
    pub(crate) kind: GroupKind,
    /// The parts in the order of the plan; for loops and maps they are known only while it runs.
    pub(crate) children: Vec<Child>,
    pub(crate) collect: Option<Arc<dyn ExecutionStrategy>>,
    /// The start of the group.
    pub(crate) start: NodeId,
    pub(crate) extras: Extras,
}

/// What a group has beside its kind.
#[derive(Debug, Default, Clone)]
pub(crate) struct Extras {
    pub(crate) key: Option<Arc<ResultKey>>,
    pub(crate) deadline_ms: Option<u64>,
    /// What `steps.previous` means here; only kept for groups that a strategy collects.
    pub(crate) previous: Option<Binding>,
    /// What holds inside.
    pub(crate) around: Surroundings,
    /// What holds outside.
    pub(crate) outside: Surroundings,
}

/// What an entry waits for, as far as its edges do not say: the sources of its edges by position.
#[derive(Debug)]
pub(crate) enum Awaited {
    Step(NodeId),
    Any(Vec<Awaited>),
    All(Vec<Awaited>),
}

/// A condition that is read when an entry could start.
#[derive(Debug)]
pub(crate) struct When {
    pub(crate) condition: Condition,
    pub(crate) names: Names,
    pub(crate) env: Env,
}

/// What a compiled plan keeps of the plan: whatever it needs to grow.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) agents: BTreeMap<AgentId, Arc<Agent>>,
    pub(crate) tools: BTreeMap<String, Effect>,
    pub(crate) definitions: BTreeMap<StepName, Definition>,
    pub(crate) merge: BTreeMap<StepName, Merge>,
    pub(crate) limits: Limits,
    pub(crate) catalog: Catalog,
    /// What `run` is.
    pub(crate) run: Arc<Value>,
}

/// A part of a group: how it is called, and the node that holds its result.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    /// Its name; without one it is known by its position.
    pub(crate) name: Option<StepName>,
    pub(crate) exit: NodeId,
}

impl Group {
    /// The node that holds the result of the part of that name or position.
    pub(crate) fn part(&self, name: &str) -> Option<NodeId> {
        let mut children = self.children.iter().enumerate();
        children
            .find(|(i, child)| Called::of(child.name.as_ref(), *i).is(name))
            .map(|(_, child)| child.exit)
    }
}

#[derive(Debug)]
pub(crate) enum GroupKind {
    Sequence {
        on_error: OnError,
    },
    Parallel {
        join: Join,
        width: Option<u32>,
        on_error: OnError,
    },
    Graph {
        on_error: OnError,
    },
    Branch {
        arms: Vec<(String, Condition)>,
        otherwise: bool,
        names: Names,
    },
    Loop(Box<LoopSpec>),
    Map(Box<MapSpec>),
    Expand(Box<ExpandSpec>),
    Call(Box<CallSpec>),
}

#[derive(Debug)]
pub(crate) struct LoopSpec {
    pub(crate) body: Step,
    pub(crate) until: Condition,
    pub(crate) fuel: u32,
    pub(crate) start: Option<Resolved>,
    pub(crate) names: Names,
}

#[derive(Debug)]
pub(crate) struct MapSpec {
    pub(crate) over: Resolved,
    pub(crate) body: Step,
    pub(crate) max_items: u32,
    pub(crate) width: Option<u32>,
    pub(crate) join: Join,
    pub(crate) names: Names,
}

#[derive(Debug)]
pub(crate) struct ExpandSpec {
    pub(crate) step: ExpandStep,
    pub(crate) from: Resolved,
    pub(crate) names: Names,
}

#[derive(Debug)]
pub(crate) struct CallSpec {
    /// The context that is made when the call begins.
    pub(crate) env: Env,
    pub(crate) mapping: Vec<(String, Resolved)>,
    pub(crate) values: Context,
}

/// What a reference leads to, before the rest of its path is followed.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    /// The result of a node.
    Node(NodeId),
    /// A value that is known already: the item of a map, the index of a round.
    Value(Arc<Value>),
    /// The output that stands for the round before the first one.
    Output(Arc<Value>),
}

/// The names that a place in the plan can see, innermost meaning winning.
pub(crate) type Names = Arc<HashMap<StepName, Binding>>;

/// A reference after its first part has been looked up.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) base: Base,
    pub(crate) rest: Box<[Box<str>]>,
}

/// A template whose fields have been looked up.
#[derive(Debug)]
pub(crate) struct Computed {
    pub(crate) template: Template,
    pub(crate) reads: Vec<(Reference, Resolved)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Base {
    Context(Env),
    /// What is seen under keys.
    Results,
    /// A value that the plan holds itself.
    Literal(Arc<Value>),
    /// A template and what it reads.
    Computed(Arc<Computed>),
    Bound(Binding),
    /// Nothing of that name; a checked plan has none.
    Absent,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(group) => write!(f, "start {}", group.path),
            Self::Task(task) => write!(f, "task {} {}", task.path, task.worker()),
            Self::End(group) => write!(f, "end {}", group.path),
        }
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate => f.write_str("gate"),
            Self::Arm(arm) => write!(f, "arm {arm}"),
            Self::Then { success: true } => f.write_str("then, if it succeeds"),
            Self::Then { success: false } => f.write_str("then"),
            Self::Part => f.write_str("part"),
        }
    }
}
