//! What the dispatcher does with a journal: nothing is begun and nothing is told before it is recorded.
//!
//! Events gather in the dispatcher's batch. Before anything that they announce is begun, and before
//! anybody hears of them, the batch is appended as a whole: so the end of a step and what follows
//! from it are recorded together or not at all. Without a journal the batch is only handed on.

use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::budget::Reservation;
use orchestrate_core::event::Event;
use orchestrate_core::journal::{JournalError, Outside, Ownership, Pinned, RunJournal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::assign::Doer;
use super::dispatcher::{Dispatcher, Going, Message};
use super::flights::Step;
use crate::error::RunError;

/// How often the owner of a run says that it is at work, and asks what others have told the run.
const ATTENDANCE: Duration = Duration::from_millis(500);

/// How a run comes to be recorded.
#[derive(Debug)]
pub(super) enum Record {
    /// Its first entry is written when it begins.
    New {
        journal: Arc<dyn RunJournal>,
        pinned: Box<Pinned>,
        owner: String,
    },
    /// It has entries already.
    Owned {
        journal: Arc<dyn RunJournal>,
        ownership: Ownership,
    },
}

impl Record {
    /// Comes to own the run and attends to it from now on.
    pub(super) async fn open(
        self,
        dispatcher: UnboundedSender<Message>,
    ) -> Result<Recording, JournalError> {
        let (journal, ownership) = match self {
            Self::New {
                journal,
                pinned,
                owner,
            } => {
                let ownership = journal.create(&pinned, &owner).await?;
                (journal, ownership)
            }
            Self::Owned { journal, ownership } => (journal, ownership),
        };
        let attendance = attend(journal.clone(), ownership.witness(), dispatcher);
        Ok(Recording {
            journal,
            ownership,
            _attendance: AbortOnDropHandle::new(tokio::spawn(attendance)),
        })
    }
}

/// A run that is recorded.
#[derive(Debug)]
pub(super) struct Recording {
    journal: Arc<dyn RunJournal>,
    ownership: Ownership,
    _attendance: AbortOnDropHandle<()>,
}

impl Recording {
    async fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        self.journal.append(&mut self.ownership, events).await
    }

    /// Gives the run up, because there is nothing more to record.
    pub(super) async fn close(self) {
        // What cannot be given up is free as soon as this process has ended.
        let _ = self.journal.release(self.ownership).await;
    }
}

/// Tells the dispatcher what others tell the run, each news once.
async fn attend(
    journal: Arc<dyn RunJournal>,
    owner: Ownership,
    dispatcher: UnboundedSender<Message>,
) {
    let mut told = Outside::default();
    let mut ticks = interval(ATTENDANCE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let message = match journal.attend(&owner).await {
            Ok(outside) if outside == told => continue,
            Ok(outside) => {
                told = outside.clone();
                Message::Outside(outside)
            }
            Err(error @ JournalError::StaleOwner { .. }) => Message::Lost(error),
            // A store that does not answer now is asked again; if it stays so, the next batch fails.
            Err(_) => continue,
        };
        if dispatcher.send(message).is_err() {
            return;
        }
    }
}

/// A step whose next attempt is announced and begins as soon as that is recorded.
#[derive(Debug)]
pub(super) struct Cleared {
    pub(super) step: Step,
    pub(super) doer: Doer,
    pub(super) reservation: Reservation,
}

impl Dispatcher {
    /// Records what was published since the last time and hands it over: before anything that it
    /// announces begins, and before the dispatcher waits or yields. When it cannot be recorded,
    /// nobody hears of it and the run is to stop.
    pub(super) async fn flush(&mut self) {
        if self.batch.is_empty() || self.broken.is_some() {
            return;
        }
        if let Some(recording) = &mut self.recording
            && let Err(error) = recording.append(&self.batch).await
        {
            self.broken = Some(error);
            return;
        }
        self.hand_over();
        for recorded in self.waiting_calls.drain(..) {
            // A call that was given up needs no answer.
            let _ = recorded.send(());
        }
    }

    /// Begins what was announced, once that is recorded; false when there was nothing.
    pub(super) async fn launch_cleared(&mut self) -> bool {
        if self.cleared.is_empty() {
            return false;
        }
        self.flush().await;
        self.read_clock();
        // What was stopped meanwhile does not begin any more.
        while self.broken.is_none()
            && !(self.signal.is_raised() && self.going < Going::Stopped)
            && let Some(cleared) = self.cleared.pop_front()
        {
            self.launch(cleared.step, &cleared.doer, cleared.reservation);
        }
        self.broken.is_none()
    }

    /// Takes in what others have told the run.
    pub(super) fn told(&mut self, outside: Outside) {
        if outside.cancel.is_some() {
            self.signal.raise();
        }
        let now_ms = self.clock.wall_ms();
        for decided in outside.decisions {
            let ago_us = now_ms
                .saturating_sub(decided.decision.at_ms)
                .saturating_mul(1000);
            let at_us = self.now_us.saturating_sub(ago_us);
            let answer = decided.decision.answer;
            self.decisions.insert(decided.step, (answer, at_us));
        }
        self.answer_decided();
    }

    /// Stops everything because the run cannot be recorded any more. Nothing that was not recorded is told.
    pub(super) async fn give_up(mut self, error: JournalError) -> RunError {
        self.signal.raise();
        for flight in self.flights.stop_working() {
            drop(flight.worker);
            self.watch_stopping(&flight.step.task, flight.signal);
        }
        let _ = self.stopping.ended(super::dispatcher::STOP_BOUND).await;
        RunError::Journal(error)
    }
}
