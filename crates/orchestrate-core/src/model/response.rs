//! What a model answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TokenUsage, ToolRequest};
use crate::limits::Cost;

/// Why a model stopped writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It had said what it had to say.
    Completed,
    /// It waits for the results of tools.
    ToolCalls,
    /// It was cut off at the most tokens it may write.
    Length,
    /// The provider's filter stopped it, or it refused.
    Filtered,
    /// Anything else.
    Other,
}

/// One answer of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelResponse {
    /// The model that gave it, which after a fallback is not the first that was asked.
    pub model: String,
    /// What it wrote; empty when it only called tools.
    pub text: String,
    /// The tools that it calls, in its order.
    pub calls: Vec<ToolRequest>,
    /// What it used, as the provider counted it.
    pub usage: TokenUsage,
    /// What that cost; none when the price is not known.
    pub cost: Option<Cost>,
    /// Why it stopped.
    pub stop: StopReason,
}
