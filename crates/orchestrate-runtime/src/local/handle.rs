//! What the starter of a run holds: its events, its cancellation, its report.

use std::sync::Arc;

use orchestrate_core::cancel::CancelSignal;
use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::report::RunReport;
use orchestrate_core::spending::Spending;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, JoinHandle};

use super::dispatcher::Message;
use crate::error::RunError;

/// Aborts the run when the last one who could watch it is gone.
#[derive(Debug)]
struct Keep(AbortHandle);

impl Drop for Keep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What was recorded of a run before somebody went on with it; of a new run, nothing.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// What it had come to.
    pub report: RunReport,
    /// What it had used.
    pub spending: Spending,
}

/// A run that is under way. When the handle and its [`Events`] are both dropped, the run is torn down.
#[derive(Debug)]
pub struct RunHandle {
    run: RunId,
    events: Option<UnboundedReceiver<Vec<Event>>>,
    recorded: Recorded,
    canceller: Canceller,
    dispatcher: JoinHandle<Result<RunReport, RunError>>,
    keep: Arc<Keep>,
}

impl RunHandle {
    pub(super) fn new(
        run: RunId,
        events: Option<UnboundedReceiver<Vec<Event>>>,
        recorded: Recorded,
        canceller: Canceller,
        dispatcher: JoinHandle<Result<RunReport, RunError>>,
    ) -> Self {
        let keep = Arc::new(Keep(dispatcher.abort_handle()));
        Self {
            run,
            events,
            recorded,
            canceller,
            dispatcher,
            keep,
        }
    }

    /// The run.
    #[must_use]
    pub fn run_id(&self) -> &RunId {
        &self.run
    }

    /// What was recorded of the run before this handle; its events follow.
    #[must_use]
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// All events of the run from [`Self::recorded`] on. They can be taken once; a second stream is empty.
    pub fn events(&mut self) -> Events {
        Events {
            batches: self.events.take(),
            batch: Vec::new().into_iter(),
            _keep: self.keep.clone(),
        }
    }

    /// Asks the run to stop; see [`Canceller::cancel`].
    pub fn cancel(&self) {
        self.canceller.cancel();
    }

    /// Something that can stop the run from elsewhere, for example from a signal handler.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Waits for the end of the run. Events that nobody has taken are discarded.
    ///
    /// # Errors
    /// [`RunError::TornDown`] when the runtime stopped before the run did, [`RunError::Journal`] when
    /// the run could not be recorded any more and so was stopped.
    pub async fn report(mut self) -> Result<RunReport, RunError> {
        self.events = None;
        (&mut self.dispatcher)
            .await
            .map_err(|_| RunError::TornDown)?
    }
}

/// Stops a run; cheap to clone.
#[derive(Debug, Clone)]
pub struct Canceller {
    signal: CancelSignal,
    dispatcher: UnboundedSender<Message>,
}

impl Canceller {
    pub(super) fn new(signal: CancelSignal, dispatcher: UnboundedSender<Message>) -> Self {
        Self { signal, dispatcher }
    }

    /// Asks the run to stop: what has finished is kept, the rest is cancelled, and the run ends
    /// with its report within a second. Asking again changes nothing.
    pub fn cancel(&self) {
        self.signal.raise();
        // A run that is over has nobody to tell.
        let _ = self.dispatcher.send(Message::Cancel);
    }
}

/// The events of a run in order, without gaps.
#[derive(Debug)]
pub struct Events {
    batches: Option<UnboundedReceiver<Vec<Event>>>,
    batch: std::vec::IntoIter<Event>,
    _keep: Arc<Keep>,
}

impl Events {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.batch.next() {
                return Some(event);
            }
            self.batch = self.batches.as_mut()?.recv().await?.into_iter();
        }
    }
}
