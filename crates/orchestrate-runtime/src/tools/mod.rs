//! Tools that agents may call, and which agent may call which. Nothing is allowed that is not said.

mod area;
mod arguments;
mod fetch;
mod files;
mod git;
#[cfg(feature = "mcp")]
pub mod mcp;
mod notes;
mod runner;
mod set;
mod shell;

pub use area::{Area, AreaError};
pub use fetch::HttpFetch;
pub use files::{FileList, FileRead, FileWrite};
pub use git::Git;
pub use notes::Notes;
pub use runner::{Runner, TestRun};
pub use set::{Offered, ToolSet};
pub use shell::Shell;

use arguments::{cut, failed, needed, spec, text, texts};
