//! The boundary to a tool: one call without a model, its effect declared beforehand.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cancel::CancelSignal;
use crate::evidence::Evidence;
use crate::id::{RunId, StepPath};
use crate::limits::Usage;
use crate::outcome::FailureClass;
use crate::task::words;

words! {
    /// What a call can change. It decides whether a call that may have happened can be made again.
    Effect, "effect", {
        /// Nothing: it can be repeated at will.
        Read = "read",
        /// Files or other state of this project.
        Write = "write",
        /// Anything outside of it.
        External = "external",
    }
}

impl Effect {
    /// Whether it changes more than another.
    #[must_use]
    pub fn exceeds(self, admitted: Self) -> bool {
        self > admitted
    }

    /// Whether a call whose end nobody saw may simply be made again.
    #[must_use]
    pub fn is_repeatable(self) -> bool {
        self == Self::Read
    }
}

/// What a tool says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolSpec {
    /// Its name, for example `fs.read`; unique among the tools of a run.
    pub name: String,
    /// What it does, for people and models.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
    /// What a call can change.
    pub effect: Effect,
}

/// One call of a tool.
#[derive(Debug, Clone)]
pub struct ToolCall {
    /// The run it belongs to.
    pub run: RunId,
    /// The step that makes it.
    pub step: StepPath,
    /// An object that fits the tool's schema.
    pub arguments: Arc<Value>,
    /// Whether a person has allowed exactly this call.
    pub approved: bool,
    /// Tokens that models may use that it asks; what its agent has left.
    pub tokens_left: u64,
    /// The same for every attempt of this call, so that the other side can tell a repetition.
    pub idempotency_key: String,
    /// Raised when the call is to stop.
    pub cancel: CancelSignal,
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolOutput {
    /// Its answer.
    pub output: Arc<Value>,
    /// How it came to be.
    pub evidence: Vec<Evidence>,
    /// What models used that it asked; nothing for most tools.
    pub usage: Usage,
}

impl ToolOutput {
    /// An answer without evidence.
    #[must_use]
    pub fn json(output: impl Into<Arc<Value>>) -> Self {
        Self {
            output: output.into(),
            evidence: Vec::new(),
            usage: Usage::default(),
        }
    }
}

/// Why a call gave nothing, or not what it was to give: different things that callers treat differently.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolFailure {
    /// The arguments make no sense; whoever chose them is to choose again.
    #[error("{message}")]
    Retry {
        /// What is wrong with them.
        message: String,
    },
    /// The call was made and failed; whoever asked is told.
    #[error("{message}")]
    Failed {
        /// In what way.
        class: FailureClass,
        /// What happened.
        message: String,
    },
    /// The call was made and reports that it did not succeed; what it gave is there all the same.
    #[error("{message}")]
    Unsuccessful {
        /// What happened.
        message: String,
        /// What it gave.
        output: Box<ToolOutput>,
    },
    /// A person must allow it first.
    #[error("needs approval: {question}")]
    NeedsApproval {
        /// What the person is asked.
        question: String,
    },
}

impl ToolFailure {
    /// What models used that the tool asked before it failed.
    #[must_use]
    pub fn usage(&self) -> Usage {
        match self {
            Self::Unsuccessful { output, .. } => output.usage,
            _ => Usage::default(),
        }
    }
}

/// Something that can be called without a model.
#[async_trait]
pub trait Tool: Send + Sync + fmt::Debug {
    /// What it says of itself; the same for as long as it lives.
    fn spec(&self) -> &ToolSpec;

    /// One call. Dropping the future cancels it; work on other threads and programs must be ended then.
    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure>;
}
