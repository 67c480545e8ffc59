//! Calls as the journal keeps them, and read back from it.

use std::sync::Arc;

use orchestrate_core::calls::CallResult;
use orchestrate_core::limits::{Cost, Usage};
use orchestrate_core::model::{ModelError, ModelResponse};
use orchestrate_strategies::turn::ToolReply;
use serde_json::{Value, json};

/// What one answer used, as runs count it.
pub(super) fn usage(response: &ModelResponse) -> Usage {
    let tokens = response.usage.total();
    Usage {
        calls: 0,
        tokens,
        cost: response.cost.unwrap_or(Cost::ZERO),
        unpriced_tokens: if response.cost.is_none() { tokens } else { 0 },
        estimated_tokens: if response.usage.estimated { tokens } else { 0 },
        cached_tokens: response.usage.cache_read,
    }
}

pub(super) fn answered(response: &ModelResponse) -> CallResult {
    CallResult {
        success: true,
        response: Arc::new(serde_json::to_value(response).unwrap_or_default()),
        usage: usage(response),
    }
}

pub(super) fn failed(error: &ModelError) -> CallResult {
    CallResult {
        success: false,
        response: Arc::new(serde_json::to_value(error).unwrap_or_default()),
        usage: Usage::default(),
    }
}

/// The answer that a finished call gave; none when it failed, which may be tried again.
pub(super) fn response(result: &CallResult) -> Option<ModelResponse> {
    let value = (*result.response).clone();
    serde_json::from_value(value)
        .ok()
        .filter(|_| result.success)
}

pub(super) fn replied(reply: &ToolReply, usage: Usage) -> CallResult {
    let (kind, text) = match reply {
        ToolReply::Result(text) => ("result", text),
        ToolReply::AskAgain(text) => ("ask_again", text),
        ToolReply::Failed(text) => ("failed", text),
        ToolReply::NeedsPerson(text) => ("needs_person", text),
    };
    CallResult {
        success: matches!(reply, ToolReply::Result(_)),
        response: Arc::new(json!({ kind: text })),
        usage,
    }
}

pub(super) fn reply(result: &CallResult) -> Option<ToolReply> {
    let text = |kind: &str| {
        result
            .response
            .get(kind)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    text("result")
        .map(ToolReply::Result)
        .or_else(|| text("ask_again").map(ToolReply::AskAgain))
        .or_else(|| text("failed").map(ToolReply::Failed))
        .or_else(|| text("needs_person").map(ToolReply::NeedsPerson))
}
