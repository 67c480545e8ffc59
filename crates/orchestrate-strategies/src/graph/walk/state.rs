//! What a walk remembers of each node and of each group that needs it.

use std::collections::VecDeque;

use orchestrate_core::outcome::{LimitKind, Outcome};
use orchestrate_core::scope::Scope;

use super::StepResult;
use crate::graph::node::{Child, NodeId};

#[derive(Debug, Default)]
pub(super) struct State {
    /// Edges into the node whose source has not ended.
    pub(super) waiting: u32,
    pub(super) status: Status,
    /// How the node ends instead of running, decided by what came before it.
    pub(super) blocked: Option<Outcome>,
    /// The node that decided it; the first of all when the group or the run was stopped.
    pub(super) blocked_by: NodeId,
    /// Whether the group around it as a whole is not run.
    pub(super) gated: bool,
    pub(super) result: Option<StepResult>,
    pub(super) scope: Inflow,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    Waiting,
    Ready,
    Running,
    Done,
}

/// What a node can see, collected from the edges into it and, once it has ended, what others see of it.
/// What comes in is kept with the node that it came from, so that it joins in the order of the plan.
#[derive(Debug, Default)]
pub(super) enum Inflow {
    #[default]
    Nothing,
    One(NodeId, Scope),
    Many(Vec<(NodeId, Scope)>),
    Settled(Scope),
}

/// What a group needs to remember while it runs; only those that need it have one. Keyed by the group's start.
#[derive(Debug, Default)]
pub(super) struct GroupState {
    /// Bodies added while running.
    pub(super) children: Vec<Child>,
    /// Entries that took a place in a group of limited width, or wait for one.
    pub(super) started: u32,
    /// Entries that wait for a free place.
    pub(super) deferred: VecDeque<NodeId>,
    /// Parts that succeeded so far.
    pub(super) succeeded: u32,
    /// The way that a branch took.
    pub(super) taken: Option<u32>,
    /// Whether the rest was stopped because the join was decided or a part failed.
    pub(super) decided: bool,
    /// How a loop, map or expansion ended, when its parts do not say.
    pub(super) verdict: Option<Outcome>,
    /// Whether its time was over before it ended.
    pub(super) expired: bool,
    /// The limit of its own that was reached before it ended.
    pub(super) limited: Option<LimitKind>,
    /// Whether a group with a deadline or limits has ended.
    pub(super) ended: bool,
    /// Work steps that an outermost expansion has left.
    pub(super) steps_left: Option<u32>,
    /// To whom an expansion has handed sub-tasks, in their order; none when it runs no list.
    pub(super) handed: Option<Vec<String>>,
    /// What the caller sees, while a call runs in a scope of its own.
    pub(super) outside: Option<Scope>,
}

impl Inflow {
    pub(super) fn add(&mut self, from: NodeId, scope: Scope) {
        *self = match std::mem::take(self) {
            Self::Nothing | Self::Settled(_) => Self::One(from, scope),
            Self::One(first, earlier) => Self::Many(vec![(first, earlier), (from, scope)]),
            Self::Many(mut scopes) => {
                scopes.push((from, scope));
                Self::Many(scopes)
            }
        };
    }

    /// Joins what came in, once, and gives it out shared.
    pub(super) fn seen(&mut self) -> Scope {
        let scope = match std::mem::take(self) {
            Self::Nothing => Scope::default(),
            Self::One(_, scope) | Self::Settled(scope) => scope,
            Self::Many(mut scopes) => {
                scopes.sort_by_key(|(from, _)| *from);
                Scope::join(scopes.into_iter().map(|(_, scope)| scope))
            }
        };
        *self = Self::Settled(scope.clone());
        scope
    }

    /// What others see of a node that has ended.
    pub(super) fn settled(&self) -> Scope {
        match self {
            Self::Settled(scope) => scope.clone(),
            Self::Nothing | Self::One(..) | Self::Many(_) => Scope::default(),
        }
    }
}
