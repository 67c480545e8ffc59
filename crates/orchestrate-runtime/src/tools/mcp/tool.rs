//! One tool of a server, as agents and steps call it.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::canonical;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use rmcp::model::{CallToolRequestParams, CallToolResult, ContentBlock};
use rmcp::service::ServiceError;
use serde_json::Value;

use super::http;
use super::server::McpServer;
use crate::tools::failed;

/// One tool of a server.
#[derive(Debug)]
pub(super) struct McpTool {
    server: Arc<McpServer>,
    spec: Arc<ToolSpec>,
}

impl McpTool {
    pub(super) fn new(server: Arc<McpServer>, spec: Arc<ToolSpec>) -> Self {
        Self { server, spec }
    }

    /// What the server calls it.
    fn name(&self) -> String {
        let name = &self.spec.name;
        let own = name.strip_prefix(&self.server.prefix()).unwrap_or(name);
        own.to_owned()
    }
}

#[async_trait]
impl Tool for McpTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    /// Dropping the future tells the server that the call is cancelled.
    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let peer = self.server.peer().await;
        let peer = peer.map_err(|error| failed(error.class(), error.to_string()))?;
        let arguments = call.arguments.as_object().cloned();
        let mut params = CallToolRequestParams::new(self.name());
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
            Err(ServiceError::TransportSend(error)) if http::never_sent(&*error.error) => {
                let error = self.server.unreachable(&error);
                Err(failed(FailureClass::NotExecuted, error.to_string()))
            }
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
