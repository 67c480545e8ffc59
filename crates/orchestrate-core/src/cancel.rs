//! How work learns that it is to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that says "stop"; cheap to clone and to ask.
///
/// An executor drops the future of a cancelled attempt. Work that runs on a thread of its own
/// cannot be dropped, so it asks this flag between its pieces.
#[derive(Debug, Clone, Default)]
pub struct CancelSignal {
    run: Arc<AtomicBool>,
    attempt: Option<Arc<AtomicBool>>,
}

impl CancelSignal {
    /// A signal for one attempt: raised by its own flag or by that of the run.
    #[must_use]
    pub fn attempt(&self) -> Self {
        Self {
            run: self.run.clone(),
            attempt: Some(Arc::default()),
        }
    }

    /// Raises it: the attempt's flag if it has one, else the run's.
    pub fn raise(&self) {
        self.attempt
            .as_ref()
            .unwrap_or(&self.run)
            .store(true, Ordering::Release);
    }

    /// Whether anybody else still holds this attempt's signal. Work holds it for as long as it goes
    /// on, so an executor sees by this whether what it stopped has come to an end.
    #[must_use]
    pub fn is_held_elsewhere(&self) -> bool {
        self.attempt
            .as_ref()
            .is_some_and(|flag| Arc::strong_count(flag) > 1)
    }

    /// Whether the work is to stop.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.run.load(Ordering::Acquire)
            || self
                .attempt
                .as_ref()
                .is_some_and(|flag| flag.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_stopped_by_itself_and_by_its_run() {
        let run = CancelSignal::default();
        let (one, other) = (run.attempt(), run.attempt());
        one.raise();
        assert!(one.is_raised() && !other.is_raised() && !run.is_raised());
        run.raise();
        assert!(other.is_raised());
    }

    #[test]
    fn work_holds_its_signal_for_as_long_as_it_goes_on() {
        let kept = CancelSignal::default().attempt();
        assert!(!kept.is_held_elsewhere());
        let given = kept.clone();
        assert!(kept.is_held_elsewhere());
        drop(given);
        assert!(!kept.is_held_elsewhere());
    }
}
