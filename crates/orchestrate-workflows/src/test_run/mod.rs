//! Runs a project's own tests under coverage, in a copy of its repository.
//!
//! Every language has its own way; all of them come to the same: what was run, how it ended, and a
//! coverage report. Tests that fail are a result. What could not be run is not measured, with the
//! reason and the command that would help; nothing is downloaded to make it possible.

mod ask;
mod failed;
mod go;
mod llvm;
mod model;
mod node;
mod place;
mod python;
mod run;
mod rust;

pub(crate) use ask::Ask;
pub(crate) use model::{TestRun, TestState};
pub(crate) use run::{run, run_of};
