//! A compiled plan: the graph, and what it needs to grow.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use orchestrate_core::id::AgentId;
use orchestrate_core::plan::Step;
use orchestrate_core::team::Agent;
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::bounds::Estimate;
use super::branch::Branch;
use super::node::{Awaited, Edge, Node, NodeId, Surroundings, Task, When, World};

/// A compiled plan.
///
/// Invariant: the graph is acyclic. It is made only by [`Graph::compile`] and grown only by the
/// walk, both of which add edges from what is earlier in the plan to what is later.
#[derive(Debug)]
pub struct Graph {
    pub(crate) nodes: DiGraph<Node, Edge>,
    pub(crate) world: Arc<World>,
    /// The end of the outermost group, or the only task.
    pub(crate) root: NodeId,
    /// The start of the group around each node.
    pub(super) owners: Vec<Option<NodeId>>,
    /// What entries wait for whose needs are not simply all.
    pub(crate) awaited: HashMap<NodeId, Awaited>,
    /// Conditions that are read when an entry could start.
    pub(crate) whens: HashMap<NodeId, When>,
    /// The start of the group that is being compiled.
    pub(super) inside: Option<NodeId>,
    /// What holds where something is being compiled.
    pub(super) around: Surroundings,
    /// The agents that may be used while a list of sub-tasks is compiled; an empty list means all.
    pub(crate) allowed: Option<Vec<AgentId>>,
    /// Contexts so far: that of the task, and one for each call.
    pub(crate) envs: u32,
    /// The steps with limits.
    pub(super) branches: Vec<Branch>,
    /// Where paths are written before they are kept.
    pub(super) buffer: String,
}

impl Graph {
    /// How many nodes there are, starts and ends of groups included.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.node_count()
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.nodes.edge_count()
    }

    /// The agents that it names, by id.
    #[must_use]
    pub fn agents(&self) -> &BTreeMap<AgentId, Arc<Agent>> {
        &self.world.agents
    }

    /// Pieces of work that a step comes to at most.
    pub(crate) fn work_steps(&self, step: &Step) -> u32 {
        let world = &self.world;
        let estimate = Estimate::new(&world.agents, &world.tools, &world.definitions);
        u32::try_from(estimate.of(step).work_steps).unwrap_or(u32::MAX)
    }

    /// The start of the group around a node; the end of a group stands inside it.
    pub(crate) fn owner(&self, node: NodeId) -> Option<NodeId> {
        self.owners.get(node.index()).copied().flatten()
    }

    /// The pieces of work, in the order in which they were compiled: that of the plan, and what was added while it runs behind it.
    pub fn tasks(&self) -> impl Iterator<Item = (NodeId, &Arc<Task>)> {
        self.nodes
            .node_indices()
            .filter_map(|index| match self.nodes.node_weight(index) {
                Some(Node::Task(task)) => Some((NodeId::of(index), task)),
                _ => None,
            })
    }
}

/// All nodes, then all edges, one a line: equal plans print the same text.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for index in self.nodes.node_indices() {
            if let Some(node) = self.nodes.node_weight(index) {
                writeln!(f, "{} {node}", index.index())?;
            }
        }
        for edge in self.nodes.edge_references() {
            writeln!(
                f,
                "{} -> {} {}",
                edge.source().index(),
                edge.target().index(),
                edge.weight()
            )?;
        }
        Ok(())
    }
}
