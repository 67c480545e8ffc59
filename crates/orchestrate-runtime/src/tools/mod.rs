//! Tools: what steps call without a model, and what agents may call. One file a tool.
//!
//! [`ProgramTool`] and [`FunctionTool`] are made for steps of plans; the others are for agents, to whom
//! nothing is allowed that is not said.

mod allow_list;
mod area;
mod arguments;
mod command;
#[cfg(feature = "models")]
mod fetch;
mod files;
mod function;
mod git;
#[cfg(feature = "mcp")]
pub mod mcp;
mod notes;
mod program;
mod runner;
#[cfg(feature = "models")]
mod set;
mod shell;
mod test_run;

pub use area::{Area, AreaError};
#[cfg(feature = "models")]
pub use fetch::HttpFetch;
pub use files::{FileList, FileRead, FileWrite};
pub use function::FunctionTool;
pub use git::Git;
pub use notes::Notes;
pub use program::ProgramTool;
pub use runner::Runner;
#[cfg(feature = "models")]
pub use set::{Offered, ToolSet};
pub use shell::Shell;
pub use test_run::TestRun;

use arguments::{cut, failed, needed, retry, spec, text, texts};
