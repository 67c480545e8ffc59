//! Starts programs for an analysis: bounded in time and output, and ended with all their children.
//!
//! What differs from programs of a run is what an analysis needs: programs see our variables but for those that
//! are taken from them, read nothing, and leave the last lines of both streams even when they took too long.

mod command_line;
mod ended;
mod find;
mod resources;
mod run;

pub(crate) use command_line::describe;
pub(crate) use ended::{Ended, Stop};
pub(crate) use find::{in_directory, on_path};
pub(crate) use run::Program;
