//! The report for other programs and places. Each format is a pure function of the report.
//!
//! The JSON form is the report itself; text for terminals is the command line's matter.

mod github;
mod health;
mod html;
mod inline;
mod junit;
mod left_out;
mod markdown;
mod sarif;
mod sarif_model;
mod scenarios;

pub use github::{github, github_summary};
pub use health::{health_markdown, trend_told};
pub use html::html;
pub use junit::junit;
pub use left_out::scope_told;
pub use markdown::markdown;
pub use sarif::sarif;
pub use scenarios::scenarios_svg;
