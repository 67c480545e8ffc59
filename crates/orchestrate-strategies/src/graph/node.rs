//! What stands in a graph: nodes, edges, and what they were compiled from.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use orchestrate_core::condition::Condition;
use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{Join, OnError, RetryPolicy, Step, Toolbox};
use orchestrate_core::strategy::ExecutionStrategy;
use orchestrate_core::team::Agent;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::place::Called;

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

/// One agent's piece of work, with everything that does not change between attempts.
#[derive(Debug)]
pub struct Task {
    /// Where in the plan.
    pub path: StepPath,
    /// Who does it.
    pub agent: Arc<Agent>,
    /// What it is told beyond its template's instructions.
    pub instruction: Option<Arc<str>>,
    /// When a failed attempt is made again.
    pub retry: RetryPolicy,
    /// Longest time of one attempt, in milliseconds.
    pub timeout_ms: u64,
    /// Tools that it may use in a loop of its own.
    pub toolbox: Option<Arc<Toolbox>>,
    /// JSON Schema of the answer that is wanted.
    pub answer: Option<Arc<Value>>,
    pub(crate) bindings: Bindings,
    /// The values of its shared prefix and how many seconds it is worth keeping.
    pub(crate) prefix: Option<(Bindings, u64)>,
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
}

#[derive(Debug)]
pub(crate) struct LoopSpec {
    pub(crate) body: Step,
    pub(crate) until: Condition,
    pub(crate) fuel: u32,
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

/// What a reference leads to, before the rest of its path is followed.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    /// The result of a node.
    Node(NodeId),
    /// A value that is known already: the item of a map, the index of a round.
    Value(Arc<Value>),
}

/// The names that a place in the plan can see, innermost meaning winning.
pub(crate) type Names = Arc<HashMap<StepName, Binding>>;

/// A reference after its first part has been looked up.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) base: Base,
    pub(crate) rest: Box<[Box<str>]>,
}

#[derive(Debug, Clone)]
pub(crate) enum Base {
    Context,
    Bound(Binding),
    /// Nothing of that name; a checked plan has none.
    Absent,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(group) => write!(f, "start {}", group.path),
            Self::Task(task) => write!(f, "task {} {}", task.path, task.agent.id),
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
