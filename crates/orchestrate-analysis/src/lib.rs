//! Reads a repository and measures it.
//!
//! This crate knows nothing of agents: it takes a path and gives plain data.
//! Nothing in it is estimated; what could not be measured is said so.

pub mod finding;
pub mod language;
pub mod measured;
pub mod source;

/// One parse per file and the measures that share it.
pub mod metrics;

/// Coverage from existing reports, checked for age and paths.
pub mod coverage;

/// What tests assert, and whether they reach the product.
pub mod test_quality;

/// Security rules over syntax trees.
pub mod security;

/// Credentials in text, masked.
pub mod secrets;
