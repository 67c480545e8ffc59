//! Reads a repository and measures it.
//!
//! This crate knows nothing of agents: it takes a path and gives plain data.
//! Nothing in it is estimated; what could not be measured is said so.

pub mod finding;
pub mod language;
pub mod measured;
pub mod problem;
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

/// Rules that a user brings.
pub mod user_rules;

/// Who imports whom: cycles, couplings, layers.
pub mod architecture;

/// How often files were changed.
pub mod churn;

/// Patterns that are known to be slow.
pub mod performance;

/// Code that stands more than once.
pub mod duplication;

/// Security rules over syntax trees.
pub mod security;

/// Known vulnerable dependencies, from lock files and local advisories.
pub mod dependencies;

/// Faults planted in functions, for tests to notice.
pub mod mutation;

/// Credentials in text, masked.
pub mod secrets;

pub use documentation::{DocumentationReport, documentation};
pub use inventory::{ScanError, ScanErrorKind};
pub use problem::Problem;
pub use quality::{QualityReport, quality};
pub use scan::{ScanOptions, Snapshot, scan};
