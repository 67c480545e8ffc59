//! A call of a tool, as a step of its own makes it.

use std::sync::Arc;

use serde_json::Value;

use crate::cancel::CancelSignal;
use crate::id::{RunId, StepPath};
use crate::tool::ToolCall;

/// A call with these arguments that nobody cancels and no person has allowed.
#[must_use]
pub fn tool_call(arguments: Value) -> ToolCall {
    ToolCall {
        run: RunId::of(&[1]),
        step: StepPath::root(),
        arguments: Arc::new(arguments),
        approved: false,
        tokens_left: u64::MAX,
        idempotency_key: "call".to_owned(),
        cancel: CancelSignal::default(),
    }
}
