//! Writes down what models and tools answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use orchestrate_core::canonical;
use orchestrate_core::model::{Deltas, Model, ModelError, ModelRequest, ModelResponse, Price};
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::json;

use super::recording::{RECORDING_FORMAT, RecordedCall, Recording, ToolRecord};
use crate::guard::masked;

/// Keeps a recording while a run goes on. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Recording>>);

impl Recorder {
    /// What was recorded until now.
    #[must_use]
    pub fn recording(&self) -> Recording {
        let mut recording = self.lock().clone();
        RECORDING_FORMAT.clone_into(&mut recording.format);
        recording.calls.sort_by(|a, b| a.digest().cmp(b.digest()));
        recording.tools.sort_by(|a, b| a.name.cmp(&b.name));
        recording
    }

    /// The same model, written down as it answers; a recording knows by whom it was asked.
    #[must_use]
    pub fn model(&self, agent: &str, model: Arc<dyn Model>) -> Arc<dyn Model> {
        self.lock().agents.entry(agent.to_owned()).or_default();
        Arc::new(Recorded {
            recorder: self.clone(),
            inner: model,
        })
    }

    pub(crate) fn tool(&self, agent: &str, tool: Arc<dyn Tool>) -> Arc<dyn Tool> {
        let mut recording = self.lock();
        let name = tool.spec().name.clone();
        recording
            .agents
            .entry(agent.to_owned())
            .or_default()
            .insert(name);
        if !recording
            .tools
            .iter()
            .any(|known| known.name == tool.spec().name)
        {
            recording.tools.push(tool.spec().clone());
        }
        Arc::new(Recorded {
            recorder: self.clone(),
            inner: tool,
        })
    }

    fn keep(&self, call: RecordedCall) {
        // What is written down may be shown around: credentials are masked in it.
        self.lock().calls.push(masked(call));
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a tool's call.
pub(super) fn tool_digest(name: &str, call: &ToolCall) -> String {
    canonical::digest(&json!([name, &*call.arguments]))
}

/// A model or tool whose answers are written down.
#[derive(Debug)]
struct Recorded<T: ?Sized> {
    recorder: Recorder,
    inner: Arc<T>,
}

#[async_trait]
impl Model for Recorded<dyn Model> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn price(&self) -> Option<Price> {
        self.inner.price()
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        deltas: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let answer = self.inner.answer(request, deltas).await;
        self.recorder.keep(RecordedCall::Model {
            digest: request.digest(),
            answer: answer.clone(),
        });
        answer
    }
}

#[async_trait]
impl Tool for Recorded<dyn Tool> {
    fn spec(&self) -> &ToolSpec {
        self.inner.spec()
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let digest = tool_digest(&self.inner.spec().name, &call);
        let given = self.inner.call(call).await;
        let answer = match &given {
            Ok(output) => ToolRecord::Result((*output.output).clone()),
            Err(ToolFailure::Retry { message }) => ToolRecord::Retry(message.clone()),
            Err(ToolFailure::Failed { class, message }) => {
                ToolRecord::Failed(*class, message.clone())
            }
            Err(ToolFailure::NeedsApproval { question }) => {
                ToolRecord::NeedsApproval(question.clone())
            }
            Err(other) => ToolRecord::Failed(
                orchestrate_core::outcome::FailureClass::Internal,
                other.to_string(),
            ),
        };
        self.recorder.keep(RecordedCall::Tool { digest, answer });
        given
    }
}
