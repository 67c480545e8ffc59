//! What a scan may be told.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::user_rules::UserRules;

/// Settings of a scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// How many threads parse; at least one.
    pub threads: usize,
    /// Larger source files are not parsed, in bytes.
    pub max_file_bytes: u64,
    /// Larger files, source or not, are not read at all, in bytes. Up to here credentials are looked for.
    pub max_text_bytes: u64,
    /// Rules that the user brings.
    pub rules: Arc<UserRules>,
    /// The file that holds the results of earlier scans; without one, every file is parsed anew.
    pub cache: Option<PathBuf>,
    /// Set it from another thread to stop: no further file is begun.
    pub cancel: Arc<AtomicBool>,
}

impl ScanOptions {
    /// The limit on the size of source that is used unless told otherwise: 1 MiB.
    pub const MAX_FILE_BYTES: u64 = 1 << 20;
    /// The limit on the size of any text that is used unless told otherwise: 16 MiB.
    pub const MAX_TEXT_BYTES: u64 = 16 << 20;

    /// Whether the scan was told to stop.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

impl Default for ScanOptions {
    /// As many threads as the machine runs at once, source up to 1 MiB, text up to 16 MiB, no rules of a user, no cache, not
    /// cancelled.
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, usize::from),
            max_file_bytes: Self::MAX_FILE_BYTES,
            max_text_bytes: Self::MAX_TEXT_BYTES,
            rules: Arc::default(),
            cache: None,
            cancel: Arc::default(),
        }
    }
}
