//! The local executor from the outside, on tokio's paused clock: no test waits for real time.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helpers of tests cannot do fails the test"
)]

mod approvals;
mod branches;
mod budget;
mod calls;
mod cancel;
mod durable;
mod events;
mod failures;
mod functions;
mod messages;
mod parallel;
mod points;
mod replay;
mod support;
mod tools;
