//! Tools of servers that speak the Model Context Protocol, over pipes or HTTP.
//!
//! This is the only module that names the protocol's library. A server is started or connected to when
//! the first agent that may use it begins, and once more when it has gone. One over HTTP that was
//! started anew meanwhile no longer knows the session; it is then greeted again, and the call that it
//! refused is made once more.

mod error;
mod http;
mod server;
mod tool;

pub use error::McpError;
pub use server::{McpServer, McpSetup, McpTransport};
