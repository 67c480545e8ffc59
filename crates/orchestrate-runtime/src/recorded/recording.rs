//! A recording: what was asked, by its digest, and what came back.

use std::collections::{BTreeMap, BTreeSet};

use orchestrate_core::model::{ModelError, ModelResponse};
use orchestrate_core::tool::ToolSpec;
use serde::{Deserialize, Serialize};

/// The format of recordings.
pub const RECORDING_FORMAT: &str = "orchestrate.recording/1";

/// What was said between a run and its models and tools. Credentials are masked in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// [`RECORDING_FORMAT`].
    pub format: String,
    /// The agents that asked a model, each with the names of the tools that it was offered.
    pub agents: BTreeMap<String, BTreeSet<String>>,
    /// The tools that were offered to them.
    pub tools: Vec<ToolSpec>,
    /// The calls, sorted by what was asked, so that the order in which agents happened to run leaves no trace.
    pub calls: Vec<RecordedCall>,
}

/// One call. The digest is that of everything that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum RecordedCall {
    /// A model was asked.
    Model {
        /// What.
        digest: String,
        /// What it answered.
        answer: Result<ModelResponse, ModelError>,
    },
    /// A tool was called.
    Tool {
        /// Which, and with what.
        digest: String,
        /// What it gave: a result, or why there was none, as the model was told.
        answer: ToolRecord,
    },
}

/// What a tool gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolRecord {
    /// A result.
    Result(serde_json::Value),
    /// The arguments made no sense.
    Retry(String),
    /// It failed.
    Failed(orchestrate_core::outcome::FailureClass, String),
    /// A person had to allow it.
    NeedsApproval(String),
}

impl RecordedCall {
    pub(super) fn digest(&self) -> &str {
        match self {
            Self::Model { digest, .. } | Self::Tool { digest, .. } => digest,
        }
    }
}
