//! The steps that have begun and not ended: those at work, those that rest before another attempt,
//! and the work that was told to stop and may still go on.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::backend::PromptPrefix;
use orchestrate_core::budget::Reservation;
use orchestrate_core::calls::{Decided, KnownCalls};
use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::limits::Usage;
use orchestrate_core::scope::Scope;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::{NodeId, Task};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::call_log::Remembered;
use super::ledger::Cut;

/// A step from the moment it may start to its end.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) node: NodeId,
    pub(super) task: Arc<Task>,
    pub(super) inputs: Vec<(Arc<str>, Arc<Value>)>,
    pub(super) prefix: Option<PromptPrefix>,
    pub(super) scope: Scope,
    pub(super) context: Arc<Context>,
    /// Attempts made.
    pub(super) attempts: u32,
    /// When the first attempt began.
    pub(super) began_us: u64,
    /// What the attempts used.
    pub(super) usage: Usage,
    /// The calls that its attempts made, as far as they are recorded.
    pub(super) calls: KnownCalls,
    /// The same in a run without a journal.
    pub(super) remembered: Option<Arc<Remembered>>,
    /// What was decided about its calls.
    pub(super) decided: Decided,
    /// Why the attempt that is under way was given less than it might use.
    pub(super) cut: Option<Box<Cut>>,
    /// How many of its attempts ended because a person was to decide about a call.
    pub(super) parked: u32,
}

/// An attempt that is under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) step: Step,
    pub(super) reservation: Reservation,
    pub(super) signal: CancelSignal,
    /// Dropping it aborts the worker.
    pub(super) worker: AbortOnDropHandle<()>,
}

/// Everything that has begun and not ended.
#[derive(Debug, Default)]
pub(super) struct Flights {
    working: HashMap<NodeId, Flight>,
    /// By the time at which they go on; the number keeps steps of one time in order and apart.
    resting: BTreeMap<(Instant, u64), Step>,
    rested: u64,
}

impl Flights {
    /// How many attempts are under way.
    pub(super) fn working(&self) -> usize {
        self.working.len()
    }

    /// How many attempts are under way by agents made from a template.
    pub(super) fn of(&self, template: &str) -> usize {
        let works = |flight: &&Flight| {
            let work = flight.step.task.agent_work();
            work.is_some_and(|work| work.agent.template.id == template)
        };
        self.working.values().filter(works).count()
    }

    /// Whether nothing has begun that has not ended.
    pub(super) fn is_empty(&self) -> bool {
        self.working.is_empty() && self.resting.is_empty()
    }

    pub(super) fn take_off(&mut self, flight: Flight) {
        self.working.insert(flight.step.node, flight);
    }

    /// Takes the flight whose `attempt` has ended; none when it was stopped before.
    pub(super) fn land(&mut self, node: NodeId, attempt: u32) -> Option<Flight> {
        if self.working.get(&node)?.step.attempts == attempt {
            self.working.remove(&node)
        } else {
            None
        }
    }

    /// The step whose `attempt` is under way.
    pub(super) fn working_step(&mut self, node: NodeId, attempt: u32) -> Option<&mut Step> {
        let flight = self.working.get_mut(&node)?;
        (flight.step.attempts == attempt).then_some(&mut flight.step)
    }

    pub(super) fn rest(&mut self, step: Step, until: Instant) {
        self.rested += 1;
        self.resting.insert((until, self.rested), step);
    }

    /// When the next rest is over.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.resting.first_key_value().map(|((at, _), _)| *at)
    }

    /// A step whose rest is over.
    pub(super) fn wake(&mut self, now: Instant) -> Option<Step> {
        let entry = self.resting.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// Takes one flight out, whatever its state.
    pub(super) fn stop(&mut self, node: NodeId) -> Option<Stopped> {
        if let Some(flight) = self.working.remove(&node) {
            return Some(Stopped::Working(flight));
        }
        let key = self.resting.iter().find(|(_, step)| step.node == node)?.0;
        let key = *key;
        self.resting.remove(&key).map(Stopped::Resting)
    }

    /// Takes out all that rests, in the order of the plan.
    pub(super) fn stop_resting(&mut self) -> Vec<Step> {
        let mut steps: Vec<Step> = std::mem::take(&mut self.resting).into_values().collect();
        steps.sort_unstable_by_key(|step| step.node);
        steps
    }

    /// Takes out all that is at work, in the order of the plan.
    pub(super) fn stop_working(&mut self) -> Vec<Flight> {
        let mut flights: Vec<Flight> = std::mem::take(&mut self.working).into_values().collect();
        flights.sort_unstable_by_key(|flight| flight.step.node);
        flights
    }
}

/// A step that was stopped.
#[derive(Debug)]
pub(super) enum Stopped {
    Working(Flight),
    Resting(Step),
}

/// Work that was told to stop. It is over when nobody holds its signal any more.
#[derive(Debug, Default)]
pub(super) struct Stopping {
    entries: Vec<(Arc<Task>, CancelSignal, Instant)>,
}

impl Stopping {
    pub(super) fn add(&mut self, task: Arc<Task>, signal: CancelSignal, now: Instant) {
        // Forgetting what has ended at every doubling keeps the list in proportion to what has not.
        if self.entries.len() >= 64 && self.entries.len().is_power_of_two() {
            self.forget_ended();
        }
        self.entries.push((task, signal, now));
    }

    fn forget_ended(&mut self) {
        self.entries
            .retain(|(_, signal, _)| signal.is_held_elsewhere());
    }

    /// Waits until all of it has ended or had `bound` to do so; answers with what has not.
    pub(super) async fn ended(&mut self, bound: Duration) -> Vec<(Arc<Task>, Duration)> {
        let mut pause = Duration::from_millis(1);
        loop {
            self.forget_ended();
            let now = Instant::now();
            let left = |(_, _, told): &(Arc<Task>, CancelSignal, Instant)| {
                (*told + bound).saturating_duration_since(now)
            };
            match self.entries.iter().map(left).max() {
                None => return Vec::new(),
                Some(Duration::ZERO) => break,
                Some(left) => tokio::time::sleep(pause.min(left)).await,
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        let now = Instant::now();
        let late = std::mem::take(&mut self.entries).into_iter();
        late.map(|(task, _, told)| (task, now - told)).collect()
    }
}
