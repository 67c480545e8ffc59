//! What is wired to what: the only place that names concrete adapters.

mod delegates;
mod models;
mod place;
mod planner;
mod remotes;
mod runners;
mod test_coverage;
mod tools;

pub(crate) use orchestrate_runtime::model::{ProviderSetup, reach};

pub(crate) use models::{Models, RunBy, providers};
pub(crate) use place::{
    ASK_BELOW, FOLDER, Learned, PROVEN, builtin_agents, catalog, compose, demo_executor, executor,
    folder_of, planned, registry, store_of, task_pattern,
};
pub(crate) use planner::consult;
pub(crate) use remotes::introduced;
pub(crate) use test_coverage::coverage_executor;
pub(crate) use tools::{offered, step_tools};
