//! Health check: how well is this project, which way is it going, and what would help most?
//!
//! `inputs` writes the plan, `categories` turn what agents measured into scores, `fold` makes the
//! report, `trend` holds it against earlier checks. Nothing here runs anything or keeps anything.
//!
//! ```no_run
//! # use orchestrate_core::template::AgentRegistry;
//! # use orchestrate_runtime::LocalExecutor;
//! # use orchestrate_workflows::health_check::{CheckSubject, HealthCheck, History, Mode};
//! # use orchestrate_workflows::{AnalysisBackend, AnalysisOptions};
//! # async fn check() -> Result<(), Box<dyn std::error::Error>> {
//! let check = HealthCheck { mode: Mode::Weekly, ..HealthCheck::default() };
//! let plan = check.plan(&AgentRegistry::builtin())?;
//! let backend = AnalysisBackend::new(".", AnalysisOptions::default())?;
//! let run = LocalExecutor::builder().backend(backend).build()?.run(&plan).await?;
//! let subject = CheckSubject {
//!     path: ".".into(),
//!     timestamp: "2026-01-02T03:04:05Z".into(),
//!     history: History::Known(Vec::new()),
//! };
//! let report = check.report(&run, subject)?;
//! assert_eq!(report.grade.is_some(), report.measured_share >= report.needed_share);
//! # Ok(())
//! # }
//! ```

mod categories;
mod fold;
mod grade;
mod inputs;
mod mode;
mod overall;
mod report;
mod score;
mod summary;
mod trend;

pub use fold::CheckSubject;
pub use grade::Grade;
pub use inputs::HealthCheck;
pub use mode::Mode;
pub use report::{
    Advice, CategoryReport, CategoryStatus, Figure, HealthReport, ScoreRange, schema,
};
pub use trend::{CategoryTrend, Direction, History, Trend, TrendState};
