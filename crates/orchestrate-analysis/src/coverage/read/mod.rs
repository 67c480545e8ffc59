//! Readers of report formats: pure functions from text to [`RawReport`](super::RawReport), one file per format.
//!
//! A reader either understands a whole report or says at which place it stopped. It never returns a part as a whole.

mod cobertura;
mod coverage_py;
mod detect;
mod error;
mod go_profile;
mod istanbul;
mod lcov;
mod llvm_cov;
#[cfg(test)]
mod tests;

pub use detect::{detect, read};
pub use error::{Place, ReadError};
