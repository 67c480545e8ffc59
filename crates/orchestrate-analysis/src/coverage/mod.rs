//! Coverage from reports that exist already, checked before they are believed.
//!
//! A report is believed when it can be read to its end, when its paths are those of the sources, and when it is not
//! older than they are. Anything else is `NotMeasured` or `Failed` with the reason and the command that would help.
//! This module runs no tests; that is for a caller who was asked to.
//!
//! Figures count product files only. Lines and statements are different units and are never added up.

mod advice;
mod age;
mod callers;
mod combine;
mod find;
mod gaps;
mod matching;
mod measure;
mod model;
pub mod read;
mod report;
#[cfg(test)]
mod tests;

pub use callers::rank_by_callers;
pub use find::{Candidate, find};
pub use gaps::{FunctionSpan, Gap, rank_files, rank_gaps};
pub use measure::{CoverageOptions, IndexedSource, LineSpan, SourceIndex, measure};
pub use model::{BranchProbe, Counts, Format, FunctionHits, Probe, RawFile, RawReport, Unit};
pub use report::{
    Age, CoverageReport, FileCoverage, LanguageCoverage, MissingSource, RejectedReport,
    ReportEvidence, Totals, UnmeasuredLanguage,
};
