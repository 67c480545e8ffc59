//! The machine itself: what a driver calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use orchestrate_core::backend::PromptPrefix;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::{CancelReason, FailureClass, LimitKind, Outcome};
use orchestrate_core::scope::Scope;
use orchestrate_core::task::Context;
use petgraph::Direction;
use serde_json::Value;

use super::state::{GroupState, State, Status};
use super::{Effect, Ready, StepResult};
use crate::graph::Graph;
use crate::graph::branch::BranchId;
use crate::graph::node::{Node, NodeId, Task};

/// Values by name.
type Inputs = Vec<(Arc<str>, Arc<Value>)>;

/// The state of a run over one graph.
#[derive(Debug)]
pub struct Walk {
    pub(super) graph: Graph,
    /// The context of the task, then those of calls that have begun.
    pub(super) contexts: Vec<Option<Arc<Context>>>,
    pub(super) limits: Limits,
    pub(super) states: Vec<State>,
    /// In order, because what is let go when a group is stopped goes in the order of the plan.
    pub(super) groups: BTreeMap<NodeId, GroupState>,
    pub(super) ready: VecDeque<NodeId>,
    pub(super) agenda: VecDeque<NodeId>,
    pub(super) effects: VecDeque<Effect>,
    pub(super) in_flight: usize,
    /// Set once nothing further may start.
    pub(super) stopped: Option<Outcome>,
}

impl Walk {
    /// A walk that has not begun, under the plan's own limits of depth and width.
    #[must_use]
    pub fn new(graph: Graph, context: Arc<Context>) -> Self {
        let limits = graph.world.limits;
        Self::with_limits(graph, context, limits)
    }

    /// A walk that has not begun. Of the limits, those of depth and width hold here; the others
    /// are the driver's matter.
    #[must_use]
    pub fn with_limits(graph: Graph, context: Arc<Context>, limits: Limits) -> Self {
        let mut walk = Self {
            graph,
            contexts: vec![Some(context)],
            limits,
            states: Vec::new(),
            groups: BTreeMap::new(),
            ready: VecDeque::new(),
            agenda: VecDeque::new(),
            effects: VecDeque::new(),
            in_flight: 0,
            stopped: None,
        };
        walk.add_states();
        let first = walk.states.iter().position(|state| state.waiting == 0);
        walk.agenda.extend(
            first
                .and_then(|index| u32::try_from(index).ok())
                .map(NodeId),
        );
        walk.run_agenda();
        walk
    }

    /// The next step that may start; `None` when none may now.
    ///
    /// Steps come in the order in which they became ready, which for steps of one group is that of the plan.
    pub fn next_ready(&mut self) -> Option<Ready> {
        while let Some(node) = self.ready.pop_front() {
            let Some(Node::Task(task)) = self.graph.nodes.node_weight(node.ix()) else {
                continue;
            };
            let task = task.clone();
            let Some(state) = self.states.get_mut(node.index()) else {
                continue;
            };
            if let Some(outcome) = state.blocked.take() {
                self.skip(node, task, outcome);
                self.run_agenda();
                continue;
            }
            let scope = state.scope.seen();
            let inputs = match self.inputs(&task, &scope) {
                Ok(inputs) => inputs,
                Err(why) => {
                    self.skip(node, task, Outcome::failed(FailureClass::Input, why));
                    self.run_agenda();
                    continue;
                }
            };
            if let Some(state) = self.states.get_mut(node.index()) {
                state.status = Status::Running;
            }
            self.in_flight += 1;
            let prefix = task.agent_work().and_then(|work| work.prefix.as_ref());
            let prefix = prefix.map(|(bindings, ttl_s)| PromptPrefix {
                values: bindings
                    .iter()
                    .filter_map(|(name, field)| Some((name.clone(), self.shared(field, &scope)?)))
                    .collect(),
                ttl_s: *ttl_s,
            });
            let context = self.contexts.get(task.env.0 as usize);
            let context = context.cloned().flatten().unwrap_or_default();
            if let Some(ms) = task.deadline_ms {
                self.effects.push_back(Effect::Deadline { node, ms });
            }
            return Some(Ready {
                node,
                task,
                inputs,
                prefix,
                scope,
                context,
            });
        }
        None
    }

    /// The values that a step is given by name. What does not exist is left out; a template cannot do without.
    fn inputs(&self, task: &Task, scope: &Scope) -> Result<Inputs, String> {
        let values = task.bindings.iter().map(|(name, field)| {
            let value = self.value(field, scope);
            let value = value.map_err(|why| format!("input `{name}`: {why}"))?;
            Ok(value.map(|value| (name.clone(), value)))
        });
        values.filter_map(Result::transpose).collect()
    }

    /// Takes the result of a step that [`Walk::next_ready`] gave out. A second result for a step is ignored.
    pub fn finish(&mut self, node: NodeId, result: StepResult) {
        if self
            .states
            .get(node.index())
            .is_some_and(|state| state.status == Status::Running)
        {
            self.in_flight -= 1;
            self.complete(node, result);
            self.run_agenda();
        }
    }

    /// Gives back what was taken by [`Walk::next_effect`]; it comes again before everything else.
    pub(crate) fn give_back(&mut self, mut effects: VecDeque<Effect>) {
        effects.append(&mut self.effects);
        self.effects = effects;
    }

    /// Tells that the time of a step or group is over; see [`Effect::Deadline`].
    pub fn expire(&mut self, node: NodeId) {
        let reason = CancelReason::Deadline;
        match self.graph.nodes.node_weight(node.ix()) {
            Some(Node::Task(_)) => {
                let state = self.states.get(node.index());
                if state.is_some_and(|state| state.status == Status::Running) {
                    self.effects.push_back(Effect::Cancel { node, reason });
                }
            }
            Some(Node::Start(_)) => {
                let Some(state) = self.groups.get_mut(&node).filter(|state| !state.ended) else {
                    return;
                };
                state.expired = true;
                state.decided = true;
                self.block_inside(Some(node), &Outcome::Cancelled { reason }, Some(reason));
                self.run_agenda();
            }
            Some(Node::End(_)) | None => {}
        }
    }

    /// What happened since the last call, one at a time.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Stops the run: steps in flight are to be cancelled, nothing further starts.
    pub fn cancel(&mut self, reason: CancelReason) {
        let running = self
            .states
            .iter()
            .zip(0u32..)
            .filter(|(state, _)| state.status == Status::Running)
            .map(|(_, index)| NodeId(index));
        self.effects
            .extend(running.map(|node| Effect::Cancel { node, reason }));
        self.stop(&Outcome::Cancelled { reason });
    }

    /// Stops the run because of a limit: steps in flight go on to their end, nothing further starts.
    pub fn limit(&mut self, limit: LimitKind) {
        self.stop(&Outcome::LimitReached { limit });
    }

    /// Lets nothing further start in a branch because of one of its limits: steps in flight go on to
    /// their end, and so does the rest of the run.
    pub fn limit_branch(&mut self, branch: BranchId, limit: LimitKind) {
        let Some(node) = self.graph.branch(branch).map(|branch| branch.node) else {
            return;
        };
        let outcome = Outcome::LimitReached { limit };
        match self.graph.nodes.node_weight(node.ix()) {
            Some(Node::Start(_)) => {
                let state = self.groups.entry(node).or_default();
                if state.limited.is_some() || state.ended {
                    return;
                }
                state.limited = Some(limit);
                self.block_inside(Some(node), &outcome, None);
                self.run_agenda();
            }
            // The work that has the limits itself is the driver's to end.
            Some(Node::Task(_) | Node::End(_)) | None => {}
        }
    }

    /// How the whole ended; `None` while it has not.
    #[must_use]
    pub fn result(&self) -> Option<&StepResult> {
        self.states.get(self.graph.root.index())?.result.as_ref()
    }

    /// Steps that were given out and not finished.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The graph as it is now.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The pieces of work in the order of the plan: what was added while it runs stands where it belongs.
    #[must_use]
    pub fn in_order(&self) -> Vec<Arc<Task>> {
        let mut tasks = Vec::new();
        let mut stack = vec![self.graph.root];
        while let Some(node) = stack.pop() {
            match self.graph.nodes.node_weight(node.ix()) {
                Some(Node::Task(task)) => tasks.push(task.clone()),
                Some(Node::End(group)) => {
                    let children = self.children_of(group);
                    stack.extend(children.iter().rev().map(|child| child.exit));
                }
                Some(Node::Start(_)) | None => {}
            }
        }
        tasks
    }

    fn stop(&mut self, outcome: &Outcome) {
        if self.stopped.is_some() || self.result().is_some() {
            return;
        }
        self.stopped = Some(outcome.clone());
        self.block_inside(None, outcome, None);
        self.run_agenda();
        // Everything in the queue is blocked now; asking settles it, so that the run ends even if nothing is in flight.
        while let Some(ready) = self.next_ready() {
            self.finish(ready.node, StepResult::without_output(outcome.clone()));
        }
    }

    /// Makes a state for every node that has none yet.
    pub(super) fn add_states(&mut self) {
        for index in self.states.len()..self.graph.nodes.node_count() {
            let edges = self
                .graph
                .nodes
                .edges_directed(petgraph::graph::NodeIndex::new(index), Direction::Incoming)
                .count();
            self.states.push(State {
                waiting: u32::try_from(edges).unwrap_or(u32::MAX),
                ..State::default()
            });
        }
    }
}
