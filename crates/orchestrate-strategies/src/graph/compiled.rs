//! A compiled plan: the graph, and what it needs to grow.

use std::fmt;

use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;

use super::node::{Edge, Node, NodeId, Task};

/// A compiled plan.
///
/// Invariant: the graph is acyclic. It is made only by [`Graph::compile`] and grown only by the
/// walk, both of which add edges from what is earlier in the plan to what is later.
#[derive(Debug)]
pub struct Graph {
    pub(crate) nodes: DiGraph<Node, Edge>,
    pub(crate) agents: std::collections::BTreeMap<
        orchestrate_core::id::AgentId,
        std::sync::Arc<orchestrate_core::team::Agent>,
    >,
    pub(crate) catalog: crate::catalog::Catalog,
    /// The end of the outermost group, or the only task.
    pub(crate) root: NodeId,
    /// The start of the group around each node.
    pub(super) owners: Vec<Option<NodeId>>,
    /// The start of the group that is being compiled.
    pub(super) inside: Option<NodeId>,
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

    /// The start of the group around a node; the end of a group stands inside it.
    pub(crate) fn owner(&self, node: NodeId) -> Option<NodeId> {
        self.owners.get(node.index()).copied().flatten()
    }

    /// The agent steps, in the order of the plan.
    pub fn tasks(&self) -> impl Iterator<Item = (NodeId, &std::sync::Arc<Task>)> {
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
