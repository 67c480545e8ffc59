//! What a turn needs next, and what it is told.

use orchestrate_core::model::{ModelRequest, ToolRequest};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a driver is to do next.
#[derive(Debug)]
pub enum Need<'a> {
    /// Call the model with this.
    Model {
        /// Position among the calls of the turn.
        ordinal: u32,
        /// What it is asked.
        request: ModelRequest<'a>,
    },
    /// Call these tools, in any order or at once.
    Tools(Vec<PendingCall<'a>>),
    /// Nothing: the turn is over.
    Done(&'a End),
}

/// A tool call that waits for its result.
#[derive(Debug, Clone, Copy)]
pub struct PendingCall<'a> {
    /// Where it stands among the calls of its round; its result is told by this.
    pub position: usize,
    /// Position among the calls of the turn.
    pub ordinal: u32,
    /// What is asked.
    pub request: &'a ToolRequest,
    /// The tool.
    pub tool: &'a ToolSpec,
}

/// What became of a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolReply {
    /// Its result.
    Result(String),
    /// The arguments make no sense: the model is asked to choose again, a bounded number of times.
    AskAgain(String),
    /// It failed; the model is told.
    Failed(String),
    /// A person must allow it: the turn stops.
    NeedsPerson(String),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// With an answer of the form that was asked for.
    Answered {
        /// The answer, an object.
        value: Value,
    },
    /// Without one.
    Failed {
        /// In what way.
        class: FailureClass,
        /// What happened.
        message: String,
    },
    /// At a limit, with the last words of the model if it had any.
    LimitReached {
        /// Which.
        limit: TurnLimit,
        /// What the model said last.
        last: Option<String>,
    },
    /// Waiting for a person.
    NeedsPerson {
        /// What the person is asked.
        question: String,
    },
}

/// The limits of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnLimit {
    /// Calls of the model.
    Rounds,
    /// Calls of tools.
    ToolCalls,
    /// Tokens.
    Tokens {
        /// As many would let the next call be made with room for a whole answer, all calls before counted.
        needs: u64,
    },
    /// Tokens that were reserved, which were fewer than the turn might use.
    Reserved {
        /// As many were.
        reserved: u64,
        /// As with [`Self::Tokens`].
        needs: u64,
    },
}

impl TurnLimit {
    /// The words that users read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rounds => "model calls",
            Self::ToolCalls => "tool calls",
            Self::Tokens { .. } | Self::Reserved { .. } => "tokens",
        }
    }
}
