//! Whole commands: the built program in a directory of its own, its streams and its exit status.
//!
//! Exit code 70 occurs only by a fault; unit tests hold what leads to it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod answers;
mod definitions;
mod demo;
mod health_check;
#[cfg(unix)]
mod killed;
mod lessons;
mod limits;
mod memory;
mod models;
mod program;
#[cfg(unix)]
mod programs;
mod refusals;
mod release_prep;
mod remotes;
mod reports;
mod runs;
#[cfg(unix)]
mod scenarios;
#[path = "../../../orchestrate-store/tests/it/server.rs"]
#[expect(
    clippy::print_stderr,
    reason = "the server of the tests of stores says when there is none"
)]
mod server;
mod settings;
#[cfg(unix)]
mod signals;
mod steps;
mod tasks;
mod test_coverage;
mod work;
