//! What tools read from a call, and how they say what they are and what went wrong.

use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, ToolCall, ToolFailure, ToolSpec};
use serde_json::Value;

/// What a tool says of itself.
pub(super) fn spec(name: &str, description: &str, effect: Effect, parameters: Value) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters,
        effect,
    }
}

/// A text among the arguments, if it is there.
pub(super) fn text<'a>(call: &'a ToolCall, name: &str) -> Option<&'a str> {
    call.arguments.get(name).and_then(Value::as_str)
}

/// A text that must be there.
pub(super) fn needed<'a>(call: &'a ToolCall, name: &str) -> Result<&'a str, ToolFailure> {
    text(call, name).ok_or_else(|| retry(format!("`{name}` must be a text")))
}

/// A list of texts among the arguments; empty when it is not there.
pub(super) fn texts(call: &ToolCall, name: &str) -> Result<Vec<String>, ToolFailure> {
    let Some(value) = call.arguments.get(name) else {
        return Ok(Vec::new());
    };
    let items = value.as_array().and_then(|items| {
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<String>>>()
    });
    items.ok_or_else(|| retry(format!("`{name}` must be a list of texts")))
}

/// Arguments that make no sense, in words by which whoever chose them can choose again.
pub(super) fn retry(message: impl Into<String>) -> ToolFailure {
    ToolFailure::Retry {
        message: message.into(),
    }
}

/// A call that was made and failed.
pub(super) fn failed(class: FailureClass, message: impl Into<String>) -> ToolFailure {
    ToolFailure::Failed {
        class,
        message: message.into(),
    }
}

/// A text cut to so many bytes, with a word that says so.
pub(super) fn cut(text: String, keep: usize) -> String {
    if text.len() <= keep {
        return text;
    }
    let at = (0..=keep).rev().find(|at| text.is_char_boundary(*at));
    let whole = text.len();
    let head = text.get(..at.unwrap_or(0)).unwrap_or_default();
    format!("{head}\n(cut: {keep} of {whole} bytes)")
}
