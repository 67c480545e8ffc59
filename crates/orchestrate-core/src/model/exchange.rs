//! Tool calls of a model and their results, which only ever stand together in a history.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A model's wish to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRequest {
    /// The provider's name for this call; may be empty or stand twice, a history makes it unique.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is called with.
    pub arguments: Arc<Value>,
    /// What the provider wants back unread with the next request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

/// What a model is told of a call that it made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolAnswer {
    /// The result, or why there is none.
    pub content: String,
    /// Whether the call failed.
    #[serde(default)]
    pub failed: bool,
}

impl ToolAnswer {
    /// A result.
    #[must_use]
    pub fn result(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            failed: false,
        }
    }

    /// Why there is no result.
    #[must_use]
    pub fn failure(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            failed: true,
        }
    }
}

/// A call with its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// What was asked.
    pub request: ToolRequest,
    /// What came back.
    pub answer: ToolAnswer,
}

/// The calls of one answer, some of which may still wait for their results. It becomes part of a
/// history only once none does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpenCalls {
    /// What the model wrote beside its calls.
    pub text: String,
    slots: Vec<(ToolRequest, Option<ToolAnswer>)>,
}

impl OpenCalls {
    /// The calls of one answer, in its order. Names that are empty or stand twice are replaced by
    /// `call_<round>_<position>`, which comes from position and so is the same in a replay.
    #[must_use]
    pub fn new(text: String, requests: Vec<ToolRequest>, round: u32) -> Self {
        let mut slots: Vec<(ToolRequest, Option<ToolAnswer>)> = Vec::with_capacity(requests.len());
        for (position, mut request) in requests.into_iter().enumerate() {
            if request.id.is_empty() || slots.iter().any(|(earlier, _)| earlier.id == request.id) {
                request.id = format!("call_{round}_{position}");
            }
            slots.push((request, None));
        }
        Self { text, slots }
    }

    /// The calls in order, each with its result if it has one.
    pub fn iter(&self) -> impl Iterator<Item = (&ToolRequest, Option<&ToolAnswer>)> {
        self.slots
            .iter()
            .map(|(request, answer)| (request, answer.as_ref()))
    }

    /// How many calls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Sets the result of a call; the first one stays.
    pub fn answer(&mut self, position: usize, answer: ToolAnswer) {
        if let Some((_, slot @ None)) = self.slots.get_mut(position) {
            *slot = Some(answer);
        }
    }

    /// Whether every call has its result.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.slots.iter().all(|(_, answer)| answer.is_some())
    }

    /// Answers what has no result yet, so that the turn can be closed: after a cancellation, for example.
    pub fn abandon(&mut self, why: &str) {
        for (_, answer) in &mut self.slots {
            answer.get_or_insert_with(|| ToolAnswer::failure(why));
        }
    }

    /// The calls with their results.
    ///
    /// # Errors
    /// Itself, unchanged, while a result is missing.
    pub fn close(self) -> Result<(String, Vec<Exchange>), Self> {
        if !self.is_complete() {
            return Err(self);
        }
        let exchanges = self.slots.into_iter().filter_map(|(request, answer)| {
            Some(Exchange {
                request,
                answer: answer?,
            })
        });
        Ok((self.text, exchanges.collect()))
    }
}
