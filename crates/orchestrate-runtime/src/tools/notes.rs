//! `notes.put`, `notes.get`, `notes.list`: short texts by key that outlast a run.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use orchestrate_core::memory::Memory;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{failed, needed, spec};
use crate::guard::scrub;

/// What is done with notes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Put,
    Get,
    List,
}

/// Reads and writes notes.
#[derive(Debug)]
pub struct Notes {
    memory: Arc<dyn Memory>,
    kind: Kind,
    spec: ToolSpec,
}

impl Notes {
    /// The tools for notes in a memory.
    #[must_use]
    pub fn all(memory: &Arc<dyn Memory>) -> [Self; 3] {
        let key = json!({"type": "string", "description": "letters, digits, `_`, `-` and `.`"});
        let object = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let make = |kind, name, what, effect, parameters| Self {
            memory: memory.clone(),
            kind,
            spec: spec(name, what, effect, parameters),
        };
        [
            make(
                Kind::Put,
                "notes.put",
                "Keeps a short text by a key for later runs, over the one of that key; an empty text removes it.",
                Effect::Write,
                object(
                    json!({"key": key, "text": {"type": "string"}}),
                    json!(["key", "text"]),
                ),
            ),
            make(
                Kind::Get,
                "notes.get",
                "Reads the text that is kept by a key.",
                Effect::Read,
                object(json!({"key": key}), json!(["key"])),
            ),
            make(
                Kind::List,
                "notes.list",
                "Lists the keys of all texts that are kept.",
                Effect::Read,
                object(json!({}), json!([])),
            ),
        ]
    }
}

#[async_trait]
impl Tool for Notes {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let answer = match self.kind {
            Kind::Put => {
                let (key, text) = (needed(&call, "key")?, needed(&call, "text")?);
                let masked = scrub(text);
                let text = masked.as_deref().unwrap_or(text);
                self.memory.put_note(key, text).await.map_err(refused)?;
                json!({"kept": key})
            }
            Kind::Get => {
                let key = needed(&call, "key")?;
                let text = self.memory.note(key).await.map_err(refused)?;
                json!({"key": key, "text": text})
            }
            Kind::List => json!({"keys": self.memory.note_keys().await.map_err(refused)?}),
        };
        Ok(ToolOutput::json(answer))
    }
}

fn refused(error: StoreError) -> ToolFailure {
    match error {
        StoreError::Name { .. } | StoreError::Value { .. } => ToolFailure::Retry {
            message: error.to_string(),
        },
        other => failed(FailureClass::Internal, other.to_string()),
    }
}
