//! How groups open, notice that a part has ended, and close.

use std::sync::Arc;

use orchestrate_core::condition::Condition;
use orchestrate_core::outcome::{
    CancelReason, Census, FailureClass, LimitKind, Outcome, SkipReason,
};
use orchestrate_core::plan::{Join, OnError};
use orchestrate_core::scope::Scope;
use orchestrate_core::strategy::{Gathered, Part};
use orchestrate_core::task::Context;
use serde_json::{Value, json};

use super::facts::WalkFacts;
use super::outcome::{PartOutcome, is_decided, of_all, of_join, of_line};
use super::state::Inflow;
use super::{Effect, StepResult, Walk};
use crate::graph::node::{CallSpec, Child, Group, GroupKind, Names, Node, NodeId, Surroundings};
use crate::graph::place::Called;

impl Walk {
    pub(super) fn open_group(&mut self, start: NodeId, group: &Arc<Group>) {
        if let Some(outcome) = self.too_deep(group) {
            // What is inside is not run, for the same reason.
            if let Some(state) = self.states.get_mut(start.index()) {
                state.blocked = Some(outcome.clone());
            }
            return self.complete(start, StepResult::without_output(outcome));
        }
        if let Some(ms) = group.extras.deadline_ms {
            self.groups.entry(start).or_default();
            self.effects.push_back(Effect::Deadline { node: start, ms });
        }
        match &group.kind {
            GroupKind::Branch {
                arms,
                otherwise,
                names,
            } => self.choose(start, group, (arms, *otherwise), names),
            GroupKind::Call(spec) => self.begin_call(start, group, spec),
            _ => {}
        }
        self.complete(start, StepResult::without_output(Outcome::Succeeded));
        match &group.kind {
            GroupKind::Loop(spec) => self.add_round(start, group, spec, 0),
            GroupKind::Map(spec) => self.add_items(start, group, spec),
            GroupKind::Expand(spec) => self.expand(start, group, spec),
            _ => {}
        }
    }

    /// The limit of depth, of the run or of a step around it, if a call or an expansion would pass it.
    fn too_deep(&self, group: &Group) -> Option<Outcome> {
        let nests = matches!(group.kind, GroupKind::Call(_) | GroupKind::Expand(_));
        let Surroundings { depth, deepest, .. } = group.extras.around;
        let limits = [self.limits.max_depth, deepest].into_iter().flatten();
        let limit = limits.min().filter(|_| nests)?;
        (depth >= limit).then_some(Outcome::LimitReached {
            limit: LimitKind::Depth,
        })
    }

    /// How many items or sub-tasks a group may have at most, by the run and the steps around it.
    pub(super) fn widest(&self, around: Surroundings) -> usize {
        let limits = [self.limits.max_width, around.widest];
        let least = limits.into_iter().flatten().min();
        least.map_or(usize::MAX, |most| most as usize)
    }

    fn choose(
        &mut self,
        start: NodeId,
        group: &Group,
        (arms, otherwise): (&[(String, Condition)], bool),
        names: &Names,
    ) {
        let scope = self.scope_of(start);
        let mut diagnostics = Vec::new();
        let facts = WalkFacts {
            walk: self,
            names,
            local: &[],
            env: group.extras.around.env,
            scope: &scope,
        };
        let found = arms.iter().zip(0u32..).find_map(|((_, condition), index)| {
            let mut evaluation = facts.evaluate(condition);
            diagnostics.append(&mut evaluation.diagnostics);
            evaluation.holds.then_some(index)
        });
        let other = u32::try_from(arms.len()).ok().filter(|_| otherwise);
        let label = match found {
            Some(index) => arms.get(index as usize).map(|(label, _)| label.clone()),
            None => other.map(|_| "otherwise".to_owned()),
        };
        self.groups.entry(start).or_default().taken = found.or(other);
        self.effects.push_back(Effect::BranchTaken {
            path: group.path.clone(),
            label,
            diagnostics,
        });
    }

    /// Makes the context of a call, once for all that is inside, and gives it a scope of its own.
    fn begin_call(&mut self, start: NodeId, group: &Group, spec: &CallSpec) {
        let outside = self.scope_of(start);
        let around = self.contexts.get(group.extras.around.env.0 as usize);
        let mut context = around.cloned().flatten().unwrap_or_default();
        let mapped = spec.mapping.iter().filter_map(|(name, field)| {
            let value = self.shared(field, &outside)?;
            Some((name.clone(), Arc::unwrap_or_clone(value)))
        });
        let own = spec
            .values
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        let values: Vec<(String, Value)> = own.chain(mapped).collect();
        if !values.is_empty() {
            let mut overlaid = Arc::unwrap_or_clone(context);
            overlaid.extend(values);
            context = Arc::new(overlaid);
        }
        let env = spec.env.0 as usize;
        if self.contexts.len() <= env {
            self.contexts.resize(env + 1, None);
        }
        if let Some(slot) = self.contexts.get_mut(env) {
            *slot = Some(context);
        }
        self.groups.entry(start).or_default().outside = Some(outside);
        if let Some(state) = self.states.get_mut(start.index()) {
            state.scope = Inflow::Settled(Scope::default());
        }
    }

    /// A part of a group has ended; false when the group's end must go on waiting all the same.
    pub(super) fn part_ended(&mut self, part: NodeId, end: NodeId) -> bool {
        let Some(Node::End(group)) = self.graph.nodes.node_weight(end.ix()) else {
            return true;
        };
        let Some(outcome) = self
            .states
            .get(part.index())
            .and_then(|state| Some(&state.result.as_ref()?.outcome))
        else {
            return true;
        };
        let (join, width, on_error) = match &group.kind {
            GroupKind::Parallel {
                join,
                width,
                on_error,
            } => (*join, width.is_some(), *on_error),
            GroupKind::Map(spec) => (spec.join, spec.width.is_some(), OnError::Continue),
            GroupKind::Graph { on_error } => (Join::All, false, *on_error),
            GroupKind::Loop(_) => {
                let group = group.clone();
                return self.round_ended(part, end, &group);
            }
            GroupKind::Sequence { .. }
            | GroupKind::Branch { .. }
            | GroupKind::Expand(_)
            | GroupKind::Call(_) => return true,
        };
        let failed = on_error == OnError::Stop && !outcome.lets_pass();
        if !width && join == Join::All && !failed {
            return true;
        }
        let (start, succeeded) = (group.start, outcome.is_success());
        let because = Outcome::Skipped {
            reason: SkipReason::Dependency {
                step: self.path(part),
            },
        };
        let state = self.groups.entry(start).or_default();
        state.succeeded += u32::from(succeeded);
        let next = state.deferred.pop_front();
        let stop = if state.decided {
            None
        } else if is_decided(join, state.succeeded) {
            Some((
                Outcome::Skipped {
                    reason: SkipReason::JoinDecided,
                },
                CancelReason::JoinDecided,
            ))
        } else {
            failed.then_some((because, CancelReason::SiblingFailed))
        };
        state.decided |= stop.is_some();
        if let Some((outcome, reason)) = stop {
            self.block_inside(Some(start), &outcome, Some(reason));
        }
        if let Some(next) = next {
            self.release(next);
        }
        true
    }

    pub(super) fn close_group(&mut self, end: NodeId, group: &Arc<Group>) {
        let start = self.states.get(group.start.index());
        let gated = start.is_some_and(|state| state.gated);
        if let Some(blocked) = start.and_then(|state| state.blocked.clone()) {
            if let Some(state) = self.states.get_mut(end.index()) {
                state.gated = gated;
                state.blocked = None;
            }
            return self.complete(end, StepResult::without_output(blocked));
        }
        let result = self.result_of(group);
        if let Some(state) = self.groups.get_mut(&group.start) {
            state.ended = true;
            if let Some(outside) = state.outside.take()
                && let Some(end) = self.states.get_mut(end.index())
            {
                end.scope = Inflow::Settled(outside);
            }
        }
        self.effects.push_back(Effect::GroupFinished {
            path: group.path.clone(),
            result: result.clone(),
        });
        self.complete(end, result);
    }

    /// The parts of a group, those that were added while it runs included.
    pub(super) fn children_of<'a>(&'a self, group: &'a Group) -> &'a [Child] {
        match &group.kind {
            GroupKind::Loop(_) | GroupKind::Map(_) | GroupKind::Expand(_) => self
                .groups
                .get(&group.start)
                .map_or(&[][..], |state| &state.children),
            _ => &group.children,
        }
    }

    fn result_of(&self, group: &Group) -> StepResult {
        let state = self.groups.get(&group.start);
        let children = self.children_of(group);
        let parts: Vec<(Called<'_>, &StepResult)> = children
            .iter()
            .enumerate()
            .filter_map(|(i, child)| {
                Some((
                    Called::of(child.name.as_ref(), i),
                    self.result_at(child.exit)?,
                ))
            })
            .collect();
        let outcomes: Vec<PartOutcome<'_>> = parts
            .iter()
            .map(|(name, result)| PartOutcome {
                name: *name,
                outcome: &result.outcome,
            })
            .collect();
        let chosen = match &group.kind {
            GroupKind::Branch { .. } => {
                let taken = state
                    .and_then(|state| state.taken)
                    .and_then(|arm| parts.get(arm as usize));
                let result = taken.map_or_else(
                    || {
                        StepResult::without_output(Outcome::Skipped {
                            reason: SkipReason::NotTaken,
                        })
                    },
                    |(_, result)| (*result).clone(),
                );
                return self.in_time(group, result, &outcomes);
            }
            GroupKind::Call(_) | GroupKind::Expand(_) => {
                let verdict = state.and_then(|state| state.verdict.clone());
                let result = match (verdict, parts.first()) {
                    (Some(outcome), _) => StepResult::without_output(outcome),
                    (None, Some((_, result))) => (*result).clone(),
                    (None, None) => StepResult::without_output(Outcome::Succeeded),
                };
                let result = StepResult {
                    output: self
                        .expanded_output(group)
                        .unwrap_or_else(|| result.output.clone()),
                    ..result
                };
                return self.in_time(group, result, &outcomes);
            }
            GroupKind::Loop(_) => {
                let last = parts.last().map_or_else(
                    || StepResult::without_output(Outcome::Succeeded),
                    |(_, result)| (*result).clone(),
                );
                let outcome = state
                    .and_then(|state| state.verdict.clone())
                    .unwrap_or_else(|| last.outcome.clone());
                // What the last round could not give any more, the one before it gave.
                let gave = parts.iter().rev().map(|(_, result)| *result);
                let best = gave.clone().find(|result| !result.output.is_null());
                let result = StepResult {
                    output: best.map_or_else(|| last.output.clone(), |best| best.output.clone()),
                    confidence: best.map_or(last.confidence, |best| best.confidence),
                    ..StepResult::without_output(outcome)
                };
                return self.in_time(group, result, &outcomes);
            }
            GroupKind::Map(spec) => state
                .and_then(|state| state.verdict.clone())
                .unwrap_or_else(|| of_join(spec.join, &outcomes)),
            GroupKind::Sequence {
                on_error: OnError::Continue,
            }
            | GroupKind::Graph { .. } => of_all(&outcomes),
            GroupKind::Sequence { .. } => of_line(&outcomes),
            GroupKind::Parallel { join, .. } => of_join(*join, &outcomes),
        };
        let generic = StepResult {
            confidence: mean_confidence(&parts),
            output: default_output(group, &parts),
            ..StepResult::without_output(chosen)
        };
        let generic = self.in_time(group, generic, &outcomes);
        match &group.collect {
            None => generic,
            Some(strategy) => {
                let parts: Vec<Part> = children
                    .iter()
                    .enumerate()
                    .filter_map(|(i, child)| self.part(child, i))
                    .collect();
                let outside = matches!(
                    generic.outcome,
                    Outcome::Cancelled { .. }
                        | Outcome::LimitReached { .. }
                        | Outcome::Unknown { .. }
                );
                let empty = Context::new();
                let context = self.contexts.get(group.extras.around.env.0 as usize);
                let made = strategy.aggregate(&Gathered {
                    parts: &parts,
                    outcome: generic.outcome.clone(),
                    previous: group
                        .extras
                        .previous
                        .as_ref()
                        .and_then(|binding| self.output_of(binding)),
                    context: context
                        .and_then(|context| context.as_deref())
                        .unwrap_or(&empty),
                });
                // What stopped the group from outside is not for a strategy to explain away.
                let outcome = if outside {
                    generic.outcome
                } else {
                    made.outcome
                };
                StepResult {
                    output: Arc::new(made.output),
                    confidence: made.confidence,
                    ..StepResult::without_output(outcome)
                }
            }
        }
    }

    /// What counts when the time of a group was over: what had succeeded by then.
    fn in_time(
        &self,
        group: &Group,
        mut result: StepResult,
        parts: &[PartOutcome<'_>],
    ) -> StepResult {
        let expired = self.groups.get(&group.start).is_some_and(|s| s.expired);
        let counts = matches!(
            result.outcome,
            Outcome::Succeeded | Outcome::Partial { .. } | Outcome::Unknown { .. }
        );
        if expired && !counts {
            let succeeded = parts.iter().filter(|part| part.outcome.is_success());
            let message = format!(
                "it took longer than {} ms: {} of {} had succeeded",
                group.extras.deadline_ms.unwrap_or_default(),
                succeeded.count(),
                parts.len()
            );
            result.outcome = Outcome::failed(FailureClass::Timeout, message);
        }
        result
    }

    pub(super) fn result_at(&self, node: NodeId) -> Option<&StepResult> {
        self.states.get(node.index())?.result.as_ref()
    }

    /// A part as an aggregate sees it, with its own parts.
    pub(super) fn part(&self, child: &Child, position: usize) -> Option<Part> {
        let result = self.result_at(child.exit)?;
        let (mut agent, mut parts) = (None, Vec::new());
        let (mut usage, mut worked_us) = (result.usage, result.worked_us);
        match self.graph.nodes.node_weight(child.exit.ix())? {
            Node::Task(task) => agent = task.worker().agent().cloned(),
            Node::End(group) => {
                let state = self.groups.get(&group.start);
                parts = self
                    .children_of(group)
                    .iter()
                    .enumerate()
                    .filter_map(|(i, child)| self.part(child, i))
                    .collect();
                usage = parts.iter().map(|part: &Part| part.usage).sum();
                worked_us = parts.iter().map(|part: &Part| part.worked_us).sum();
                if matches!(group.kind, GroupKind::Branch { .. }) {
                    agent = state
                        .and_then(|state| state.taken)
                        .and_then(|arm| parts.get(arm as usize))
                        .and_then(|part: &Part| part.agent.clone());
                }
            }
            Node::Start(_) => {}
        }
        Some(Part {
            name: Called::of(child.name.as_ref(), position).to_string(),
            agent,
            outcome: result.outcome.clone(),
            output: result.output.clone(),
            confidence: result.confidence,
            usage,
            worked_us,
            parts,
        })
    }
}

/// What a group gives when no strategy makes its output: a line the last output, others a census. Nothing is copied.
fn default_output(group: &Group, parts: &[(Called<'_>, &StepResult)]) -> Arc<Value> {
    let best = |parts: &[(Called<'_>, &StepResult)]| {
        let succeeded = parts
            .iter()
            .filter(|(_, result)| result.outcome.is_success());
        // The first of equals wins, so that the order of the plan decides.
        succeeded
            .fold(None, |best: Option<&StepResult>, (_, result)| match best {
                Some(best) if best.confidence >= result.confidence => Some(best),
                _ => Some(result),
            })
            .map(|result| result.output.clone())
    };
    match &group.kind {
        GroupKind::Sequence { .. } => parts
            .iter()
            .rev()
            .find(|(_, result)| result.outcome.is_success())
            .map(|(_, result)| result.output.clone())
            .unwrap_or_default(),
        GroupKind::Parallel {
            join: Join::Best, ..
        } => best(parts).unwrap_or_default(),
        // What was made of the items, in their order; null where nothing was.
        GroupKind::Map(_) => {
            let outputs: Vec<&Value> = parts.iter().map(|(_, result)| &*result.output).collect();
            Arc::new(json!({ "census": census(parts), "outputs": outputs }))
        }
        _ => Arc::new(json!({ "census": census(parts) })),
    }
}

fn census(parts: &[(Called<'_>, &StepResult)]) -> Census {
    Census::of(parts.iter().map(|(_, result)| &result.outcome))
}

/// The mean over the parts that succeeded; 0 when none did.
fn mean_confidence(parts: &[(Called<'_>, &StepResult)]) -> f64 {
    let (sum, count) = parts
        .iter()
        .filter(|(_, result)| result.outcome.is_success())
        .fold((0.0, 0u32), |(sum, count), (_, result)| {
            (sum + result.confidence, count + 1)
        });
    if count == 0 {
        0.0
    } else {
        sum / f64::from(count)
    }
}
