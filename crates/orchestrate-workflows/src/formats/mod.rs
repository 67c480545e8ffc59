//! The report for other programs and places. Each format is a pure function of the report.
//!
//! The JSON form is the report itself; text for terminals is the command line's matter.

mod inline;
mod markdown;
mod rules;
mod sarif;
mod sarif_model;

pub use markdown::markdown;
pub use sarif::sarif;
