//! Carries out the steps of a test coverage boost that need no model.

mod attempt;
mod measure;
mod measure_again;
mod run;
mod session;
mod skeletons;
mod validate;

pub use run::TestCoverageBackend;
pub use skeletons::SkeletonBackend;
