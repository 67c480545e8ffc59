//! The boundary to a guard: what goes to a model, comes from it, or goes to a tool is looked at first.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a guard looks at.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// A text that is to be told to a model.
    Input(&'a str),
    /// What a model answered at last.
    Output(&'a Value),
    /// A call that a model wants to make.
    ToolCall {
        /// The tool.
        tool: &'a str,
        /// What it is to be called with.
        arguments: &'a Value,
    },
    /// What a tool gave, before the model sees it. It comes from outside and is not to be trusted.
    ToolResult {
        /// The tool.
        tool: &'a str,
        /// What it gave.
        content: &'a str,
    },
}

/// What a guard says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Go on with this instead. Texts are rewritten to texts, values to values.
    Rewrite {
        /// What stands in its place.
        with: Value,
        /// Why.
        reason: String,
    },
    /// Do not go on. The reason is fed back to the model where it can do better.
    Block {
        /// Why.
        reason: String,
    },
}

/// Looks at what passes between an agent, its model and its tools. Pure: the same subject gets the same verdict.
pub trait Guard: Send + Sync + fmt::Debug {
    /// Its name, for example `secrets`.
    fn name(&self) -> &str;

    /// What it says of a subject.
    fn judge(&self, subject: Subject<'_>) -> Verdict;
}
