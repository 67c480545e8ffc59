//! The local executor from the outside, on tokio's paused clock: no test waits for real time.

mod budget;
mod cancel;
mod events;
mod failures;
mod functions;
mod parallel;
mod support;
