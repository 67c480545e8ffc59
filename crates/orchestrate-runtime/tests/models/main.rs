//! Models over HTTP, against servers of this machine that speak as the providers do.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helpers of tests cannot do fails the test"
)]

mod agents;
mod approvals;
mod double;
mod families;
mod faults;
mod histories;
mod keys;
mod limits;
mod recorded;
mod resume;
mod sessions;
mod tools;
#[cfg(feature = "otel")]
mod traces;
