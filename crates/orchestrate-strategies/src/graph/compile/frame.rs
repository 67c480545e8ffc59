//! The frame of a group: its start, its end, and what both know.

use std::sync::Arc;

use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{Collect, OnError, Step};
use orchestrate_core::scope::ResultKey;
use orchestrate_core::strategy::ExecutionStrategy;

use super::scopes::Scopes;
use super::steps::Span;
use crate::graph::Graph;
use crate::graph::node::{Child, Edge, Extras, Group, GroupKind, Node, NodeId};
use crate::graph::place::Called;

/// A group whose start stands in the graph and whose end does not yet.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) start: NodeId,
    path: StepPath,
    kind: GroupKind,
    collect: Option<Arc<dyn ExecutionStrategy>>,
    extras: Extras,
}

impl Graph {
    /// Adds the start of a group. Its end is added by `close`, behind everything inside.
    pub(super) fn open(
        &mut self,
        step: &Step,
        kind: GroupKind,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &Scopes,
    ) -> Opened {
        let collect = collect.and_then(|collect| {
            self.world
                .catalog
                .get_strategy(&collect.strategy, &collect.params)
                .ok()
        });
        let previous = collect.as_ref().and_then(|_| scopes.get("previous"));
        let outside = self.around;
        self.around = self.within(step);
        let extras = Extras {
            key: self.key(step),
            deadline_ms: step.longest_ms(),
            previous,
            around: self.around,
            outside,
        };
        let shell = Group {
            path: path.clone(),
            kind: GroupKind::Sequence {
                on_error: OnError::Stop,
            },
            children: Vec::new(),
            collect: None,
            start: NodeId(0),
            extras: Extras::default(),
        };
        let start = self.push(Node::Start(Arc::new(shell)));
        self.inside = Some(start);
        Opened {
            start,
            path: path.clone(),
            kind,
            collect,
            extras,
        }
    }

    pub(super) fn close(&mut self, opened: Opened, children: Vec<Child>) -> Span {
        let Opened {
            start,
            path,
            kind,
            collect,
            extras,
        } = opened;
        self.around = extras.outside;
        let group = Arc::new(Group {
            path,
            kind,
            children,
            collect,
            start,
            extras,
        });
        if let Some(node) = self.nodes.node_weight_mut(start.ix()) {
            *node = Node::Start(group.clone());
        }
        let end = self.push(Node::End(group));
        self.inside = self.owner(start);
        Span {
            entry: start,
            exit: end,
        }
    }

    pub(super) fn child_path(
        &mut self,
        parent: &StepPath,
        step: &Step,
        position: usize,
    ) -> StepPath {
        parent.child_in(&Called::of(step.name.as_ref(), position), &mut self.buffer)
    }

    pub(super) fn push(&mut self, node: Node) -> NodeId {
        self.owners.push(self.inside);
        NodeId::of(self.nodes.add_node(node))
    }

    pub(crate) fn link(&mut self, from: NodeId, to: NodeId, edge: Edge) {
        self.nodes.add_edge(from.ix(), to.ix(), edge);
    }

    /// The key of a step with the plan's rule for it.
    pub(super) fn key(&self, step: &Step) -> Option<Arc<ResultKey>> {
        let name = StepName::new(step.key()?).ok()?;
        let merge = self.world.merge.get(&name).copied();
        Some(Arc::new(ResultKey { name, merge }))
    }
}
