//! What the end of one node means for the nodes behind it.

use std::sync::Arc;

use orchestrate_core::outcome::{CancelReason, Outcome, SkipReason};
use orchestrate_core::scope::ScopeEntry;

use super::facts::WalkFacts;
use super::state::{Inflow, Status};
use super::{Effect, StepResult, Walk};
use crate::graph::node::{Edge, GroupKind, Node, NodeId, Task, Work};

impl Walk {
    /// Activates nodes until none is left that could be. A loop and not recursion: chains are long.
    pub(super) fn run_agenda(&mut self) {
        while let Some(node) = self.agenda.pop_front() {
            self.activate(node);
        }
    }

    fn activate(&mut self, node: NodeId) {
        let Some(state) = self.states.get_mut(node.index()) else {
            return;
        };
        if state.status != Status::Waiting || state.waiting > 0 {
            return;
        }
        if state.blocked.is_none() && self.graph.whens.contains_key(&node) {
            self.read_when(node);
        }
        let Some(state) = self.states.get_mut(node.index()) else {
            return;
        };
        match self.graph.nodes.node_weight(node.ix()) {
            Some(Node::Task(task)) => {
                let refused = match &task.work {
                    Work::Refused { outcome, .. } => Some(outcome.clone()),
                    _ => None,
                };
                match state.blocked.take().or(refused) {
                    Some(outcome) => {
                        let task = task.clone();
                        self.skip(node, task, outcome);
                    }
                    None => {
                        state.status = Status::Ready;
                        self.ready.push_back(node);
                    }
                }
            }
            Some(Node::Start(group)) => {
                let group = group.clone();
                match state.blocked.clone() {
                    Some(outcome) => self.complete(node, StepResult::without_output(outcome)),
                    None => self.open_group(node, &group),
                }
            }
            Some(Node::End(group)) => {
                let group = group.clone();
                self.close_group(node, &group);
            }
            None => {}
        }
    }

    /// Reads the condition of a step of a graph: when it does not hold, the step is not taken.
    fn read_when(&mut self, node: NodeId) {
        let scope = self.scope_of(node);
        let Some(when) = self.graph.whens.get(&node) else {
            return;
        };
        let facts = WalkFacts {
            walk: self,
            names: &when.names,
            local: &[],
            env: when.env,
            scope: &scope,
        };
        let evaluation = facts.evaluate(&when.condition);
        self.effects.push_back(Effect::BranchTaken {
            path: self.path(node),
            label: evaluation.holds.then(|| "when".to_owned()),
            diagnostics: evaluation.diagnostics,
        });
        if let Some(state) = self.states.get_mut(node.index())
            && !evaluation.holds
        {
            state.blocked = Some(Outcome::Skipped {
                reason: SkipReason::NotTaken,
            });
        }
    }

    /// Ends a step that is not run.
    pub(super) fn skip(&mut self, node: NodeId, task: Arc<Task>, outcome: Outcome) {
        self.effects.push_back(Effect::StepSkipped {
            task,
            outcome: outcome.clone(),
        });
        self.complete(node, StepResult::without_output(outcome));
    }

    /// Records how a node ended and tells the nodes behind it.
    pub(super) fn complete(&mut self, node: NodeId, result: StepResult) {
        let Some(state) = self.states.get_mut(node.index()) else {
            return;
        };
        state.status = Status::Done;
        let mut seen = state.scope.seen();
        if let Some(entry) = self
            .graph
            .nodes
            .node_weight(node.ix())
            .and_then(|weight| entry(weight, &result))
        {
            seen = seen.with(entry);
        }
        state.scope = Inflow::Settled(seen);
        state.result = Some(result);
        let mut edges = self.graph.nodes.neighbors(node.ix()).detach();
        while let Some((edge, target)) = edges.next(&self.graph.nodes) {
            if let Some(edge) = self.graph.nodes.edge_weight(edge).copied() {
                self.traverse(node, NodeId::of(target), edge);
            }
        }
    }

    /// One edge whose source has ended.
    pub(super) fn traverse(&mut self, from: NodeId, to: NodeId, edge: Edge) {
        let Some(source) = self.states.get(from.index()) else {
            return;
        };
        let Some(result) = &source.result else { return };
        let scope = source.scope.settled();
        if let Edge::Then { success } = edge
            && !self.graph.awaited.is_empty()
            && self.graph.awaited.contains_key(&to)
        {
            return self.meet(from, to, scope, success);
        }
        let block = match edge {
            Edge::Gate => source
                .blocked
                .as_ref()
                .map(|outcome| (outcome.clone(), true)),
            Edge::Arm(arm) => match &source.blocked {
                Some(outcome) => Some((outcome.clone(), true)),
                None if self.groups.get(&from).and_then(|group| group.taken) == Some(arm) => None,
                None => Some((
                    Outcome::Skipped {
                        reason: SkipReason::NotTaken,
                    },
                    true,
                )),
            },
            Edge::Then { .. } if source.gated => Some((result.outcome.clone(), true)),
            Edge::Then { success: true } if !result.outcome.lets_pass() => {
                Some((self.because_of(from, &result.outcome), false))
            }
            Edge::Then { .. } | Edge::Part => None,
        };
        let held = edge == Edge::Part && !self.part_ended(from, to);
        let width = matches!(edge, Edge::Gate) && self.waits_for_place(from, to, block.is_some());
        let Some(target) = self.states.get_mut(to.index()) else {
            return;
        };
        target.scope.add(from, scope);
        // Of several reasons the one that comes first in the plan counts, not the one that came first in time.
        if let Some((outcome, gated)) = block
            && (target.blocked.is_none() || from < target.blocked_by)
        {
            target.blocked = Some(outcome);
            target.blocked_by = from;
            target.gated = gated;
        }
        if !held && !width {
            self.release(to);
        }
    }

    /// Takes one waiting edge off a node.
    pub(super) fn release(&mut self, node: NodeId) {
        let Some(state) = self.states.get_mut(node.index()) else {
            return;
        };
        state.waiting = state.waiting.saturating_sub(1);
        if state.waiting == 0 {
            self.agenda.push_back(node);
        }
    }

    /// Why a step is skipped whose predecessor did not succeed: the first cause is named, not the last.
    pub(super) fn because_of(&self, node: NodeId, outcome: &Outcome) -> Outcome {
        match outcome {
            Outcome::Skipped { .. } | Outcome::Cancelled { .. } | Outcome::LimitReached { .. } => {
                outcome.clone()
            }
            _ => Outcome::Skipped {
                reason: SkipReason::Dependency {
                    step: self.path(node),
                },
            },
        }
    }

    pub(super) fn path(&self, node: NodeId) -> orchestrate_core::id::StepPath {
        match self.graph.nodes.node_weight(node.ix()) {
            Some(Node::Task(task)) => task.path.clone(),
            Some(Node::Start(group) | Node::End(group)) => group.path.clone(),
            None => orchestrate_core::id::StepPath::root(),
        }
    }

    /// Lets nothing further start inside a group (everywhere without one). With a reason, what is in flight is to be cancelled.
    pub(super) fn block_inside(
        &mut self,
        group: Option<NodeId>,
        outcome: &Outcome,
        in_flight: Option<CancelReason>,
    ) {
        let first = group.map_or(0, NodeId::index);
        for index in first..self.states.len() {
            let Ok(id) = u32::try_from(index) else { break };
            let node = NodeId(id);
            if group.is_some_and(|group| !self.is_inside(node, group))
                || matches!(
                    self.graph.nodes.node_weight(node.ix()),
                    Some(Node::End(_)) | None
                )
            {
                continue;
            }
            let Some(state) = self.states.get_mut(index) else {
                continue;
            };
            match (state.status, in_flight) {
                (Status::Waiting | Status::Ready, _) if state.blocked.is_none() => {
                    state.blocked = Some(outcome.clone());
                }
                (Status::Running, Some(reason)) => {
                    self.effects.push_back(Effect::Cancel { node, reason });
                }
                _ => {}
            }
        }
        let waiting: Vec<NodeId> = self
            .groups
            .iter()
            .filter(|(start, state)| {
                !state.deferred.is_empty()
                    && group.is_none_or(|group| **start == group || self.is_inside(**start, group))
            })
            .map(|(start, _)| *start)
            .collect();
        for start in waiting {
            let deferred = self
                .groups
                .get_mut(&start)
                .map(|state| std::mem::take(&mut state.deferred))
                .unwrap_or_default();
            deferred.into_iter().for_each(|node| self.release(node));
        }
    }

    fn is_inside(&self, node: NodeId, group: NodeId) -> bool {
        let mut next = self.graph.owner(node);
        while let Some(owner) = next {
            if owner == group {
                return true;
            }
            next = self.graph.owner(owner);
        }
        false
    }

    /// Whether an entry of a group of limited width must wait for a place.
    fn waits_for_place(&mut self, start: NodeId, entry: NodeId, blocked: bool) -> bool {
        let Some(Node::Start(group)) = self.graph.nodes.node_weight(start.ix()) else {
            return false;
        };
        let width = match &group.kind {
            GroupKind::Parallel { width, .. } => *width,
            GroupKind::Map(spec) => spec.width,
            _ => None,
        };
        let Some(width) = width else { return false };
        if blocked || matches!(self.graph.nodes.node_weight(entry.ix()), Some(Node::End(_))) {
            return false;
        }
        let state = self.groups.entry(start).or_default();
        state.started += 1;
        let waits = state.started > width;
        if waits {
            state.deferred.push_back(entry);
        }
        waits
    }
}

/// What later steps see of a node: the output of work that succeeded, or of a group that makes one.
fn entry(node: &Node, result: &StepResult) -> Option<ScopeEntry> {
    if !result.outcome.is_success() {
        return None;
    }
    match node {
        Node::Task(task) => Some(ScopeEntry {
            step: task.path.clone(),
            agent: task.agent().map(|agent| agent.id.clone()),
            output: result.output.clone(),
            key: task.key.clone(),
        }),
        Node::End(group) if group.collect.is_some() || group.extras.key.is_some() => {
            Some(ScopeEntry {
                step: group.path.clone(),
                agent: None,
                output: result.output.clone(),
                key: group.extras.key.clone(),
            })
        }
        Node::End(_) | Node::Start(_) => None,
    }
}
