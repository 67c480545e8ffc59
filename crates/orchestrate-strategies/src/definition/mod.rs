//! Workflows and agents that people write in files.
//!
//! A file is read strictly, and everything that is wrong with it is told at once, with its place and
//! what was probably meant. What is right comes to a plan: there is no other way to run anything.
//! Nothing here reads a file; whoever calls hands them over.
//!
//! The way of a file: `tree` (values that know where they stand), `shape` (against the JSON Schema of
//! the types in `model`), then the types, then `build`, `steps` and `kinds`, which make the plan.

mod agents;
mod build;
mod collect;
mod document;
mod format;
mod inputs;
mod kinds;
mod library;
mod model;
mod problem;
mod remove;
mod scope;
mod shape;
mod steps;
mod tree;
mod values;
mod workflow;
mod world;

pub(crate) use collect::Outputs;
pub use collect::{WORKFLOW_OUTPUTS, says_no};
pub use format::format;
pub use inputs::Given;
pub use kinds::PROGRAM_TOOLS;
pub use library::{Custom, agents_schema, custom_agents};
pub use problem::{CODES, DefinitionProblem, DefinitionProblems, Place};
pub use remove::{Left, without_agent};
pub use tree::{MAX_BYTES, MAX_DEPTH};
pub use workflow::{InputInfo, Question, Workflow, schema, workflow};
pub use world::{Alone, Files, Source, StepTools, World};

#[cfg(test)]
mod tests;
