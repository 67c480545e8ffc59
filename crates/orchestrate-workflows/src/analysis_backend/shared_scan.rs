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
            // A scan that everyone left before its end was told to stop; its result is of no use.
            let is_whole = match &*current.result.borrow() {
                Some(Ok(snapshot)) => !snapshot.cancelled,
                Some(Err(_)) => true,
                None => false,
            };
            if interest.is_some() || is_whole {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Waker};

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    }

    fn run(name: &str) -> RunId {
        RunId::new(name).unwrap()
    }

    #[test]
    fn one_run_scans_once_and_another_run_scans_anew() {
        let directory = tempfile::tempdir().unwrap();
        let shared = SharedScan::default();
        let scan = |name| {
            let root = directory.path().to_owned();
            let options = ScanOptions::default();
            let (shared, name) = (&shared, run(name));
            async move { shared.of(&name, root, options).await.unwrap() }
        };
        runtime().block_on(async {
            let (first, second) = tokio::join!(scan("a"), scan("a"));
            assert!(Arc::ptr_eq(&first, &second));
            assert!(Arc::ptr_eq(&first, &scan("a").await), "also after the end");
            assert!(!Arc::ptr_eq(&first, &scan("b").await));
        });
    }

    #[test]
    fn a_scan_that_everyone_left_is_stopped_and_begun_anew() {
        let directory = tempfile::tempdir().unwrap();
        let shared = SharedScan::default();
        runtime().block_on(async {
            let root = || directory.path().to_owned();
            let (interest, result) =
                shared.join_or_start(&run("a"), root(), ScanOptions::default());
            let stop = interest.as_ref().unwrap().0.clone();
            {
                let name = run("a");
                let mut waiting = std::pin::pin!(shared.of(&name, root(), ScanOptions::default()));
                let mut context = Context::from_waker(Waker::noop());
                let _ = waiting.as_mut().poll(&mut context);
            }
            assert!(!stop.load(Ordering::Relaxed), "one of two still waits");
            drop(interest);
            assert!(stop.load(Ordering::Relaxed));
            // Whether the first scan had ended by then or not, the next one to ask gets a whole one.
            drop(result);
            let whole = shared.of(&run("b"), root(), ScanOptions::default()).await;
            assert!(!whole.unwrap().cancelled);
        });
    }

    #[test]
    fn a_root_that_went_away_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("gone");
        let failure = runtime()
            .block_on(SharedScan::default().of(&run("a"), root, ScanOptions::default()))
            .unwrap_err();
        assert_eq!(failure.class, FailureClass::Input);
        assert!(failure.message.contains("does not exist"), "{failure}");
    }
}
