//! What the dispatcher does with one step: attempts, what they used, retries, its end.
//!
//! Here is the law of spending: no attempt without a reservation, and none is forgotten.

use std::num::NonZeroU64;
use std::task::Poll;
use std::time::Duration;

use orchestrate_core::backend::{AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::budget::Reservation;
use orchestrate_core::calls::{Decided, KnownCalls};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::event::EventKind;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};
use orchestrate_core::result::Worker;
use orchestrate_strategies::graph::walk::{Ready, StepResult};
use orchestrate_strategies::graph::{Task, Work};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::assign::Doer;
use super::dispatcher::{Dispatcher, Going, Message};
use super::flights::{Flight, Step};
use super::recording::Cleared;
use super::tools::cut_off;
use super::worker::{Attempt, Ended};

impl Dispatcher {
    /// Announces an attempt, and makes it once that is recorded; without a journal, at once.
    pub(super) fn attempt(&mut self, mut step: Step, doer: Doer, reservation: Reservation) {
        self.in_a_row += 1;
        step.attempts += 1;
        if step.attempts == 1 {
            step.began_us = self.now_us;
        }
        self.publish(EventKind::StepStarted {
            step: step.task.path.clone(),
            worker: step.task.worker(),
            backend: doer.name(),
            attempt: step.attempts,
        });
        self.deliver(&step);
        if self.is_recorded() {
            self.cleared.push_back(Cleared {
                step,
                doer,
                reservation,
            });
        } else {
            self.launch(step, &doer, reservation);
        }
    }

    /// Makes an attempt. One that does not end at once goes on as a task.
    pub(super) fn launch(&mut self, mut step: Step, doer: &Doer, reservation: Reservation) {
        let signal = self.signal.attempt();
        let reserved = reservation.amount();
        let mut attempt = match self.begin_attempt(&mut step, doer, reserved, signal.clone()) {
            Ok(attempt) => attempt,
            Err(failure) => {
                self.settle(&mut step, reservation, Usage::default());
                return self.retry_or_fail(step, failure);
            }
        };
        match attempt.poll_once() {
            Poll::Ready(ended) => {
                drop(attempt);
                self.read_clock();
                self.attempt_ended(step, reservation, ended);
            }
            Poll::Pending => {
                let (node, number) = (step.node, step.attempts);
                let limit = step.task.timeout_ms.map(Duration::from_millis);
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

    fn begin_attempt(
        &self,
        step: &mut Step,
        doer: &Doer,
        reserved: Usage,
        cancel: CancelSignal,
    ) -> Result<Attempt, AgentFailure> {
        match (doer, step.task.clone().agent_work()) {
            (Doer::Agent(assigned), Some(work)) => {
                let input = AgentInput {
                    run: self.run.clone(),
                    task: self.task.clone(),
                    context: step.context.clone(),
                    agent: work.agent.clone(),
                    step: step.task.path.clone(),
                    instruction: work.instruction.clone(),
                    inputs: step.inputs.clone(),
                    prefix: step.prefix.clone(),
                    toolbox: work.toolbox.clone(),
                    answer: work.answer.clone(),
                    scope: step.scope.clone(),
                    messages: self.mail.of_step(&step.task.path).to_vec(),
                    attempt: step.attempts,
                    reserved,
                    calls: self.calls_of(step),
                    cancel,
                };
                Ok(Attempt::new(assigned.clone(), input))
            }
            (Doer::Tool(tool), None) => {
                let call = self.tool_call(step, cancel)?;
                let (decided, policy) = (step.decided.clone(), self.tools.policy());
                Ok(Attempt::of_tool(tool.clone(), call, decided, policy))
            }
            _ => Err(AgentFailure::new(
                FailureClass::Internal,
                "a step was given to what cannot carry it out",
            )),
        }
    }

    /// Settles an attempt and decides whether there is another.
    pub(super) fn attempt_ended(&mut self, mut step: Step, reservation: Reservation, ended: Ended) {
        let seen = matches!(ended, Ended::Answered(_));
        let reserved = reservation.amount();
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
                let limit = step.task.timeout_ms.unwrap_or_default();
                let message = format!("it took longer than {limit} ms");
                Err(AgentFailure::new(FailureClass::Timeout, message))
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
            Err(AgentFailure {
                question: Some(question),
                usage,
                ..
            }) if self.going == Going::On && !self.signal.is_raised() => {
                self.ask_about_call(step, *question, usage);
            }
            Err(mut failure) if seen => {
                if let (Some(needs), Some(cut)) = (failure.short_of, &step.cut) {
                    failure.message = cut.told(reserved, needs.get());
                }
                self.retry_or_fail(step, failure);
            }
            Err(failure) => {
                let outcome = Outcome::failed(failure.class, failure.message.as_str());
                match cut_off(&step.task, outcome) {
                    unknown @ Outcome::Unknown { .. } => self.fail(step, unknown, failure),
                    _ => self.retry_or_fail(step, failure),
                }
            }
        }
    }

    pub(super) fn succeed(&mut self, step: Step, output: AgentOutput) {
        let AgentOutput {
            output,
            confidence,
            evidence,
            messages,
            usage: _,
        } = output;
        self.send(&step, messages);
        let result = StepResult {
            output,
            confidence,
            ..StepResult::without_output(Outcome::Succeeded)
        };
        self.finish(step, result, evidence);
    }

    pub(super) fn retry_or_fail(&mut self, step: Step, failure: AgentFailure) {
        if self.signal.is_raised() {
            // It was told to stop, so this is how it stopped.
            let reason = CancelReason::User;
            return self.fail(step, Outcome::Cancelled { reason }, failure);
        }
        let delay = step
            .task
            .retry
            .next_delay(
                failure.class,
                step.attempts.saturating_sub(step.parked),
                failure.retry_after_ms.map(NonZeroU64::get),
            )
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
                usage: Usage {
                    calls: 1,
                    ..failure.usage
                },
            });
            self.flights.rest(step, until);
            return;
        }
        let outcome = Outcome::failed(failure.class, failure.message.as_str());
        self.fail(step, outcome, failure);
    }

    pub(super) fn fail(&mut self, step: Step, outcome: Outcome, failure: AgentFailure) {
        let result = StepResult {
            output: failure.output.unwrap_or_default(),
            ..StepResult::without_output(outcome)
        };
        self.finish(step, result, failure.evidence);
    }

    /// Gives a reservation back for what was reported. Calls are counted here, whatever was reported.
    pub(super) fn settle(&mut self, step: &mut Step, reservation: Reservation, used: Usage) {
        let used = Usage { calls: 1, ..used };
        step.usage += used;
        let reserved = reservation.amount();
        if self.give_back(reservation, used) {
            self.publish(EventKind::BudgetOverrun {
                step: step.task.path.clone(),
                reserved,
                used,
            });
        }
    }

    /// Gives a reservation back for an attempt that could not say what it used. The budget books all
    /// that was reserved, because it may be gone; the report counts only what is known, the call.
    pub(super) fn settle_unknown(&mut self, step: &mut Step, reservation: Reservation) {
        let reserved = reservation.amount();
        self.give_back(reservation, reserved);
        step.usage += Usage::one_call();
    }

    /// Settles a reservation and lets those go on who waited for it; whether more was used than was held.
    pub(super) fn give_back(&mut self, reservation: Reservation, used: Usage) -> bool {
        let payers = reservation.payers();
        let settled = self.ledger.settle(reservation, used);
        self.waiting.call_back(self.ledger.paying(payers));
        settled.overrun
    }

    pub(super) fn finish_without_output(&mut self, step: Step, outcome: Outcome) {
        self.finish(step, StepResult::without_output(outcome), Vec::new());
    }

    /// Records how a step ended: once, first for everybody who listens and then for the walk.
    pub(super) fn finish(&mut self, step: Step, mut result: StepResult, evidence: Vec<Evidence>) {
        let began = if step.attempts == 0 {
            self.now_us
        } else {
            step.began_us
        };
        result.usage = step.usage;
        result.worked_us = self.now_us.saturating_sub(began);
        self.publish(EventKind::StepFinished {
            step: step.task.path.clone(),
            worker: self.worker(&step.task),
            outcome: result.outcome.clone(),
            output: result.output.clone(),
            confidence: result.confidence,
            attempts: step.attempts,
            duration_us: result.worked_us,
            usage: step.usage,
            evidence,
        });
        self.walk.finish(step.node, result);
    }
}

impl Dispatcher {
    /// Who or what carries work out, as events tell it.
    fn worker(&self, task: &Task) -> Worker {
        match (&task.work, &self.approver) {
            (Work::Approve(_), Some(approver)) => Worker::Approver(approver.name().into()),
            _ => task.worker(),
        }
    }
}

impl Step {
    pub(super) fn new(ready: Ready) -> Self {
        let Ready {
            node,
            task,
            inputs,
            prefix,
            scope,
            context,
        } = ready;
        Self {
            node,
            task,
            inputs,
            prefix,
            scope,
            context,
            attempts: 0,
            began_us: 0,
            usage: Usage::default(),
            calls: KnownCalls::default(),
            remembered: None,
            decided: Decided::default(),
            cut: None,
            parked: 0,
        }
    }
}
