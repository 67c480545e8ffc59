//! Groups: lines, steps side by side, graphs, and those whose parts are known only while they run.

use orchestrate_core::id::StepPath;
use orchestrate_core::plan::{Collect, GraphNode, Need, OnError, Step};

use super::scopes::Scopes;
use super::steps::Span;
use crate::graph::Graph;
use crate::graph::node::{Awaited, Binding, Child, Edge, GroupKind, NodeId, When};
use crate::graph::place::Needs;

impl Graph {
    pub(super) fn add_sequence(
        &mut self,
        whole: &Step,
        steps: &[Step],
        on_error: OnError,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let kind = GroupKind::Sequence { on_error };
        let opened = self.open(whole, kind, collect, path, scopes);
        let start = opened.start;
        let success = on_error != OnError::Continue;
        let mut children = Vec::with_capacity(steps.len());
        let mut before: Option<NodeId> = None;
        scopes.enter();
        for (position, step) in steps.iter().enumerate() {
            let child_path = self.child_path(path, step, position);
            let span = self.add(step, &child_path, scopes);
            match before {
                None => self.link(start, span.entry, Edge::Gate),
                Some(before) => self.link(before, span.entry, Edge::Then { success }),
            }
            before = Some(span.exit);
            scopes.bind(step, span.exit);
            children.push(Child {
                name: step.name.clone(),
                exit: span.exit,
            });
        }
        scopes.leave();
        let last = before.unwrap_or(start);
        let span = self.close(opened, children);
        self.link(last, span.exit, Edge::Part);
        span
    }

    pub(super) fn add_side_by_side<'a>(
        &mut self,
        whole: &Step,
        steps: impl Iterator<Item = (&'a Step, Edge)>,
        kind: GroupKind,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let opened = self.open(whole, kind, collect, path, scopes);
        let start = opened.start;
        let mut children = Vec::new();
        let mut entries = Vec::new();
        for (position, (step, edge)) in steps.enumerate() {
            let child_path = self.child_path(path, step, position);
            // The frame keeps what a child binds inside to itself: siblings do not see each other.
            scopes.enter();
            let span = self.add(step, &child_path, scopes);
            scopes.leave();
            entries.push((span.entry, edge));
            children.push(Child {
                name: step.name.clone(),
                exit: span.exit,
            });
        }
        // petgraph walks the edges of a node from the last added to the first.
        for (entry, edge) in entries.into_iter().rev() {
            self.link(start, entry, edge);
        }
        let exits: Vec<NodeId> = children.iter().map(|child| child.exit).collect();
        let span = self.close(opened, children);
        for exit in exits {
            self.link(exit, span.exit, Edge::Part);
        }
        self.link(start, span.exit, Edge::Gate);
        span
    }

    /// A group whose parts are added while it runs.
    pub(super) fn add_growing(
        &mut self,
        whole: &Step,
        kind: GroupKind,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        self.add_side_by_side(whole, std::iter::empty(), kind, collect, path, scopes)
    }

    pub(super) fn add_graph(
        &mut self,
        whole: &Step,
        nodes: &[GraphNode],
        on_error: OnError,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let opened = self.open(whole, GroupKind::Graph { on_error }, collect, path, scopes);
        let start = opened.start;
        let needs = Needs::of(nodes);
        let mut spans: Vec<Option<Span>> = vec![None; nodes.len()];
        let mut needed = vec![false; nodes.len()];
        let mut edges = Vec::new();
        let success = on_error != OnError::Continue;
        for (position, node) in needs
            .order
            .iter()
            .filter_map(|i| Some((*i, nodes.get(*i)?)))
        {
            let child_path = self.child_path(path, &node.step, position);
            scopes.enter();
            for before in needs.named_by(position, node) {
                let name = nodes.get(before).and_then(|node| node.step.name.as_ref());
                if let (Some(name), Some(Some(span))) = (name, spans.get(before)) {
                    scopes.bind_name(name, Binding::Node(span.exit));
                }
            }
            let names = node.when.as_ref().map(|_| scopes.flat());
            let span = self.add(&node.step, &child_path, scopes);
            scopes.leave();
            if let (Some(condition), Some(names)) = (node.when.clone(), names) {
                let env = self.around.env;
                let when = When {
                    condition,
                    names,
                    env,
                };
                self.whens.insert(span.entry, when);
            }
            let direct = needs.direct(position);
            if direct.is_empty() {
                edges.push((start, span.entry, Edge::Gate));
            }
            let exit_of = |before: &usize| Some(spans.get(*before)?.as_ref()?.exit);
            for before in direct {
                if let Some(exit) = exit_of(before) {
                    edges.push((exit, span.entry, Edge::Then { success }));
                }
            }
            // What is awaited for certain has ended before this ends; the end of the graph need not
            // wait for it a second time.
            for before in needs.certain(node) {
                if let Some(slot) = needed.get_mut(before) {
                    *slot = true;
                }
            }
            if node.needs.iter().any(Need::has_any) {
                let find = |name: &str| exit_of(&needs.find(name)?);
                let awaited = Awaited::All(awaited(&node.needs, &find));
                self.awaited.insert(span.entry, awaited);
            }
            if let Some(slot) = spans.get_mut(position) {
                *slot = Some(span);
            }
        }
        for (from, to, edge) in edges.into_iter().rev() {
            self.link(from, to, edge);
        }
        let children = nodes
            .iter()
            .zip(&spans)
            .filter_map(|(node, span)| {
                Some(Child {
                    name: node.step.name.clone(),
                    exit: span.as_ref()?.exit,
                })
            })
            .collect();
        let leaves: Vec<NodeId> = spans
            .iter()
            .zip(&needed)
            .filter(|(_, needed)| !**needed)
            .filter_map(|(span, _)| Some(span.as_ref()?.exit))
            .collect();
        let span = self.close(opened, children);
        for exit in leaves {
            self.link(exit, span.exit, Edge::Part);
        }
        self.link(start, span.exit, Edge::Gate);
        span
    }
}

fn awaited(needs: &[Need], find: &dyn Fn(&str) -> Option<NodeId>) -> Vec<Awaited> {
    needs
        .iter()
        .filter_map(|need| {
            Some(match need {
                Need::Step(name) => Awaited::Step(find(name.as_str())?),
                Need::Any { any } => Awaited::Any(awaited(any, find)),
                Need::All { all } => Awaited::All(awaited(all, find)),
            })
        })
        .collect()
}
