//! A model that answers from a script, and fails on anything that is not in it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::limits::Cost;
use crate::model::{
    Deltas, Model, ModelError, ModelFault, ModelRequest, ModelResponse, Price, StopReason,
    TokenUsage, ToolRequest,
};

/// Answers in order; when they are used up, with the default answer or a failure.
#[derive(Debug)]
pub struct ScriptedModel {
    name: String,
    script: Mutex<VecDeque<Result<ModelResponse, ModelError>>>,
    default: Option<ModelResponse>,
    asked: Mutex<Vec<String>>,
}

/// An answer in words that used 10 tokens to read and 5 to write.
#[must_use]
pub fn model_says(text: &str) -> ModelResponse {
    ModelResponse {
        model: "scripted/model".to_owned(),
        text: text.to_owned(),
        calls: Vec::new(),
        usage: TokenUsage {
            input: 10,
            output: 5,
            ..TokenUsage::default()
        },
        cost: Some(Cost::ZERO),
        stop: StopReason::Completed,
    }
}

/// An answer that calls a tool.
#[must_use]
pub fn model_calls(tool: &str, arguments: serde_json::Value) -> ModelResponse {
    ModelResponse {
        calls: vec![ToolRequest {
            id: String::new(),
            name: tool.to_owned(),
            arguments: arguments.into(),
            signatures: Vec::new(),
        }],
        stop: StopReason::ToolCalls,
        ..model_says("")
    }
}

impl ScriptedModel {
    /// A model that answers as scripted and then fails.
    #[must_use]
    pub fn new(
        name: &str,
        script: impl IntoIterator<Item = Result<ModelResponse, ModelError>>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            script: Mutex::new(script.into_iter().collect()),
            default: None,
            asked: Mutex::default(),
        }
    }

    /// A model that always gives this answer.
    #[must_use]
    pub fn answering(response: ModelResponse) -> Self {
        Self {
            default: Some(response),
            ..Self::new("scripted/model", [])
        }
    }

    /// Digests of what it was asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }
}

#[async_trait]
impl Model for ScriptedModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn price(&self) -> Option<Price> {
        Some(Price::FREE)
    }

    async fn answer(
        &self,
        request: &ModelRequest<'_>,
        _: &Deltas<'_>,
    ) -> Result<ModelResponse, ModelError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(request.digest());
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let next = script.pop_front().or_else(|| self.default.clone().map(Ok));
        next.unwrap_or_else(|| {
            let message = "nothing further is in the script";
            Err(ModelError::new(&self.name, ModelFault::BadRequest, message))
        })
    }
}
