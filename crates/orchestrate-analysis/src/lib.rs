//! Reads a repository and measures it.
//!
//! This crate knows nothing of agents: it takes a path and gives plain data.
//! Nothing in it is estimated; what could not be measured is said so.

pub mod finding;
pub mod language;
pub mod measured;
pub mod source;

/// Which files there are, of which language, in which role.
pub mod inventory;

/// One pass over a repository: each file read once, parsed once, measured, dropped.
pub mod scan;

/// One parse per file and the measures that share it.
pub mod metrics;

/// What is documented, of the code and of the project.
pub mod documentation;

/// A score for code, printed with its components.
pub mod quality;

/// Coverage from existing reports, checked for age and paths.
pub mod coverage;

/// What tests assert, and whether they reach the product.
pub mod test_quality;

/// Security rules over syntax trees.
pub mod security;

/// Credentials in text, masked.
pub mod secrets;

pub use documentation::{DocumentationReport, documentation};
pub use inventory::{ScanError, ScanErrorKind};
pub use quality::{QualityReport, quality};
pub use scan::{ScanOptions, Snapshot, scan};
