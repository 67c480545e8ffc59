//! One server: how it is spoken to, when it is greeted, and the tools that it has then.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orchestrate_core::tool::{Effect, Tool, ToolSpec};
use orchestrate_process::in_group;
use rmcp::ServiceExt as _;
use rmcp::service::{ClientInitializeError, Peer, RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use serde_json::Value;
use tokio::sync::Mutex;

use super::error::McpError;
use super::http;
use super::tool::McpTool;
use crate::process::Environment;

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
        /// The variable that holds the key that it wants, if it wants one; sent as a bearer token.
        key_variable: Option<String>,
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

/// Why a server was not greeted, without the names of types that its library puts around the cause.
fn not_greeted(error: &ClientInitializeError) -> String {
    let error = match error {
        ClientInitializeError::TransportError { error, .. } => &*error.error,
        ClientInitializeError::ConnectionClosed(_) => {
            return "it ended without a greeting".to_owned();
        }
        error => return error.to_string(),
    };
    if http::never_sent(error) {
        return "nothing answers there".to_owned();
    }
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        // Nobody reads what a program is told.
        Some(io::ErrorKind::BrokenPipe) => "it ended without a greeting".to_owned(),
        _ => error.to_string(),
    }
}

type Service = RunningService<RoleClient, ()>;
/// What the tools say of themselves. The tools know their server, so it must not hold them: neither would ever go.
type Specs = Vec<Arc<ToolSpec>>;

/// A server and its tools.
pub struct McpServer {
    pub(super) setup: McpSetup,
    /// The connection, and what it was found to have.
    state: Mutex<Option<(Service, Specs)>>,
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
    pub async fn tools(self: &Arc<Self>) -> Result<Vec<Arc<dyn Tool>>, McpError> {
        let mut state = self.state.lock().await;
        let (_, specs) = self.connected(&mut state).await?;
        let tools = specs.iter().map(|spec| {
            let tool = McpTool::new(self.clone(), spec.clone());
            Arc::new(tool) as Arc<dyn Tool>
        });
        Ok(tools.collect())
    }

    /// Whom its tools ask.
    pub(super) async fn peer(&self) -> Result<Peer<RoleClient>, McpError> {
        let mut state = self.state.lock().await;
        let (service, _) = self.connected(&mut state).await?;
        Ok(service.peer().clone())
    }

    async fn connected<'a>(
        &self,
        state: &'a mut Option<(Service, Specs)>,
    ) -> Result<&'a (Service, Specs), McpError> {
        let open = state
            .take()
            .filter(|(service, _)| !service.is_transport_closed());
        let open = match open {
            Some(open) => open,
            None => tokio::time::timeout(GREETING, self.greet())
                .await
                .map_err(|_| self.protocol("it took too long to greet"))??,
        };
        Ok(state.insert(open))
    }

    async fn greet(&self) -> Result<(Service, Specs), McpError> {
        let service = match &self.setup.transport {
            McpTransport::Program {
                argv,
                variables,
                directory,
            } => {
                let child = self.start(argv, variables, directory)?;
                ().serve(child).await
            }
            McpTransport::Http { url, key_variable } => {
                crate::model::ensure_crypto();
                let key = key_variable.as_deref().map(|name| self.key(name));
                let transport = http::transport(url, key.transpose()?)
                    .map_err(|error| self.unreachable(&error))?;
                ().serve(transport).await
            }
        };
        let service = service.map_err(|error| {
            if error.is_authorization_required() {
                self.refused("it wants a key, or another one")
            } else {
                self.unreachable(&not_greeted(&error))
            }
        })?;
        let listed = service.list_all_tools().await;
        let listed = listed.map_err(|error| self.protocol(&error.to_string()))?;
        let specs = listed.into_iter().map(|tool| {
            let reads = self.setup.reads.iter().any(|it| *it == tool.name);
            Arc::new(ToolSpec {
                name: format!("{}{}", self.prefix(), tool.name),
                description: tool.description.unwrap_or_default().into_owned(),
                parameters: Value::Object((*tool.input_schema).clone()),
                effect: if reads {
                    Effect::Read
                } else {
                    Effect::External
                },
            })
        });
        let specs = specs.collect();
        Ok((service, specs))
    }

    fn key(&self, variable: &str) -> Result<String, McpError> {
        let key = std::env::var(variable).ok().filter(|key| !key.is_empty());
        key.ok_or_else(|| self.refused(&format!("the variable `{variable}` is not set")))
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

    pub(super) fn unreachable(&self, problem: &(impl fmt::Display + ?Sized)) -> McpError {
        McpError::Unreachable {
            server: self.setup.name.clone(),
            problem: problem.to_string(),
        }
    }

    fn refused(&self, problem: &str) -> McpError {
        McpError::Credentials {
            server: self.setup.name.clone(),
            problem: problem.to_owned(),
        }
    }

    fn protocol(&self, problem: &str) -> McpError {
        McpError::Protocol {
            server: self.setup.name.clone(),
            problem: problem.to_owned(),
        }
    }
}
