//! The events of a run folded back into a walk: what has ended is told to the walk again, and what
//! the walk then decides must be what was recorded.
//!
//! It is how a run goes on after its process has ended, how a replay is checked, and how a fork
//! finds out what it can take over. It runs nothing.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use orchestrate_core::approval::ApprovalRequest;
use orchestrate_core::calls::{Decided, KnownCalls};
use orchestrate_core::event::{Event, EventKind, LimitHolder};
use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::{CancelReason, LimitKind, Outcome};
use orchestrate_core::task::Context;

use super::walk::{Effect, Ready, StepResult, Walk};
use super::{BranchId, Graph, NodeId, Task};

/// How the clock of events and the clock of deadlines may differ.
const SLACK_US: u64 = 100_000;
/// How something ends whose time was over.
const DEADLINE: Outcome = Outcome::Cancelled {
    reason: CancelReason::Deadline,
};

/// A step that has begun, or may begin, and has not ended.
#[derive(Debug)]
pub struct OpenStep {
    /// What is to be done.
    pub ready: Ready,
    /// Attempts made.
    pub attempts: u32,
    /// Whether the last attempt was under way when the record ends: nobody saw its end.
    pub working: bool,
    /// When the first attempt began, in microseconds of the run.
    pub began_us: u64,
    /// Until when it rests before its next attempt, in microseconds of the run.
    pub rests_until_us: Option<u64>,
    /// What its ended attempts used.
    pub usage: Usage,
    /// What the recorded calls of the attempt used that was under way.
    pub unsettled: Usage,
    /// What a person was asked about it and has not answered.
    pub question: Option<ApprovalRequest>,
    /// What was decided about its calls.
    pub decided: Decided,
    /// How many of its attempts ended because a person was to decide about a call.
    pub parked: u32,
    /// The calls that it made.
    pub calls: KnownCalls,
}

impl OpenStep {
    /// The attempt that is under way was cut: what its recorded calls used is all that is known of it.
    fn cut(&mut self) {
        let unsettled = std::mem::take(&mut self.unsettled);
        if std::mem::take(&mut self.working) {
            self.usage += Usage {
                calls: 1,
                ..unsettled
            };
        }
    }
}

/// What was used, by the nearest branch around it and by agent.
#[derive(Debug, Clone, Default)]
pub struct Spent {
    /// Of the steps whose nearest branch it is.
    pub branches: BTreeMap<BranchId, Usage>,
    /// Of the steps that an agent with limits of its own did.
    pub agents: BTreeMap<AgentId, Usage>,
}

impl Spent {
    fn add(&mut self, task: &Task, used: Usage) {
        if let Some(branch) = task.branch {
            *self.branches.entry(branch).or_default() += used;
        }
        if let Some(agent) = task.agent().filter(|agent| !agent.limits.is_none()) {
            *self.agents.entry(agent.id.clone()).or_default() += used;
        }
    }
}

/// What was recorded is not what comes of the plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "event {seq} is not what this version makes of the plan and the events before it: {problem}"
)]
pub struct Diverged {
    /// The event.
    pub seq: u64,
    /// What does not fit.
    pub problem: String,
}

/// A walk that is told what was recorded.
#[derive(Debug)]
pub struct Replay {
    walk: Walk,
    open: BTreeMap<NodeId, OpenStep>,
    nodes: HashMap<StepPath, NodeId>,
    /// What the walk has decided and nobody has recorded yet.
    effects: VecDeque<Effect>,
    cancelled: VecDeque<Effect>,
    /// By when steps and groups must have ended, in microseconds of the run.
    deadlines: BTreeMap<(u64, NodeId), ()>,
    stopped: Option<CancelReason>,
    limited: Option<LimitKind>,
    /// The steps and agents whose own limits were reached.
    held: Vec<(LimitHolder, LimitKind)>,
    spent: Spent,
    ended: bool,
    next: u64,
    at_us: u64,
    idle_us: u64,
}

impl Replay {
    /// A replay of a run that has recorded nothing.
    #[must_use]
    pub fn new(graph: Graph, context: Arc<Context>, limits: Limits) -> Self {
        let mut replay = Self {
            walk: Walk::with_limits(graph, context, limits),
            open: BTreeMap::new(),
            nodes: HashMap::new(),
            effects: VecDeque::new(),
            cancelled: VecDeque::new(),
            deadlines: BTreeMap::new(),
            stopped: None,
            limited: None,
            held: Vec::new(),
            spent: Spent::default(),
            ended: false,
            next: 0,
            at_us: 0,
            idle_us: 0,
        };
        replay.listen();
        replay
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// [`Diverged`] when it cannot have happened in a run of this plan.
    pub fn apply(&mut self, event: &Event) -> Result<(), Diverged> {
        let before_us = self.at_us;
        (self.next, self.at_us) = (event.seq + 1, event.at_us);
        match &event.kind {
            EventKind::StepStarted { step, attempt, .. } => {
                let open = self.begin(event, step)?;
                if *attempt == 1 {
                    open.began_us = event.at_us;
                }
                open.cut();
                (open.attempts, open.working, open.rests_until_us) = (*attempt, true, None);
            }
            EventKind::StepRetried {
                step,
                delay_ms,
                usage,
                ..
            } => {
                let open = self.begin(event, step)?;
                (open.working, open.unsettled) = (false, Usage::default());
                open.usage += *usage;
                let delay_us = delay_ms.saturating_mul(1000);
                open.rests_until_us = Some(event.at_us.saturating_add(delay_us));
            }
            EventKind::StepParked { step, usage, .. } => {
                let open = self.begin(event, step)?;
                (open.working, open.unsettled) = (false, Usage::default());
                open.parked += 1;
                open.usage += *usage;
            }
            EventKind::StepFinished {
                step,
                outcome,
                output,
                confidence,
                duration_us,
                usage,
                ..
            } => {
                let result = StepResult {
                    outcome: outcome.clone(),
                    output: output.clone(),
                    confidence: *confidence,
                    usage: *usage,
                    worked_us: *duration_us,
                };
                self.finish(event, step, result)?;
            }
            EventKind::CallStarted { step, call } => {
                let open = self.begin(event, step)?;
                open.calls.begun(call.clone());
                open.decided.call_begun();
            }
            EventKind::CallFinished {
                step,
                ordinal,
                result,
            } => {
                let open = self.begin(event, step)?;
                open.unsettled += result.usage;
                open.calls.ended(*ordinal, result.clone());
            }
            EventKind::GroupFinished { .. }
            | EventKind::BranchTaken { .. }
            | EventKind::GraphGrown { .. } => self.decided(event)?,
            EventKind::CancelRequested { reason } => {
                self.stopped = Some(*reason);
                match reason {
                    CancelReason::WallTime => self.walk.limit(LimitKind::WallTime),
                    reason => self.walk.cancel(*reason),
                }
                self.listen();
            }
            // It is told by what it ends.
            EventKind::LimitReached {
                of: LimitHolder::Run,
                ..
            } => {}
            EventKind::LimitReached { of, limit, .. } => {
                self.held.push((of.clone(), *limit));
                if let LimitHolder::Step(step) = of
                    && let Some(branch) = self.walk.graph().branch_at(step)
                {
                    self.walk.limit_branch(branch, *limit);
                    self.listen();
                }
            }
            EventKind::ApprovalRequested { request } => {
                let open = self.begin(event, request.waiting_step())?;
                open.question = Some(request.clone());
                if !open.working && request.call_of.is_none() {
                    (open.attempts, open.began_us) = (1, event.at_us);
                }
            }
            EventKind::ApprovalDecided { step, answer } => {
                let asked = self.open.values().find_map(|open| {
                    let question = open.question.as_ref().filter(|it| it.step == *step)?;
                    question.call_of.clone()
                });
                // Of a step that a person does not end, its attempt is made again or its end follows.
                let open = self.begin(event, asked.as_ref().unwrap_or(step))?;
                open.question = None;
                open.cut();
                if asked.is_some() {
                    open.decided.insert(answer.clone());
                }
            }
            EventKind::RunResumed { .. } => self.idle_us += event.at_us - before_us,
            EventKind::RunFinished {
                outcome, output, ..
            } => {
                self.ended = true;
                let same =
                    |result: &StepResult| result.outcome == *outcome && result.output == *output;
                if self.walk.result().is_some_and(|result| !same(result)) {
                    return Err(diverged(event, "the plan comes to another end".to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the run has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// The number of the event that comes next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// When the last event happened, in microseconds of the run.
    #[must_use]
    pub fn at_us(&self) -> u64 {
        self.at_us
    }

    /// How long nobody worked on the run before it was gone on with, in microseconds.
    #[must_use]
    pub fn idle_us(&self) -> u64 {
        self.idle_us
    }

    /// Why the run was told to stop, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<CancelReason> {
        self.stopped
    }

    /// The limit that was reached, if one was.
    #[must_use]
    pub fn limited(&self) -> Option<LimitKind> {
        self.limited
    }

    /// The graph as it is by now.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        self.walk.graph()
    }

    /// The steps and agents whose own limits were reached.
    #[must_use]
    pub fn held(&self) -> &[(LimitHolder, LimitKind)] {
        &self.held
    }

    /// What the steps that have ended used, by who pays for it beside the run.
    #[must_use]
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// The walk, ready to go on; the steps that it has given out, in the order of the plan; and by
    /// when what must have ended, in microseconds of the run.
    #[must_use]
    pub fn into_parts(mut self) -> (Walk, Vec<OpenStep>, Vec<(u64, NodeId)>) {
        self.effects.append(&mut self.cancelled);
        self.walk.give_back(self.effects);
        let deadlines = self.deadlines.into_keys().collect();
        (self.walk, self.open.into_values().collect(), deadlines)
    }

    /// The step of that path, which may begin now.
    fn begin(&mut self, event: &Event, step: &StepPath) -> Result<&mut OpenStep, Diverged> {
        if !self.nodes.contains_key(step) {
            self.pull(step);
        }
        let node = self.nodes.get(step).copied();
        node.and_then(|node| self.open.get_mut(&node))
            .ok_or_else(|| diverged(event, format!("step `{step}` may not begin there")))
    }

    /// Asks the walk for steps until it gives this one. They come in the order in which a run asks for them.
    fn pull(&mut self, step: &StepPath) {
        while !self.nodes.contains_key(step)
            && let Some(ready) = self.walk.next_ready()
        {
            self.nodes.insert(ready.task.path.clone(), ready.node);
            let open = OpenStep {
                attempts: 0,
                working: false,
                began_us: 0,
                rests_until_us: None,
                usage: Usage::default(),
                unsettled: Usage::default(),
                question: None,
                decided: Decided::default(),
                parked: 0,
                calls: KnownCalls::default(),
                ready,
            };
            self.open.insert(open.ready.node, open);
        }
        self.listen();
    }

    fn finish(
        &mut self,
        event: &Event,
        step: &StepPath,
        result: StepResult,
    ) -> Result<(), Diverged> {
        if result.outcome == DEADLINE {
            self.expire(step);
        }
        if !self.nodes.contains_key(step) && self.skipped(step, &result.outcome) {
            return Ok(());
        }
        if let Outcome::LimitReached { limit } = &result.outcome
            && self.stopped.is_none()
            && self.limited.is_none()
        {
            // A limit of the run is told by what it ends: the first step that it ends was waiting.
            self.pull(step);
            if !self.nodes.contains_key(step) && self.skipped(step, &result.outcome) {
                return Ok(());
            }
            if !self.is_held(step) {
                self.limited = Some(*limit);
                self.walk.limit(*limit);
                self.listen();
            }
            if !self.nodes.contains_key(step) && self.skipped(step, &result.outcome) {
                return Ok(());
            }
        }
        self.begin(event, step)?;
        if let Some(node) = self.nodes.remove(step) {
            if let Some(open) = self.open.remove(&node) {
                self.spent.add(&open.ready.task, result.usage);
            }
            self.cancelled.retain(
                |effect| !matches!(effect, Effect::Cancel { node: other, .. } if *other == node),
            );
            self.walk.finish(node, result);
            self.listen();
        }
        Ok(())
    }

    /// Whether a step that was given out is one of those whose limit was reached apart from the run's.
    fn is_held(&self, step: &StepPath) -> bool {
        let node = self.nodes.get(step);
        let Some(open) = node.and_then(|node| self.open.get(node)) else {
            return false;
        };
        let (graph, task) = (self.walk.graph(), &open.ready.task);
        self.held.iter().any(|(of, _)| match of {
            LimitHolder::Run => false,
            LimitHolder::Agent(agent) => task.agent().is_some_and(|it| it.id == *agent),
            LimitHolder::Step(step) => graph
                .branches_around(task.branch)
                .any(|branch| graph.branch_path(branch) == Some(step)),
        })
    }

    /// A deadline is told by what it ends: the first one that is over and stops this step.
    fn expire(&mut self, step: &StepPath) {
        loop {
            if self.is_cancelled(step) || self.is_skipped(step, &DEADLINE) {
                return;
            }
            match self.deadlines.pop_first() {
                Some(((at_us, node), ())) if at_us <= self.at_us.saturating_add(SLACK_US) => {
                    self.walk.expire(node);
                    self.listen();
                }
                Some((later, ())) => {
                    self.deadlines.insert(later, ());
                    return;
                }
                None => return,
            }
        }
    }

    /// Whether the walk has decided that this step ends so without running.
    pub(super) fn is_skipped(&self, step: &StepPath, outcome: &Outcome) -> bool {
        self.effects.iter().any(|effect| {
            matches!(effect, Effect::StepSkipped { task, outcome: decided }
                if task.path == *step && decided == outcome)
        })
    }

    /// Whether the walk has decided that this step is to be stopped.
    pub(super) fn is_cancelled(&self, step: &StepPath) -> bool {
        let node = self.nodes.get(step).copied();
        self.cancelled.iter().any(
            |effect| matches!(effect, Effect::Cancel { node: other, .. } if Some(*other) == node),
        )
    }

    /// Whether the walk has decided that the step ends so without running; and then it is told of now.
    fn skipped(&mut self, step: &StepPath, outcome: &Outcome) -> bool {
        let is_it = |effect: &Effect| {
            matches!(effect, Effect::StepSkipped { task, outcome: decided }
                if task.path == *step && decided == outcome)
        };
        let at = self.effects.iter().position(is_it);
        at.and_then(|at| self.effects.remove(at)).is_some()
    }

    /// Something that only the walk decides: it must have decided so.
    fn decided(&mut self, event: &Event) -> Result<(), Diverged> {
        let at = self
            .effects
            .iter()
            .position(|effect| same(effect, &event.kind));
        match at {
            Some(at) => {
                self.effects.remove(at);
                Ok(())
            }
            None => {
                let next = self.effects.front().map(|effect| format!("{effect:?}"));
                let next: String = next
                    .unwrap_or_else(|| "nothing".to_owned())
                    .chars()
                    .take(200)
                    .collect();
                Err(diverged(event, format!("the plan gives {next} there")))
            }
        }
    }

    /// Takes note of what the walk decided.
    fn listen(&mut self) {
        while let Some(effect) = self.walk.next_effect() {
            match effect {
                Effect::Cancel { .. } => self.cancelled.push_back(effect),
                Effect::Deadline { node, ms } => {
                    let at_us = self.at_us.saturating_add(ms.saturating_mul(1000));
                    self.deadlines.insert((at_us, node), ());
                }
                effect => self.effects.push_back(effect),
            }
        }
    }
}

/// Whether an event tells exactly what the walk decided.
fn same(effect: &Effect, event: &EventKind) -> bool {
    match (effect, event) {
        (
            Effect::GroupFinished { path, result },
            EventKind::GroupFinished {
                step,
                outcome,
                output,
                confidence,
            },
        ) => {
            path == step
                && result.outcome == *outcome
                && result.output == *output
                && result.confidence.to_bits() == confidence.to_bits()
        }
        (
            Effect::BranchTaken {
                path,
                label,
                diagnostics,
            },
            EventKind::BranchTaken {
                step,
                label: taken,
                diagnostics: told,
            },
        ) => path == step && label == taken && diagnostics == told,
        (
            Effect::GraphGrown { path, bodies },
            EventKind::GraphGrown {
                step,
                bodies: grown,
            },
        ) => path == step && bodies == grown,
        _ => false,
    }
}

fn diverged(event: &Event, problem: String) -> Diverged {
    Diverged {
        seq: event.seq,
        problem,
    }
}
