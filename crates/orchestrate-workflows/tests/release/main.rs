//! Release preparation from end to end: small repositories in, reports out.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod driver;
mod exports;
mod findings;
mod fold;
mod formats;
#[cfg(unix)]
mod programs;
mod project;
mod scope;
mod truths;
