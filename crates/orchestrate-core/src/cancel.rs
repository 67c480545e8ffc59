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
