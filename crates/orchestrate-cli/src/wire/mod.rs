//! What is wired to what: the only place that names concrete adapters.

mod models;
mod place;

pub(crate) use orchestrate_runtime::model::{ProviderSetup, reach};

pub(crate) use models::{Models, providers};
pub(crate) use place::{ASK_BELOW, catalog, compose, executor, journal, registry};
