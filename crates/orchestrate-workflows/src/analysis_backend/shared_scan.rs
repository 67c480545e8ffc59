//! One scan per run, started by the first agent that asks and shared by all of them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use orchestrate_analysis::{ScanOptions, Snapshot, scan};
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::id::RunId;
use orchestrate_core::outcome::FailureClass;
use tokio::sync::watch;

type Scanned = Option<Result<Arc<Snapshot>, String>>;

/// Held by everyone who waits for a scan. When the last one is dropped, nobody wants the result
/// any more and the scan is told to stop: that is how cancelling all agents reaches its threads.
#[derive(Debug)]
struct Interest(Arc<AtomicBool>);

impl Drop for Interest {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Current {
    run: RunId,
    interest: Weak<Interest>,
    result: watch::Receiver<Scanned>,
}

/// The scan of the run that asked last. Another run scans anew, because files may have changed.
#[derive(Debug, Default)]
pub(super) struct SharedScan(Mutex<Option<Current>>);

impl SharedScan {
    /// The scan of this run; waits for it without blocking the thread.
    pub(super) async fn of(
        &self,
        run: &RunId,
        root: PathBuf,
        options: ScanOptions,
    ) -> Result<Arc<Snapshot>, AgentFailure> {
        let (_interest, mut result) = self.join_or_start(run, root, options);
        let scanned = match result.wait_for(Option::is_some).await {
            Ok(scanned) => scanned.clone(),
            // The sender is gone without a word: the scan panicked.
            Err(_) => None,
        };
        match scanned {
            Some(Ok(snapshot)) if snapshot.cancelled => Err(AgentFailure::reported(
                "the scan was stopped before its end",
            )),
            Some(Ok(snapshot)) => Ok(snapshot),
            Some(Err(message)) => Err(AgentFailure::new(FailureClass::Input, message)),
            None => Err(AgentFailure::new(
                FailureClass::Internal,
                "the scan ended without a result",
            )),
        }
    }

    fn join_or_start(
        &self,
        run: &RunId,
        root: PathBuf,
        mut options: ScanOptions,
    ) -> (Option<Arc<Interest>>, watch::Receiver<Scanned>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = slot.as_ref().filter(|current| current.run == *run) {
            let interest = current.interest.upgrade();
            // A scan that everyone has left was told to stop; its result is of no use.
            if interest.is_some() || current.result.borrow().is_some() {
                return (interest, current.result.clone());
            }
        }
        let cancel = Arc::new(AtomicBool::new(false));
        options.cancel = cancel.clone();
        let interest = Arc::new(Interest(cancel));
        let (send, result) = watch::channel(None);
        tokio::task::spawn_blocking(move || {
            let scanned = scan(&root, &options)
                .map(Arc::new)
                .map_err(|error| error.to_string());
            // Nobody waiting is no mistake: the result is dropped.
            let _ = send.send(Some(scanned));
        });
        *slot = Some(Current {
            run: run.clone(),
            interest: Arc::downgrade(&interest),
            result: result.clone(),
        });
        (Some(interest), result)
    }
}
