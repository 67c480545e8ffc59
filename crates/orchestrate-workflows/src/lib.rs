//! Prebuilt workflows: typed inputs to a plan, the agents that carry it out offline, and the report.
//!
//! Nothing here executes a plan; an executor does, with the analysis backend as one of its backends.

pub mod analysis_backend;
mod answers;
pub mod catalog;
pub mod error;
pub mod external;
pub mod formats;
pub mod gates;
pub mod health_check;
pub mod ignore;
mod process;
pub mod programs;
pub mod release_prep;
pub mod report;
pub mod rules;
pub mod scenarios;
pub mod scope;
mod side_by_side;
pub mod test_coverage;
mod test_run;
pub mod verdict;
mod work_copy;

pub use analysis_backend::{AnalysisBackend, AnalysisOptions};
pub use error::WorkflowError;
pub use health_check::{CheckSubject, HealthCheck, HealthReport};
pub use ignore::IgnoreRule;
pub use release_prep::{ReleasePrep, Subject};
pub use report::ReleaseReadinessReport;
pub use test_coverage::{TestCoverage, TestCoverageReport};
