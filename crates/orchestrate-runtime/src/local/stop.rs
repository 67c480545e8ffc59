//! What the dispatcher does when work is to stop: for a step, a limit, the user, the time.

use std::sync::Arc;

use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::event::{EventKind, LimitHolder, Shortage};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, LimitKind, Outcome};
use orchestrate_strategies::graph::{NodeId, Task};
use tokio::time::Instant;

use super::dispatcher::{Dispatcher, Going};
use super::flights::{Flight, Step, Stopped};
use super::recording::Cleared;
use super::tools::cut_off;

impl Dispatcher {
    /// Stops a step that is no longer wanted.
    pub(super) fn stop_step(&mut self, node: NodeId, reason: CancelReason) {
        let outcome = Outcome::Cancelled { reason };
        if let Some(step) = self.waiting.remove(node) {
            return self.finish_without_output(step, outcome);
        }
        let cleared = self.cleared.iter().position(|it| it.step.node == node);
        if let Some(it) = cleared.and_then(|at| self.cleared.remove(at)) {
            return self.stop_cleared(it, outcome);
        }
        if let Some(step) = self.approvals.stop(node) {
            return self.finish_without_output(step, outcome);
        }
        match self.flights.stop(node) {
            Some(Stopped::Working(flight)) => self.stop_flight(flight, outcome),
            Some(Stopped::Resting(step)) => self.finish_without_output(step, outcome),
            None => {}
        }
    }

    pub(super) fn stop_flight(&mut self, flight: Flight, outcome: Outcome) {
        let Flight {
            mut step,
            reservation,
            signal,
            worker,
        } = flight;
        drop(worker);
        self.watch_stopping(&step.task, signal);
        self.settle_unknown(&mut step, reservation);
        let outcome = cut_off(&step.task, outcome);
        self.finish_without_output(step, outcome);
    }

    /// Ends a step whose attempt was announced and has not begun: it has used nothing.
    fn stop_cleared(&mut self, cleared: Cleared, outcome: Outcome) {
        let Cleared {
            step, reservation, ..
        } = cleared;
        self.give_back(reservation, Usage::default());
        self.finish_without_output(step, outcome);
    }

    pub(super) fn watch_stopping(&mut self, task: &Arc<Task>, signal: CancelSignal) {
        signal.raise();
        self.stopping.add(task.clone(), signal, Instant::now());
    }

    /// Stops everything for the user. What has ended by now is kept.
    pub(super) fn cancel(&mut self) {
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
    pub(super) fn check_wall(&mut self) {
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
    pub(super) fn limit(&mut self, limit: LimitKind) {
        self.going = Going::Out;
        self.walk.limit(limit);
        self.stop_idle(&Outcome::LimitReached { limit });
    }

    /// Ends a step for which a limit of a step around it or of its agent leaves no room, and lets nothing
    /// further of it begin. With the holder of the limit when it was not reached before.
    pub(super) fn limit_apart(
        &mut self,
        step: Step,
        limit: LimitKind,
        of: Option<(LimitHolder, Box<Shortage>)>,
    ) {
        if let Some((of, short)) = of {
            self.publish(EventKind::LimitReached {
                of: of.clone(),
                limit,
                short: Some(short),
            });
            if let LimitHolder::Step(path) = &of
                && let Some(branch) = self.walk.graph().branch_at(path)
            {
                self.walk.limit_branch(branch, limit);
            }
        }
        self.finish_without_output(step, Outcome::LimitReached { limit });
        self.apply_effects();
    }

    pub(super) fn stop_idle(&mut self, outcome: &Outcome) {
        let waiting = self.waiting.take_all();
        let resting = self.flights.stop_resting();
        let open = self.approvals.stop_all();
        for step in waiting.chain(resting).chain(open) {
            self.finish_without_output(step, outcome.clone());
        }
    }

    pub(super) fn stop_all(&mut self, outcome: &Outcome) {
        self.stop_idle(outcome);
        for cleared in std::mem::take(&mut self.cleared) {
            self.stop_cleared(cleared, outcome.clone());
        }
        for flight in self.flights.stop_working() {
            self.stop_flight(flight, outcome.clone());
        }
    }
}
