//! The walk over a graph: outcomes in, ready steps out. It does no IO and reads no clock.
//!
//! A driver asks [`Walk::next_ready`] for steps, runs them however it likes, and tells the walk
//! how each ended. Everything else — joins, branches, rounds, what is skipped and why — is decided
//! here, so that every driver decides the same.

mod facts;
mod group;
mod grow;
mod outcome;
mod propagate;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use orchestrate_core::id::StepPath;
use orchestrate_core::outcome::{CancelReason, LimitKind, Outcome};
use orchestrate_core::scope::Scope;
use orchestrate_core::task::Context;
use petgraph::Direction;
use serde_json::Value;

use super::Graph;
use super::node::{Child, Node, NodeId, Task};

/// A step that may start now.
#[derive(Debug)]
pub struct Ready {
    /// Its node; given back with the result.
    pub node: NodeId,
    /// What is to be done.
    pub task: Arc<Task>,
    /// The values that the plan binds for it. A value that does not exist is left out.
    pub inputs: Vec<(Arc<str>, Arc<Value>)>,
    /// The results of the steps before it.
    pub scope: Scope,
}

/// How a step ended, after its last attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// How.
    pub outcome: Outcome,
    /// What it gave; null when nothing.
    pub output: Arc<Value>,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

impl StepResult {
    /// An end without output.
    #[must_use]
    pub fn without_output(outcome: Outcome) -> Self {
        Self {
            outcome,
            output: Arc::default(),
            confidence: 0.0,
        }
    }
}

/// What the driver must publish or do, in this order.
#[derive(Debug)]
pub enum Effect {
    /// A step ended without running.
    StepSkipped {
        /// The step.
        task: Arc<Task>,
        /// Why.
        outcome: Outcome,
    },
    /// A group ended.
    GroupFinished {
        /// The group.
        path: StepPath,
        /// Its result.
        result: StepResult,
    },
    /// A branch chose its way.
    BranchTaken {
        /// The branch.
        path: StepPath,
        /// The way; none when no condition held and there is no other.
        label: Option<String>,
        /// Fields that were absent or could not be compared.
        diagnostics: Vec<String>,
    },
    /// Bodies were added.
    GraphGrown {
        /// The loop or map.
        path: StepPath,
        /// How many.
        bodies: u32,
    },
    /// A step in flight is no longer wanted. The driver stops it and still calls [`Walk::finish`] for it.
    Cancel {
        /// The step.
        node: NodeId,
        /// Why.
        reason: CancelReason,
    },
}

/// The state of a run over one graph.
#[derive(Debug)]
pub struct Walk {
    graph: Graph,
    context: Arc<Context>,
    states: Vec<State>,
    groups: HashMap<NodeId, GroupState>,
    ready: VecDeque<NodeId>,
    agenda: VecDeque<NodeId>,
    effects: VecDeque<Effect>,
    in_flight: usize,
    /// Set once nothing further may start.
    stopped: Option<Outcome>,
}

#[derive(Debug, Default)]
struct State {
    /// Edges into the node whose source has not ended.
    waiting: u32,
    status: Status,
    /// How the node ends instead of running, decided by what came before it.
    blocked: Option<Outcome>,
    /// The node that decided it; the first of all when the group or the run was stopped.
    blocked_by: NodeId,
    /// Whether the group around it as a whole is not run.
    gated: bool,
    result: Option<StepResult>,
    scope: Inflow,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Status {
    #[default]
    Waiting,
    Ready,
    Running,
    Done,
}

/// What a node can see, collected from the edges into it and, once it has ended, what others see of it.
#[derive(Debug, Default)]
enum Inflow {
    #[default]
    Nothing,
    One(Scope),
    Many(Vec<Scope>),
}

/// What a group needs to remember while it runs; only those that need it have one. Keyed by the group's start.
#[derive(Debug, Default)]
struct GroupState {
    /// Bodies added while running.
    children: Vec<Child>,
    /// Entries that took a place in a group of limited width, or wait for one.
    started: u32,
    /// Entries that wait for a free place.
    deferred: VecDeque<NodeId>,
    /// Parts that succeeded so far.
    succeeded: u32,
    /// The way that a branch took.
    taken: Option<u32>,
    /// Whether the rest was stopped because the join was decided or a part failed.
    decided: bool,
    /// How a loop or map ended, when its parts do not say.
    verdict: Option<Outcome>,
}

impl Walk {
    /// A walk that has not begun.
    #[must_use]
    pub fn new(graph: Graph, context: Arc<Context>) -> Self {
        let mut walk = Self {
            graph,
            context,
            states: Vec::new(),
            groups: HashMap::new(),
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
            state.status = Status::Running;
            self.in_flight += 1;
            let scope = state.scope.seen();
            let inputs = task
                .bindings
                .iter()
                .filter_map(|(name, field)| Some((name.clone(), self.shared(field)?)))
                .collect();
            return Some(Ready {
                node,
                task,
                inputs,
                scope,
            });
        }
        None
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
    fn add_states(&mut self) {
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

impl Inflow {
    fn add(&mut self, scope: Scope) {
        *self = match std::mem::take(self) {
            Self::Nothing => Self::One(scope),
            Self::One(first) => Self::Many(vec![first, scope]),
            Self::Many(mut scopes) => {
                scopes.push(scope);
                Self::Many(scopes)
            }
        };
    }

    /// Joins what came in, once, and gives it out shared.
    fn seen(&mut self) -> Scope {
        let scope = match std::mem::take(self) {
            Self::Nothing => Scope::default(),
            Self::One(scope) => scope,
            Self::Many(scopes) => Scope::join(scopes),
        };
        *self = Self::One(scope.clone());
        scope
    }

    /// What others see of a node that has ended.
    fn settled(&self) -> Scope {
        match self {
            Self::One(scope) => scope.clone(),
            Self::Nothing | Self::Many(_) => Scope::default(),
        }
    }
}
