//! Loops and maps: places where the graph grows while it runs, each within a written bound.

use std::sync::Arc;

use orchestrate_core::outcome::{FailureClass, LimitKind, Outcome};
use serde_json::Value;

use super::facts::WalkFacts;
use super::{Effect, Walk};
use crate::graph::compile::local;
use crate::graph::node::{Binding, Child, Edge, Group, GroupKind, LoopSpec, MapSpec, Node, NodeId};

impl Walk {
    /// Adds round `k` of a loop whose start has ended, and lets it begin.
    pub(super) fn add_round(&mut self, start: NodeId, group: &Arc<Group>, spec: &LoopSpec, k: u32) {
        let last = self
            .groups
            .get(&start)
            .and_then(|state| state.children.last())
            .map(|child| Binding::Node(child.exit));
        let previous = match (&spec.start, last) {
            (_, Some(last)) => Some(last),
            (Some(field), None) => {
                let scope = self.scope_of(start);
                self.shared(field, &scope).map(Binding::Output)
            }
            (None, None) => None,
        };
        let before = match &previous {
            Some(Binding::Node(exit)) => Some(*exit),
            _ => None,
        };
        let mut locals = vec![("index", local(k))];
        locals.extend(previous.map(|binding| ("previous", binding)));
        let Some(end) = self.end_of(start) else {
            return;
        };
        let span = self.graph.add_body(
            start,
            group.extras.around,
            &spec.body,
            &group.path.iteration(k),
            &spec.names,
            locals,
        );
        self.graph.link(start, span.entry, Edge::Gate);
        self.graph.link(span.exit, end, Edge::Part);
        self.add_states();
        // A round comes after the one before it, so it sees what that one gave.
        let before = before.and_then(|exit| Some((exit, self.states.get(exit.index())?)));
        let before = before.map(|(exit, state)| (exit, state.scope.settled()));
        if let (Some((exit, scope)), Some(entry)) =
            (before, self.states.get_mut(span.entry.index()))
        {
            entry.scope.add(exit, scope);
        }
        if k == 0
            && let Some(end) = self.states.get_mut(end.index())
        {
            // The end waits for the loop to be over, however many rounds that takes.
            end.waiting += 1;
        }
        let state = self.groups.entry(start).or_default();
        state.children.push(Child {
            name: None,
            exit: span.exit,
        });
        self.effects.push_back(Effect::GraphGrown {
            path: group.path.clone(),
            bodies: 1,
        });
        self.traverse(start, span.entry, Edge::Gate);
    }

    /// A round has ended; false when another one follows.
    pub(super) fn round_ended(&mut self, round: NodeId, end: NodeId, group: &Arc<Group>) -> bool {
        let GroupKind::Loop(spec) = &group.kind else {
            return true;
        };
        let start = group.start;
        let rounds = self
            .groups
            .get(&start)
            .map_or(0, |state| state.children.len());
        let Some(result) = self
            .states
            .get(round.index())
            .and_then(|state| state.result.as_ref())
        else {
            return true;
        };
        if !result.outcome.lets_pass() || self.states.get(end.index()).is_none() {
            return true;
        }
        let index = u32::try_from(rounds).unwrap_or(u32::MAX).saturating_sub(1);
        let here = [("round", Binding::Node(round)), ("index", local(index))];
        let scope = self.scope_of(round);
        let facts = WalkFacts {
            walk: self,
            names: &spec.names,
            local: &here,
            env: group.extras.around.env,
            scope: &scope,
        };
        let verdict = if facts.evaluate(&spec.until).holds {
            Outcome::Succeeded
        } else if let Some(stopped) = self.stop_of(start) {
            stopped
        } else if index + 1 >= spec.fuel {
            Outcome::LimitReached {
                limit: LimitKind::Fuel,
            }
        } else {
            self.add_round(start, group, spec, index + 1);
            return false;
        };
        self.groups.entry(start).or_default().verdict = Some(verdict);
        true
    }

    /// Adds one body per item of a map whose start has ended, and lets them begin.
    pub(super) fn add_items(&mut self, start: NodeId, group: &Arc<Group>, spec: &MapSpec) {
        let scope = self.scope_of(start);
        let value = match self.value(&spec.over, &scope) {
            Ok(value) => value,
            Err(why) => {
                return self.refuse_items(start, Outcome::failed(FailureClass::Input, why));
            }
        };
        let widest = self.widest(group.extras.around);
        let items = match value.as_deref() {
            Some(Value::Array(items)) if items.len() > widest => {
                let limit = LimitKind::Width;
                return self.refuse_items(start, Outcome::LimitReached { limit });
            }
            Some(Value::Array(items)) if items.len() <= spec.max_items as usize => items,
            Some(Value::Array(items)) => {
                let message = format!(
                    "the list has {} items, at most {} are allowed",
                    items.len(),
                    spec.max_items
                );
                return self.refuse_items(start, Outcome::failed(FailureClass::Input, message));
            }
            Some(_) => {
                return self.refuse_items(
                    start,
                    Outcome::failed(
                        FailureClass::Input,
                        "what is to be mapped over is not a list",
                    ),
                );
            }
            None => {
                return self.refuse_items(
                    start,
                    Outcome::failed(
                        FailureClass::Input,
                        "what is to be mapped over does not exist",
                    ),
                );
            }
        };
        let Some(end) = self.end_of(start) else {
            return;
        };
        let mut entries = Vec::with_capacity(items.len());
        for (item, k) in items.iter().zip(0u32..) {
            let locals = vec![("item", local(item.clone())), ("index", local(k))];
            let span = self.graph.add_body(
                start,
                group.extras.around,
                &spec.body,
                &group.path.iteration(k),
                &spec.names,
                locals,
            );
            self.graph.link(start, span.entry, Edge::Gate);
            self.graph.link(span.exit, end, Edge::Part);
            let state = self.groups.entry(start).or_default();
            state.children.push(Child {
                name: None,
                exit: span.exit,
            });
            entries.push(span.entry);
        }
        self.add_states();
        let bodies = u32::try_from(items.len()).unwrap_or(u32::MAX);
        if let Some(end) = self.states.get_mut(end.index()) {
            end.waiting += bodies;
        }
        self.effects.push_back(Effect::GraphGrown {
            path: group.path.clone(),
            bodies,
        });
        for entry in entries {
            self.traverse(start, entry, Edge::Gate);
        }
    }

    pub(super) fn refuse_items(&mut self, start: NodeId, outcome: Outcome) {
        self.groups.entry(start).or_default().verdict = Some(outcome);
    }

    /// Why nothing further may start in a group, if so.
    fn stop_of(&self, start: NodeId) -> Option<Outcome> {
        let mut next = Some(start);
        while let Some(owner) = next {
            let state = self.groups.get(&owner);
            if let Some(limit) = state.and_then(|state| state.limited) {
                return Some(Outcome::LimitReached { limit });
            }
            if state.is_some_and(|state| state.decided) {
                return Some(Outcome::Skipped {
                    reason: orchestrate_core::outcome::SkipReason::JoinDecided,
                });
            }
            next = self.graph.owner(owner);
        }
        self.stopped.clone()
    }

    /// The end of a loop, map or expansion: the one node that its start led to when it was compiled.
    pub(super) fn end_of(&self, start: NodeId) -> Option<NodeId> {
        self.graph
            .nodes
            .neighbors(start.ix())
            .map(NodeId::of)
            .find(|node| match self.graph.nodes.node_weight(node.ix()) {
                Some(Node::End(group)) => group.start == start,
                _ => false,
            })
    }
}
