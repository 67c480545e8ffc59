//! What a model is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{History, ToolRequest};
use crate::canonical;
use crate::tool::ToolSpec;

/// The form that an answer must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputSchema {
    /// Its name: letters, digits, `_` and `-`.
    pub name: String,
    /// JSON Schema of an object.
    pub schema: Value,
}

/// What the provider is asked to keep for later calls: the part of the request that stays the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheMark {
    /// Nothing.
    #[default]
    None,
    /// Instructions and tools, for about five minutes.
    Short,
    /// Instructions and tools, for about an hour.
    Long,
}

/// One call of a model. Borrowed: a request costs nothing to make, however long the history is.
#[derive(Debug, Clone, Copy)]
pub struct ModelRequest<'a> {
    /// What it is told first.
    pub system: &'a str,
    /// What was said so far.
    pub history: &'a History,
    /// The tools that it may call.
    pub tools: &'a [ToolSpec],
    /// The form that its answer must have, if one is asked for.
    pub output: Option<&'a OutputSchema>,
    /// Tokens that it may write at most.
    pub max_output_tokens: u32,
    /// What the provider is asked to keep.
    pub cache: CacheMark,
}

impl ModelRequest<'_> {
    /// Digest of everything that is sent. It costs the same however long the history is, because a
    /// history keeps its own.
    #[must_use]
    pub fn digest(&self) -> String {
        let tools: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        canonical::digest(&json!({
            "system": self.system,
            "history": self.history.digest(),
            "tools": tools,
            "output": self.output.map(|output| &output.schema),
        }))
    }

    /// A cautious guess of how many tokens it takes to read the request. Providers count by rules of
    /// their own; three bytes a token is fewer than their usual four, so that the guess is rather too high.
    #[must_use]
    pub fn input_estimate(&self) -> u64 {
        let tools: usize = self
            .tools
            .iter()
            .map(|tool| tool.name.len() + tool.description.len() + size(&tool.parameters))
            .sum();
        let schema = self.output.map_or(0, |output| size(&output.schema));
        let bytes = self.system.len() + tools + schema + self.history.bytes();
        (bytes as u64).div_ceil(3) + 4 * self.history.len() as u64 + 8
    }

    /// The same guess of what was written: a text and calls of tools.
    #[must_use]
    pub fn output_estimate(text: &str, calls: &[ToolRequest]) -> u64 {
        let calls = calls
            .iter()
            .map(|call| call.name.len() + size(&call.arguments));
        let bytes = text.len() + calls.sum::<usize>();
        (bytes as u64).div_ceil(3)
    }
}

/// About how many bytes a value has as JSON, without writing it.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(size).sum::<usize>() + items.len() + 2,
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + 4 + size(value))
            .sum::<usize>()
            .saturating_add(2),
    }
}
