//! The step that calls a tool without a model.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RetryPolicy;
use crate::condition::Reference;
use crate::task::Context;

/// Longest time of a tool's call when neither the step nor the plan says otherwise, in milliseconds.
pub const TOOL_TIMEOUT_MS: u64 = 60_000;

/// One call of a tool, without a model.
///
/// The plan names the tool in its `tools`, with the effect that a call may have at most. A tool
/// that can change something is called once: an attempt whose end nobody saw ends as `unknown`,
/// and `retry` holds only for tools that change nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolStep {
    /// The tool; one of the plan's `tools`.
    pub tool: String,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Context::is_empty")]
    pub arguments: Context,
    /// Arguments that come from the context or from earlier steps, laid over `arguments` by name. A
    /// value that does not exist is left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Reference>,
    /// When a failed call is made again.
    #[serde(default, skip_serializing_if = "RetryPolicy::is_default")]
    pub retry: RetryPolicy,
    /// Longest time of one call in milliseconds; without it [`TOOL_TIMEOUT_MS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

impl ToolStep {
    /// A call of a tool with these arguments.
    #[must_use]
    pub fn new(tool: impl Into<String>, arguments: Context) -> Self {
        Self {
            tool: tool.into(),
            arguments,
            inputs: BTreeMap::new(),
            retry: RetryPolicy::default(),
            timeout_ms: None,
        }
    }
}
