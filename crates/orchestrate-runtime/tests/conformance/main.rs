//! Every strategy of the catalogue, held to one table: success, each failure, time, limits, cancelling, and its
//! place inside every other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic where it meets the unexpected"
)]

mod cases;
mod corrected;
mod harness;
#[cfg(feature = "models")]
mod models;
mod pairs;
mod paths;
mod points;
mod tutorial;
