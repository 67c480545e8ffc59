//! Tools of servers that speak the Model Context Protocol, over pipes or HTTP.
//!
//! This is the only module that names the protocol's library. A server is started or connected to when
//! the first agent that may use it begins, and once more when it has gone.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::canonical;
use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock};
use rmcp::service::{Peer, RoleClient, RunningService, ServiceError};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use serde_json::Value;
use tokio::sync::Mutex;

use super::failed;
use crate::process::{Environment, in_group};

/// How long a server may take to say what it can do.
const GREETING: Duration = Duration::from_secs(60);

/// How a server is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpTransport {
    /// A program that is started, over its standard streams.
    Program {
        /// The program and its arguments.
        argv: Vec<String>,
        /// Names of variables that it is given beside the usual ones.
        variables: Vec<String>,
        /// Where it runs.
        directory: PathBuf,
    },
    /// A server that runs already, over streamable HTTP.
    Http {
        /// Its address.
        url: String,
    },
}

/// A server before it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpSetup {
    /// What users call it; its tools are `mcp.NAME.TOOL`.
    pub name: String,
    /// How it is spoken to.
    pub transport: McpTransport,
    /// Its tools that change nothing. What a server says of its own tools is not believed, so every
    /// other tool counts as one that may have changed something.
    pub reads: Vec<String>,
    /// How long one call may take.
    pub timeout: Duration,
}

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
}

impl Explain for McpError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "ORC1340",
            Self::Protocol { .. } => "ORC1341",
        }
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Environment
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Unreachable { server, .. } => {
                format!("check `command` or `url` in `[mcp.{server}]` of orchestrate.toml")
            }
            Self::Protocol { server, .. } => {
                format!("start the server of `[mcp.{server}]` by hand and look at what it writes")
            }
        }]
    }
}

type Service = RunningService<RoleClient, ()>;
type Tools = Vec<Arc<dyn Tool>>;

/// A server and its tools.
pub struct McpServer {
    setup: McpSetup,
    /// The connection with the tools that it was found to have.
    state: Mutex<Option<(Service, Tools)>>,
}

impl fmt::Debug for McpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpServer")
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

impl McpServer {
    /// A server that nobody has spoken to yet.
    #[must_use]
    pub fn new(setup: McpSetup) -> Arc<Self> {
        Arc::new(Self {
            setup,
            state: Mutex::default(),
        })
    }

    /// How the names of its tools begin.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("mcp.{}.", self.setup.name)
    }

    /// Its tools. It is started or connected to if that has not happened or it has gone.
    ///
    /// # Errors
    /// [`McpError`] when it is of no use.
    pub async fn tools(self: &Arc<Self>) -> Result<Tools, McpError> {
        let mut state = self.state.lock().await;
        if let Some((service, tools)) = &*state
            && !service.is_transport_closed()
        {
            return Ok(tools.clone());
        }
        *state = None;
        let greeted = tokio::time::timeout(GREETING, self.greet()).await;
        let (service, tools) =
            greeted.map_err(|_| self.protocol("it took too long to greet"))??;
        *state = Some((service, tools.clone()));
        Ok(tools)
    }

    async fn peer(self: &Arc<Self>) -> Result<Peer<RoleClient>, McpError> {
        self.tools().await?;
        let state = self.state.lock().await;
        let peer = state.as_ref().map(|(service, _)| service.peer().clone());
        peer.ok_or_else(|| self.protocol("it is gone"))
    }

    async fn greet(self: &Arc<Self>) -> Result<(Service, Tools), McpError> {
        let service = match &self.setup.transport {
            McpTransport::Program {
                argv,
                variables,
                directory,
            } => {
                let child = self.start(argv, variables, directory)?;
                ().serve(child).await
            }
            McpTransport::Http { url } => {
                crate::model::ensure_crypto();
                ().serve(StreamableHttpClientTransport::from_uri(url.as_str()))
                    .await
            }
        };
        let service = service.map_err(|error| self.unreachable(&error))?;
        let listed = service.list_all_tools().await;
        let listed = listed.map_err(|error| self.protocol(&error.to_string()))?;
        let tools = listed.into_iter().map(|tool| {
            let name = tool.name.into_owned();
            let effect = if self.setup.reads.contains(&name) {
                Effect::Read
            } else {
                Effect::External
            };
            let spec = ToolSpec {
                name: format!("{}{name}", self.prefix()),
                description: tool.description.unwrap_or_default().into_owned(),
                parameters: Value::Object((*tool.input_schema).clone()),
                effect,
            };
            let server = self.clone();
            Arc::new(McpTool { server, name, spec }) as Arc<dyn Tool>
        });
        Ok((service, tools.collect()))
    }

    fn start(
        &self,
        argv: &[String],
        variables: &[String],
        directory: &PathBuf,
    ) -> Result<TokioChildProcess, McpError> {
        let (program, arguments) = argv
            .split_first()
            .ok_or_else(|| self.unreachable("no command"))?;
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).current_dir(directory);
        let and = variables.to_vec();
        Environment::Usual { and }.set(&mut command);
        // What a server logs is its own matter and would stand between our lines.
        let started = TokioChildProcess::builder(in_group(command))
            .stderr(std::process::Stdio::null())
            .spawn();
        let (child, _) =
            started.map_err(|error| self.unreachable(&format!("`{program}`: {error}")))?;
        Ok(child)
    }

    fn unreachable(&self, problem: &(impl fmt::Display + ?Sized)) -> McpError {
        McpError::Unreachable {
            server: self.setup.name.clone(),
            problem: problem.to_string(),
        }
    }

    fn protocol(&self, problem: &str) -> McpError {
        McpError::Protocol {
            server: self.setup.name.clone(),
            problem: problem.to_owned(),
        }
    }
}

/// One tool of a server.
#[derive(Debug)]
struct McpTool {
    server: Arc<McpServer>,
    name: String,
    spec: ToolSpec,
}

#[async_trait]
impl Tool for McpTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    /// Dropping the future tells the server that the call is cancelled.
    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let peer = self.server.peer().await;
        let peer = peer.map_err(|error| failed(FailureClass::NotExecuted, error.to_string()))?;
        let arguments = call.arguments.as_object().cloned();
        let mut params = CallToolRequestParams::new(self.name.clone());
        params.arguments = arguments;
        let timeout = self.server.setup.timeout;
        let called = tokio::time::timeout(timeout, peer.call_tool(params)).await;
        let called = called.map_err(|_| {
            let message = format!(
                "`{}` took longer than {} s",
                self.spec.name,
                timeout.as_secs()
            );
            failed(FailureClass::Timeout, message)
        })?;
        match called {
            Ok(result) if result.is_error == Some(true) => {
                Err(failed(FailureClass::Reported, content(&result)))
            }
            Ok(result) => Ok(ToolOutput::json(Value::String(content(&result)))),
            // The server judged the arguments: the model is to choose others.
            Err(ServiceError::McpError(error)) => Err(ToolFailure::Retry {
                message: error.message.into_owned(),
            }),
            Err(ServiceError::TransportClosed | ServiceError::TransportSend(_)) => {
                let message = format!(
                    "the server of `{}` ended in the middle of the call, which may have had its effect",
                    self.spec.name
                );
                Err(failed(FailureClass::Internal, message))
            }
            Err(error) => Err(failed(FailureClass::Internal, error.to_string())),
        }
    }
}

/// A result as a text: its texts, and a word for what is none.
fn content(result: &CallToolResult) -> String {
    let parts = result.content.iter().map(|block| match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(_) => "(an image)".to_owned(),
        ContentBlock::Audio(_) => "(a sound)".to_owned(),
        other => serde_json::to_string(other).unwrap_or_default(),
    });
    let text = parts.collect::<Vec<_>>().join("\n");
    match &result.structured_content {
        Some(value) if text.is_empty() => canonical::to_string(value),
        _ => text,
    }
}
