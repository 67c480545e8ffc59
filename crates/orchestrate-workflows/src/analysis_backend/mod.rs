//! Runs agents without a model: each one folds the shared scan of a repository into its answer.
//!
//! It supports exactly the templates in [`AGENTS`]; any other agent is not executed here.

mod answer;
mod architecture;
mod backend;
mod coverage;
mod dependencies;
mod documentation;
mod masked;
mod measured_tests;
mod performance;
mod quality;
mod refactoring;
mod scan_summary;
mod security;
mod shared_scan;
mod smell;
mod test_claims;
mod test_runs;
mod tools;
mod trust;

pub use backend::{AGENTS, AnalysisBackend, AnalysisOptions, NAME};
pub(crate) use coverage::METRIC as COVERAGE_METRIC;
pub(crate) use masked::value as masked_value;
pub(crate) use measured_tests::MeasuredTests;
pub use scan_summary::ScanSummary;
pub(crate) use test_runs::copied;
