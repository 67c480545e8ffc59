//! One verb per file: resolved input in, an answer printed, an exit status out.

pub(crate) mod agents;
pub(crate) mod approvals;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod docs;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod health_check;
pub(crate) mod init;
pub(crate) mod lessons;
pub(crate) mod memory;
pub(crate) mod plan;
pub(crate) mod release_prep;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod strategies;
pub(crate) mod test_coverage;
pub(crate) mod validate;
pub(crate) mod workflows;

mod check_history;
mod detach;
mod files;
mod gates;
mod learn;
mod limits;
mod measure;
mod named;
mod problems;
mod publish;
mod recipe;
mod store;
mod traces;
mod watch;
