//! Starts programs for an analysis: bounded in time and output, and ended with all their children.

mod find;
mod run;

pub(crate) use find::{in_directory, on_path};
pub(crate) use run::{Ended, Program, Stop, describe};
