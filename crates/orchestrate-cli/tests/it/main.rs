//! Whole commands: the built program in a directory of its own, its streams and its exit status.
//!
//! Exit codes 4, 6 and 7 cannot occur in this version (no credentials, no policy, no approvals), and
//! 70 only by a fault; unit tests hold what leads to them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod answers;
mod program;
#[cfg(unix)]
mod programs;
mod refusals;
mod release_prep;
mod reports;
mod settings;
#[cfg(unix)]
mod signals;
mod tasks;
