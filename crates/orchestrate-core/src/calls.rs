//! What an agent records of the calls that it makes inside one step, so that a resumed step repeats no finished one.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::AgentFailure;
use crate::limits::Usage;
use crate::task::words;
use crate::tool::Effect;

words! {
    /// What is called.
    CallKind, "kind of call", {
        /// A language model.
        Model = "model",
        /// A tool.
        Tool = "tool",
    }
}

/// A call that is about to be made. Its ordinal comes from its position in the agent's work, never from chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallIntent {
    /// Position among the calls of the step, from 0.
    pub ordinal: u32,
    /// What is called.
    pub kind: CallKind,
    /// The model or tool.
    pub name: String,
    /// Digest of everything that is sent; another digest at the same ordinal is another call.
    pub digest: String,
    /// What it can change.
    pub effect: Effect,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallResult {
    /// Whether the other side answered as asked.
    pub success: bool,
    /// The answer, or what is known of the failure.
    pub response: Arc<Value>,
    /// What it used.
    pub usage: Usage,
}

/// What is known of a call that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub enum CallStart {
    /// It is recorded now and has never been made: make it.
    Fresh,
    /// It was made before and this is how it ended: do not make it again.
    Recorded(CallResult),
    /// It was begun before and nobody saw its end. It is safe to repeat only if its effect is.
    InDoubt,
}

/// Records calls before and after they are made.
#[async_trait]
pub trait CallLog: Send + Sync + fmt::Debug {
    /// Announces a call; returns only once that is recorded.
    ///
    /// # Errors
    /// When it cannot be recorded; the call must then not be made.
    async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure>;

    /// Records how the call of that ordinal ended; returns only once that is recorded.
    ///
    /// # Errors
    /// When it cannot be recorded; the agent must then stop.
    async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure>;
}

/// The log that an attempt is given; without one, every call is fresh and nothing is kept.
#[derive(Debug, Clone, Default)]
pub struct Calls(Option<Arc<dyn CallLog>>);

impl Calls {
    /// Calls that are recorded in a log.
    #[must_use]
    pub fn recorded_in(log: Arc<dyn CallLog>) -> Self {
        Self(Some(log))
    }

    /// Announces a call; see [`CallLog::begin`].
    ///
    /// # Errors
    /// As [`CallLog::begin`].
    pub async fn begin(&self, intent: CallIntent) -> Result<CallStart, AgentFailure> {
        match &self.0 {
            Some(log) => log.begin(intent).await,
            None => Ok(CallStart::Fresh),
        }
    }

    /// Records how a call ended; see [`CallLog::finish`].
    ///
    /// # Errors
    /// As [`CallLog::finish`].
    pub async fn finish(&self, ordinal: u32, result: CallResult) -> Result<(), AgentFailure> {
        match &self.0 {
            Some(log) => log.finish(ordinal, result).await,
            None => Ok(()),
        }
    }
}
