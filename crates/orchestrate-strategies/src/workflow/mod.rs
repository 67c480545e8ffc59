//! Workflows by name: who works together and how, as data, usable wherever an agent is.
//!
//! A [`Recipe`] names members and a strategy; a [`WorkflowDefinition`] is a recipe under an id; a
//! [`WorkflowReference`] stands where an agent could stand. Everything is written out as steps
//! before anything runs, so cycles and unknown ids are found then.

mod compose;
mod recipe;
mod registry;
#[cfg(test)]
mod tests;

pub(crate) use compose::{MAX_DEPTH, call};
pub use recipe::{InvalidReference, Member, Recipe, WorkflowDefinition, WorkflowReference};
pub use registry::WorkflowExists;
pub(crate) use registry::Workflows;
