//! The laws that every journal keeps, and a journal in memory.
//!
//! [`check_all`] runs every law, each on a fresh journal; a law that is broken panics with its name.
//! The laws need no async runtime of their own, so they run under whichever a backend needs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a law that is broken stops the test that asked"
)]

mod laws;
mod memory;
mod sample;

pub use laws::check_all;
pub use memory::MemoryJournal;
pub use sample::{finished, pinned, run_id, started, step_finished, step_started};
