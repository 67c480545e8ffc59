//! Why a server of the Model Context Protocol is of no use.

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::outcome::FailureClass;

/// Why a server is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// It did not start or cannot be reached.
    #[error("MCP server `{server}` cannot be reached: {problem}")]
    Unreachable {
        /// The server.
        server: String,
        /// What happened.
        problem: String,
    },
    /// It does not speak the protocol, or not in time.
    #[error("MCP server `{server}` does not answer as the protocol says: {problem}")]
    Protocol {
        /// The server.
        server: String,
        /// What happened.
        problem: String,
    },
    /// It wants a key, and there is none or it is not the right one.
    #[error("MCP server `{server}` lets nobody in: {problem}")]
    Credentials {
        /// The server.
        server: String,
        /// What is missing.
        problem: String,
    },
}

impl McpError {
    /// How a step fails that needed the server.
    pub(crate) fn class(&self) -> FailureClass {
        match self {
            Self::Unreachable { .. } | Self::Protocol { .. } => FailureClass::NotExecuted,
            Self::Credentials { .. } => FailureClass::Credentials,
        }
    }
}

impl Explain for McpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "ORC1340",
            Self::Protocol { .. } => "ORC1341",
            Self::Credentials { .. } => "ORC1342",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Protocol { .. } => ErrorKind::Environment,
            Self::Credentials { .. } => ErrorKind::Credentials,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Unreachable { server, .. } => {
                format!("check `command` or `url` in `[mcp.{server}]` of orchestrate.toml")
            }
            Self::Protocol { server, .. } => {
                format!("start the server of `[mcp.{server}]` by hand and look at what it writes")
            }
            Self::Credentials { server, .. } => format!(
                "name the variable that holds its key as `key-env` in `[mcp.{server}]` of orchestrate.toml, and set it"
            ),
        }]
    }
}
