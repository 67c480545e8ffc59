//! Steps that wait for any of several: the first success starts them, the slower ones go on.

use orchestrate_core::outcome::{Outcome, SkipReason};
use orchestrate_core::scope::Scope;

use super::Walk;
use super::state::Status;
use crate::graph::node::{Awaited, NodeId};

/// How far what is awaited has come.
enum Met {
    /// Something has to end first.
    Pending,
    /// Met by a success.
    Success,
    /// Met, though nothing succeeded: it was not needed, or a failure does not matter here.
    Passed,
    /// It can no longer be met.
    Unmet { by: NodeId, gated: bool },
}

impl Walk {
    /// A step has ended that a node with alternatives waits for.
    pub(super) fn meet(&mut self, from: NodeId, node: NodeId, scope: Scope, success: bool) {
        let waits =
            |state: &super::state::State| state.status == Status::Waiting && state.waiting > 0;
        let Some(state) = self
            .states
            .get_mut(node.index())
            .filter(|state| waits(state))
        else {
            // It has begun already. What is slower goes on to its own end.
            return;
        };
        state.scope.add(from, scope);
        let Some(awaited) = self.graph.awaited.get(&node) else {
            return;
        };
        let blocked = match self.met(awaited, success) {
            Met::Pending => return,
            Met::Success | Met::Passed => None,
            Met::Unmet { by, gated } => {
                let result = self
                    .states
                    .get(by.index())
                    .and_then(|state| state.result.as_ref());
                result.map(|result| {
                    let outcome = if gated || result.outcome.lets_pass() {
                        result.outcome.clone()
                    } else {
                        self.because_of(by, &result.outcome)
                    };
                    (outcome, by, gated)
                })
            }
        };
        let Some(state) = self.states.get_mut(node.index()) else {
            return;
        };
        if let Some((outcome, by, gated)) = blocked
            && state.blocked.is_none()
        {
            state.blocked = Some(outcome);
            state.blocked_by = by;
            state.gated = gated;
        }
        state.waiting = 0;
        self.agenda.push_back(node);
    }

    fn met(&self, awaited: &Awaited, success: bool) -> Met {
        match awaited {
            Awaited::Step(node) => {
                let Some(state) = self.states.get(node.index()) else {
                    return Met::Pending;
                };
                match state.result.as_ref().map(|result| &result.outcome) {
                    None => Met::Pending,
                    Some(_) if state.gated => Met::Unmet {
                        by: *node,
                        gated: true,
                    },
                    Some(Outcome::Succeeded) => Met::Success,
                    Some(outcome) if outcome.lets_pass() || !success => Met::Passed,
                    Some(_) => Met::Unmet {
                        by: *node,
                        gated: false,
                    },
                }
            }
            Awaited::All(parts) => {
                let mut all = Met::Passed;
                for part in parts {
                    all = match (all, self.met(part, success)) {
                        (Met::Pending, _) | (_, Met::Pending) => return Met::Pending,
                        (Met::Unmet { by, gated }, _) | (_, Met::Unmet { by, gated }) => {
                            Met::Unmet { by, gated }
                        }
                        (Met::Success, _) | (_, Met::Success) => Met::Success,
                        (Met::Passed, Met::Passed) => Met::Passed,
                    };
                }
                all
            }
            Awaited::Any(parts) => self.met_any(parts, success),
        }
    }

    fn met_any(&self, parts: &[Awaited], success: bool) -> Met {
        let mut any = None;
        for part in parts {
            any = match (any, self.met(part, success)) {
                (_, Met::Success) => return Met::Success,
                (Some(Met::Pending), _) | (_, Met::Pending) => Some(Met::Pending),
                (Some(first @ Met::Unmet { .. }), _) => Some(first),
                (_, unmet @ Met::Unmet { .. }) => Some(unmet),
                (_, Met::Passed) => Some(Met::Passed),
            };
        }
        match any {
            // Nothing failed and nothing succeeded: what was not needed brings nothing to go on with.
            Some(Met::Passed) => {
                let nobody = parts.iter().find_map(|part| self.not_taken(part));
                nobody.map_or(Met::Passed, |by| Met::Unmet { by, gated: false })
            }
            Some(met) => met,
            None => Met::Passed,
        }
    }

    /// A step in it that was not needed, if all are such.
    fn not_taken(&self, awaited: &Awaited) -> Option<NodeId> {
        match awaited {
            Awaited::Step(node) => {
                let result = self.states.get(node.index())?.result.as_ref()?;
                let not_taken = matches!(
                    result.outcome,
                    Outcome::Skipped {
                        reason: SkipReason::NotTaken
                    }
                );
                not_taken.then_some(*node)
            }
            Awaited::Any(parts) | Awaited::All(parts) => {
                parts.iter().find_map(|part| self.not_taken(part))
            }
        }
    }
}
