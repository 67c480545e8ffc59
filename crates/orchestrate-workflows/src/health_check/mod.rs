//! Health check: how well is this project, which way is it going, and what would help most?
//!
//! `inputs` writes the plan, `categories` turn what agents measured into scores, `fold` makes the
//! report, `trend` holds it against earlier checks. Nothing here runs anything or keeps anything.

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
