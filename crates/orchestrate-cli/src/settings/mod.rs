//! What holds for this call: flags over variables over `orchestrate.toml` over the user's file over
//! defaults. Nothing is read unless a verb asks for it.

mod file;
mod key;
mod resolve;
mod services;

pub(crate) use key::names;
pub(crate) use resolve::{AgentSettings, Origin, Settings, project_of};
pub(crate) use services::{McpTable, Names, ProgramTable, RemoteTable, Services, is_local};
