//! The owner of a run: starts what may start, takes in what ended, publishes what happened.
//!
//! It decides nothing that another executor would have to decide too; that is the walk's. It holds
//! the law of spending: no attempt without a reservation, and none is forgotten.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::budget::{Account, Budget, Refused, Reservation};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::clock::Clock;
use orchestrate_core::event::{EVENT_FORMAT, Event, EventKind};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::{AgentId, RunId};
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::{CancelReason, FailureClass, LimitKind, Outcome};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::Graph;
use orchestrate_strategies::graph::walk::{Effect, NodeId, Ready, StepResult, Task, Walk};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::assign::{Assigned, Backends};
use super::flights::{Flight, Flights, Step, Stopped, Stopping};
use super::order::PlanOrder;
use super::worker::{Attempt, Ended};

/// How long work that was told to stop is waited for before the run ends without it.
const STOP_BOUND: Duration = Duration::from_millis(500);
/// Attempts after which the dispatcher lets other tasks of its thread run.
const STEPS_IN_A_ROW: u32 = 64;
/// Events that are handed to the subscriber at once, at most.
const BATCH: usize = 256;

/// What the dispatcher is told.
#[derive(Debug)]
pub(super) enum Message {
    /// An attempt ended.
    Ended {
        node: NodeId,
        attempt: u32,
        ended: Ended,
    },
    /// The user wants the run to stop.
    Cancel,
}

/// How far a run is still going; it only ever moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Going {
    /// Steps are started as they become ready.
    On,
    /// A limit was reached: nothing further starts, what is under way goes on to its end.
    Out,
    /// Everything was told to stop.
    Stopped,
}

/// What a run is made of, beside its graph.
#[derive(Debug)]
pub(super) struct Setup<'a> {
    pub(super) run: RunId,
    pub(super) plan: &'a Plan,
    pub(super) backends: &'a Backends,
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) subscriber: Option<UnboundedSender<Vec<Event>>>,
}

/// One run.
#[derive(Debug)]
pub(super) struct Dispatcher {
    run: RunId,
    task: Arc<str>,
    context: Arc<Context>,
    digest: String,
    order: PlanOrder,
    walk: Walk,

    backends: Backends,
    assigned: HashMap<AgentId, Arc<Assigned>>,
    budget: Budget,
    limits: Limits,
    flights: Flights,
    /// Steps that wait for a reservation, in order.
    waiting: VecDeque<Step>,
    stopping: Stopping,
    /// Raised when the run is to stop, for all attempts at once.
    signal: CancelSignal,
    going: Going,
    /// Attempts begun and ended since other tasks of this thread last had their turn.
    in_a_row: u32,

    messages: UnboundedReceiver<Message>,
    address: UnboundedSender<Message>,
    wall: Option<Instant>,

    clock: Arc<dyn Clock>,
    origin_us: u64,
    /// The time as last read; read again whenever something may have taken time.
    now_us: u64,
    seq: u64,
    report: RunReport,
    subscriber: Option<UnboundedSender<Vec<Event>>>,
    batch: Vec<Event>,
}

impl Dispatcher {
    pub(super) fn new(setup: Setup<'_>, graph: Graph) -> Self {
        let Setup {
            run,
            plan,
            backends,
            limits,
            clock,
            subscriber,
        } = setup;
        let context = Arc::new(plan.context.clone());
        let (address, messages) = unbounded_channel();
        Self {
            run,
            task: plan.task.as_str().into(),
            context: context.clone(),
            digest: plan.digest(),
            order: PlanOrder::of(plan),
            walk: Walk::new(graph, context),
            backends: backends.clone(),
            assigned: backends.settle(plan),
            budget: Budget::new(limits),
            limits,
            flights: Flights::default(),
            waiting: VecDeque::new(),
            stopping: Stopping::default(),
            signal: CancelSignal::default(),
            going: Going::On,
            in_a_row: 0,
            messages,
            address,
            wall: None,
            clock,
            origin_us: 0,
            now_us: 0,
            seq: 0,
            report: RunReport::default(),
            subscriber,
            batch: Vec::new(),
        }
    }

    /// The signal of the whole run.
    pub(super) fn signal(&self) -> CancelSignal {
        self.signal.clone()
    }

    /// Where the dispatcher is told something.
    pub(super) fn address(&self) -> UnboundedSender<Message> {
        self.address.clone()
    }

    /// Runs to the end.
    pub(super) async fn run(mut self) -> RunReport {
        self.begin();
        loop {
            self.start_what_may_start().await;
            if self.walk.result().is_some() {
                break;
            }
            self.flush();
            self.wait().await;
        }
        self.end().await
    }

    fn begin(&mut self) {
        self.origin_us = self.clock.now_us();
        let wall = self.limits.wall_ms.map(Duration::from_millis);
        self.wall = wall.and_then(|wall| Instant::now().checked_add(wall));
        self.publish(EventKind::RunStarted {
            run_id: self.run.clone(),
            format: EVENT_FORMAT.to_owned(),
            plan_digest: self.digest.clone(),
            task: self.task.as_ref().to_owned(),
        });
    }

    async fn end(mut self) -> RunReport {
        for (task, late) in self.stopping.ended(STOP_BOUND).await {
            self.publish(EventKind::StepUnstopped {
                step: task.path.clone(),
                agent: task.agent.id.clone(),
                after_ms: u64::try_from(late.as_millis()).unwrap_or(u64::MAX),
            });
        }
        self.read_clock();
        let result = self.walk.result().cloned();
        let result = result.unwrap_or_else(|| {
            StepResult::without_output(Outcome::Unknown {
                message: "the plan has no end".into(),
            })
        });
        self.publish(EventKind::RunFinished {
            outcome: result.outcome,
            output: result.output,
            usage: self.report.usage,
        });
        self.flush();
        let mut report = std::mem::take(&mut self.report);
        report.sort_by_plan(|result| self.order.key(&result.step));
        report
    }

    /// Starts steps until none may start now. Other tasks get their turn in between.
    async fn start_what_may_start(&mut self) {
        loop {
            if self.signal.is_raised() && self.going < Going::Stopped {
                self.cancel();
            }
            self.apply_effects();
            let Some((step, reservation)) = self.next_step() else {
                return;
            };
            self.attempt(step, reservation);
            if self.in_a_row >= STEPS_IN_A_ROW {
                self.let_others_run().await;
                self.take_all();
            }
        }
    }

    async fn let_others_run(&mut self) {
        self.in_a_row = 0;
        self.flush();
        tokio::task::yield_now().await;
        self.read_clock();
    }

    /// Takes in what has happened, up to the number after which others have their turn.
    fn take_all(&mut self) {
        while self.in_a_row < STEPS_IN_A_ROW
            && let Ok(message) = self.messages.try_recv()
        {
            self.take(message);
        }
        self.check_wall();
    }

    /// Waits until something happens, and takes it in.
    async fn wait(&mut self) {
        if self.in_a_row >= STEPS_IN_A_ROW {
            self.let_others_run().await;
        }
        let wall = self.wall.filter(|_| self.going < Going::Stopped);
        let wake = wall.into_iter().chain(self.flights.next_wake()).min();
        let mut first = None;
        match wake {
            None => first = self.messages.recv().await,
            Some(wake) => {
                tokio::select! {
                    biased;
                    message = self.messages.recv() => first = message,
                    () = tokio::time::sleep_until(wake) => {}
                }
            }
        }
        self.read_clock();
        if let Some(message) = first {
            self.take(message);
        }
        self.take_all();
    }

    fn take(&mut self, message: Message) {
        // A cancellation is seen by its signal, once what has ended is taken in.
        let Message::Ended {
            node,
            attempt,
            ended,
        } = message
        else {
            return;
        };
        self.in_a_row += 1;
        // What was stopped has ended already, as far as the run is concerned.
        if let Some(flight) = self.flights.land(node, attempt) {
            let Flight {
                step,
                reservation,
                signal,
                worker: _,
            } = flight;
            if matches!(ended, Ended::TimedOut) {
                self.watch_stopping(&step.task, signal);
            }
            self.attempt_ended(step, reservation, ended);
        }
    }

    /// The next step that has its reservation; none when there is none or no place for it.
    fn next_step(&mut self) -> Option<(Step, Reservation)> {
        let places = self.limits.concurrency.map_or(usize::MAX, |n| n as usize);
        while self.flights.working() < places {
            let woken = self.flights.next_wake().is_some();
            let woken = woken.then(|| self.flights.wake(Instant::now())).flatten();
            let step = woken
                .or_else(|| self.waiting.pop_front())
                .or_else(|| self.walk.next_ready().map(Step::new))?;
            let Some(assigned) = self.assigned.get(&step.task.agent.id) else {
                let why = self.backends.refusal(&step.task.agent.id);
                self.finish_without_output(step, Outcome::failed(FailureClass::NotExecuted, why));
                self.apply_effects();
                continue;
            };
            match self.budget.reserve(Account::RUN, assigned.reservation) {
                Ok(reservation) => return Some((step, reservation)),
                Err(Refused::Busy(_)) if self.flights.working() > 0 => {
                    self.waiting.push_front(step);
                    return None;
                }
                Err(Refused::Exhausted(limit) | Refused::Busy(limit)) => {
                    self.waiting.push_front(step);
                    self.limit(limit);
                    self.apply_effects();
                }
            }
        }
        None
    }

    /// Makes an attempt. One that does not end at once goes on as a task.
    fn attempt(&mut self, mut step: Step, reservation: Reservation) {
        let Some(assigned) = self.assigned.get(&step.task.agent.id).cloned() else {
            return;
        };
        self.in_a_row += 1;
        step.attempts += 1;
        if step.attempts == 1 {
            step.began_us = self.now_us;
        }
        self.publish(EventKind::StepStarted {
            step: step.task.path.clone(),
            agent: step.task.agent.id.clone(),
            backend: assigned.name.clone(),
            attempt: step.attempts,
        });
        let signal = self.signal.attempt();
        let input = AgentInput {
            run: self.run.clone(),
            task: self.task.clone(),
            context: self.context.clone(),
            agent: step.task.agent.clone(),
            step: step.task.path.clone(),
            instruction: step.task.instruction.clone(),
            inputs: step.inputs_for_attempt(),
            scope: step.scope.clone(),
            attempt: step.attempts,
            cancel: signal.clone(),
        };
        let mut attempt = Attempt::new(assigned, input);
        match attempt.poll_once() {
            Poll::Ready(ended) => {
                drop(attempt);
                self.read_clock();
                self.attempt_ended(step, reservation, ended);
            }
            Poll::Pending => {
                let (node, number) = (step.node, step.attempts);
                let limit = Duration::from_millis(step.task.timeout_ms);
                let dispatcher = self.address.clone();
                let worker = tokio::spawn(async move {
                    let ended = attempt.within(limit).await;
                    // Without a dispatcher there is nobody left to care.
                    let _ = dispatcher.send(Message::Ended {
                        node,
                        attempt: number,
                        ended,
                    });
                });
                self.flights.take_off(Flight {
                    step,
                    reservation,
                    signal,
                    worker: AbortOnDropHandle::new(worker),
                });
            }
        }
    }

    /// Settles an attempt and decides whether there is another.
    fn attempt_ended(&mut self, mut step: Step, reservation: Reservation, ended: Ended) {
        let answer = match ended {
            Ended::Answered(answer) => {
                let used = match &answer {
                    Ok(output) => output.usage,
                    Err(failure) => failure.usage,
                };
                self.settle(&mut step, reservation, used);
                answer
            }
            Ended::TimedOut => {
                self.settle_unknown(&mut step, reservation);
                let limit = step.task.timeout_ms;
                Err(AgentFailure::new(
                    FailureClass::Timeout,
                    format!("it took longer than {limit} ms"),
                ))
            }
            Ended::Panicked(message) => {
                self.settle_unknown(&mut step, reservation);
                Err(AgentFailure::new(FailureClass::Internal, message))
            }
        };
        match answer {
            Ok(output) => {
                let confidence = output.confidence;
                self.succeed(step, output.with_confidence(confidence));
            }
            Err(failure) => self.retry_or_fail(step, failure),
        }
    }

    fn succeed(&mut self, step: Step, output: AgentOutput) {
        let AgentOutput {
            output,
            confidence,
            evidence,
            usage: _,
        } = output;
        let result = StepResult {
            outcome: Outcome::Succeeded,
            output,
            confidence,
        };
        self.finish(step, result, evidence);
    }

    fn retry_or_fail(&mut self, step: Step, failure: AgentFailure) {
        let delay = step
            .task
            .retry
            .next_delay(failure.class, step.attempts, failure.retry_after_ms)
            .filter(|_| self.going == Going::On);
        let again =
            delay.and_then(|ms| Some((ms, Instant::now().checked_add(Duration::from_millis(ms))?)));
        if let Some((delay_ms, until)) = again {
            self.publish(EventKind::StepRetried {
                step: step.task.path.clone(),
                attempt: step.attempts,
                class: failure.class,
                message: failure.message,
                delay_ms,
            });
            self.flights.rest(step, until);
            return;
        }
        let result = StepResult {
            outcome: Outcome::failed(failure.class, failure.message),
            output: failure.output.unwrap_or_default(),
            confidence: 0.0,
        };
        self.finish(step, result, failure.evidence);
    }

    /// Gives a reservation back for what was reported. Calls are counted here, whatever was reported.
    fn settle(&mut self, step: &mut Step, reservation: Reservation, used: Usage) {
        let used = Usage { calls: 1, ..used };
        step.usage += used;
        if self.budget.settle(reservation, used).overrun {
            let assigned = self.assigned.get(&step.task.agent.id);
            self.publish(EventKind::BudgetOverrun {
                step: step.task.path.clone(),
                reserved: assigned
                    .map(|assigned| assigned.reservation)
                    .unwrap_or_default(),
                used,
            });
        }
    }

    /// Gives a reservation back for an attempt that could not say what it used. The budget books all
    /// that was reserved, because it may be gone; the report counts only what is known, the call.
    fn settle_unknown(&mut self, step: &mut Step, reservation: Reservation) {
        let assigned = self.assigned.get(&step.task.agent.id);
        let reserved = assigned
            .map(|assigned| assigned.reservation)
            .unwrap_or_default();
        self.budget.settle(reservation, reserved);
        step.usage += Usage {
            calls: 1,
            ..Usage::default()
        };
    }

    fn finish_without_output(&mut self, step: Step, outcome: Outcome) {
        self.finish(step, StepResult::without_output(outcome), Vec::new());
    }

    /// Records how a step ended: once, first for everybody who listens and then for the walk.
    fn finish(&mut self, step: Step, result: StepResult, evidence: Vec<Evidence>) {
        let began = if step.attempts == 0 {
            self.now_us
        } else {
            step.began_us
        };
        self.publish(EventKind::StepFinished {
            step: step.task.path.clone(),
            agent: step.task.agent.id.clone(),
            outcome: result.outcome.clone(),
            output: result.output.clone(),
            confidence: result.confidence,
            attempts: step.attempts,
            duration_us: self.now_us.saturating_sub(began),
            usage: step.usage,
            evidence,
        });
        self.walk.finish(step.node, result);
    }

    /// Does and publishes what the walk decided.
    fn apply_effects(&mut self) {
        while let Some(effect) = self.walk.next_effect() {
            match effect {
                Effect::StepSkipped { task, outcome } => self.publish(EventKind::StepFinished {
                    step: task.path.clone(),
                    agent: task.agent.id.clone(),
                    outcome,
                    output: Arc::default(),
                    confidence: 0.0,
                    attempts: 0,
                    duration_us: 0,
                    usage: Usage::default(),
                    evidence: Vec::new(),
                }),
                Effect::GroupFinished { path, result } => {
                    self.publish(EventKind::GroupFinished {
                        step: path,
                        outcome: result.outcome,
                        output: result.output,
                        confidence: result.confidence,
                    });
                }
                Effect::BranchTaken {
                    path,
                    label,
                    diagnostics,
                } => self.publish(EventKind::BranchTaken {
                    step: path,
                    label,
                    diagnostics,
                }),
                Effect::GraphGrown { path, bodies } => {
                    self.publish(EventKind::GraphGrown { step: path, bodies });
                }
                Effect::Cancel { node, reason } => self.stop_step(node, reason),
            }
        }
    }

    /// Stops a step that is no longer wanted.
    fn stop_step(&mut self, node: NodeId, reason: CancelReason) {
        let outcome = Outcome::Cancelled { reason };
        let waiting = self.waiting.iter().position(|step| step.node == node);
        if let Some(step) = waiting.and_then(|at| self.waiting.remove(at)) {
            return self.finish_without_output(step, outcome);
        }
        match self.flights.stop(node) {
            Some(Stopped::Working(flight)) => self.stop_flight(flight, outcome),
            Some(Stopped::Resting(step)) => self.finish_without_output(step, outcome),
            None => {}
        }
    }

    fn stop_flight(&mut self, flight: Flight, outcome: Outcome) {
        let Flight {
            mut step,
            reservation,
            signal,
            worker,
        } = flight;
        drop(worker);
        self.watch_stopping(&step.task, signal);
        self.settle_unknown(&mut step, reservation);
        self.finish_without_output(step, outcome);
    }

    fn watch_stopping(&mut self, task: &Arc<Task>, signal: CancelSignal) {
        signal.raise();
        self.stopping.add(task.clone(), signal, Instant::now());
    }

    /// Stops everything for the user. What has ended by now is kept.
    fn cancel(&mut self) {
        let reason = CancelReason::User;
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
        self.going = Going::Stopped;
        self.read_clock();
        self.publish(EventKind::CancelRequested { reason });
        self.walk.cancel(reason);
        self.stop_all(&Outcome::Cancelled { reason });
    }

    /// Ends the run when its time is over: what is under way is cut off, what has ended is kept.
    fn check_wall(&mut self) {
        let over = self.wall.is_some_and(|wall| Instant::now() >= wall);
        if !over || self.going == Going::Stopped {
            return;
        }
        self.going = Going::Stopped;
        self.signal.raise();
        self.publish(EventKind::CancelRequested {
            reason: CancelReason::WallTime,
        });
        let limit = LimitKind::WallTime;
        self.walk.limit(limit);
        self.stop_all(&Outcome::LimitReached { limit });
    }

    /// Starts nothing further because of a limit; what is under way goes on to its end.
    fn limit(&mut self, limit: LimitKind) {
        self.going = Going::Out;
        self.walk.limit(limit);
        self.stop_idle(&Outcome::LimitReached { limit });
    }

    fn stop_idle(&mut self, outcome: &Outcome) {
        let waiting = std::mem::take(&mut self.waiting);
        for step in waiting.into_iter().chain(self.flights.stop_resting()) {
            self.finish_without_output(step, outcome.clone());
        }
    }

    fn stop_all(&mut self, outcome: &Outcome) {
        self.stop_idle(outcome);
        for flight in self.flights.stop_working() {
            self.stop_flight(flight, outcome.clone());
        }
    }

    fn read_clock(&mut self) {
        let now = self.clock.now_us().saturating_sub(self.origin_us);
        self.now_us = self.now_us.max(now);
    }

    /// The one way of every event: numbered, folded into the report, handed to the subscriber.
    fn publish(&mut self, kind: EventKind) {
        let event = Event {
            seq: self.seq,
            at_us: self.now_us,
            kind,
        };
        self.seq += 1;
        self.report.apply(&event);
        if self.subscriber.is_some() {
            self.batch.push(event);
            if self.batch.len() >= BATCH {
                self.flush();
            }
        }
    }

    /// Hands over what was published since the last time: before the dispatcher waits or yields.
    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if self
            .subscriber
            .as_ref()
            .is_some_and(|subscriber| subscriber.send(batch).is_err())
        {
            // Nobody listens any more, which is no reason to stop.
            self.subscriber = None;
        }
    }
}

/// However a run ends, whatever still works for it is to stop.
impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.signal.raise();
    }
}

impl Step {
    fn new(ready: Ready) -> Self {
        let Ready {
            node,
            task,
            inputs,
            scope,
        } = ready;
        Self {
            node,
            task,
            inputs,
            scope,
            attempts: 0,
            began_us: 0,
            usage: Usage::default(),
        }
    }

    /// The values for an attempt; kept only if there may be another.
    fn inputs_for_attempt(&mut self) -> Vec<(Arc<str>, Arc<Value>)> {
        if self.attempts < self.task.retry.max_attempts {
            self.inputs.clone()
        } else {
            std::mem::take(&mut self.inputs)
        }
    }
}
