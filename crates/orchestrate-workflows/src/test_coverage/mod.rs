//! Test coverage boost: measure what the tests reach, write tests for the first gaps, accept those that prove something.
//!
//! `inputs` writes the plan, `backend` carries out what needs no model, `fold` makes the report. What
//! is decided is decided without IO: which gaps come first (`gap`), where a test may lie (`area`), what
//! is checked next and whether a test is accepted (`validation`). A model only writes; it accepts nothing.

mod apply;
mod area;
mod backend;
mod candidate;
mod fold;
mod gap;
mod inputs;
mod patch;
mod report;
mod skeleton;
mod validation;

pub use apply::apply;
pub use backend::{SkeletonBackend, TestCoverageBackend};
pub use fold::BoostSubject;
pub use gap::CoverageGap;
pub use inputs::TestCoverage;
pub use patch::patch;
pub use report::{
    Attempt, Figures, GapOutcome, GapReport, NotApplied, PlantedFault, TestCoverageReport,
    TestFile, schema,
};
pub use skeleton::spans;
pub use validation::Fate;
