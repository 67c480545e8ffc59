//! Plays a recording back: each recorded call answers once, and anything else is refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use orchestrate_core::limits::Cost;
use orchestrate_core::model::{
    Deltas, Model, ModelError, ModelFault, ModelRequest, ModelResponse, Price,
};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};

use super::record::tool_digest;
use super::recording::{RecordedCall, Recording, ToolRecord};

/// A recording that is being played back. Cloning shares what was played already.
#[derive(Debug, Clone)]
pub struct Playback {
    recording: Arc<Recording>,
    left: Arc<Mutex<HashMap<String, VecDeque<RecordedCall>>>>,
}

impl Playback {
    /// From its beginning.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        let mut left: HashMap<String, VecDeque<RecordedCall>> = HashMap::new();
        for call in &recording.calls {
            left.entry(call.digest().to_owned())
                .or_default()
                .push_back(call.clone());
        }
        Self {
            recording: Arc::new(recording),
            left: Arc::new(Mutex::new(left)),
        }
    }

    /// The agents that asked a model in it.
    pub fn agents(&self) -> impl Iterator<Item = &str> {
        self.recording.agents.keys().map(String::as_str)
    }

    /// Each agent with each tool that it was offered.
    pub fn permissions(&self) -> impl Iterator<Item = (&str, &str)> {
        let agents = self.recording.agents.iter();
        agents.flat_map(|(agent, tools)| {
            tools
                .iter()
                .map(move |tool| (agent.as_str(), tool.as_str()))
        })
    }

    /// The model of all of them.
    #[must_use]
    pub fn model(&self) -> Arc<dyn Model> {
        Arc::new(PlayedModel(self.clone()))
    }

    /// Its tools.
    #[must_use]
    pub fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let tools = self.recording.tools.iter().map(|spec| {
            Arc::new(PlayedTool {
                spec: spec.clone(),
                playback: self.clone(),
            }) as Arc<dyn Tool>
        });
        tools.collect()
    }

    /// How many recorded calls nobody has made.
    #[must_use]
    pub fn left(&self) -> usize {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.values().map(VecDeque::len).sum()
    }

    fn next(&self, digest: &str) -> Option<RecordedCall> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.get_mut(digest)?.pop_front()
    }
}

#[derive(Debug)]
struct PlayedModel(Playback);

#[async_trait]
impl Model for PlayedModel {
    fn name(&self) -> &'static str {
        "recorded"
    }

    /// The dearest that any recorded token was, so that what is reserved suffices.
    fn price(&self) -> Option<Price> {
        let dearest = self.0.recording.calls.iter().filter_map(|call| match call {
            RecordedCall::Model {
                answer: Ok(answer), ..
            } => {
                let cost = u128::from(answer.cost?.0) * 1_000_000;
                let each = cost.div_ceil(u128::from(answer.usage.total().max(1)));
                Some(Cost(u64::try_from(each).unwrap_or(u64::MAX)))
            }
            _ => None,
        });
        let dearest = dearest.max().unwrap_or_default();
        Some(Price {
            input: dearest,
            output: dearest,
            cache_read: dearest,
            cache_write: dearest,
        })
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        _: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let digest = request.digest();
        match self.0.next(&digest) {
            Some(RecordedCall::Model { answer, .. }) => answer,
            _ => {
                let message = format!("the recording holds no answer to this (digest {digest})");
                Err(ModelError::new("recorded", ModelFault::Unrecorded, message))
            }
        }
    }
}

#[derive(Debug)]
struct PlayedTool {
    spec: ToolSpec,
    playback: Playback,
}

#[async_trait]
impl Tool for PlayedTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let digest = tool_digest(&self.spec.name, &call);
        let Some(RecordedCall::Tool { answer, .. }) = self.playback.next(&digest) else {
            let message = format!(
                "the recording holds no such call of `{}` (digest {digest})",
                self.spec.name
            );
            return Err(ToolFailure::Failed {
                class: FailureClass::Input,
                message,
            });
        };
        match answer {
            ToolRecord::Result(output) => Ok(ToolOutput::json(output)),
            ToolRecord::Retry(message) => Err(ToolFailure::Retry { message }),
            ToolRecord::Failed(class, message) => Err(ToolFailure::Failed { class, message }),
            ToolRecord::NeedsApproval(question) => Err(ToolFailure::NeedsApproval { question }),
        }
    }
}
