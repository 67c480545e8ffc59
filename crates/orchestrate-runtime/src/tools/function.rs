//! Tools that are Rust functions.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

type Answer = Result<ToolOutput, ToolFailure>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A tool that is an async function. It runs where it is polled and must not block.
pub struct FunctionTool {
    spec: ToolSpec,
    function: Box<dyn Fn(ToolCall) -> Answering + Send + Sync>,
}

impl FunctionTool {
    /// A tool of a name that takes any arguments.
    #[must_use]
    pub fn new<F, Fut>(name: impl Into<String>, effect: Effect, function: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<ToolOutput, ToolFailure>> + Send + 'static,
    {
        let name = name.into();
        Self {
            spec: ToolSpec {
                description: name.clone(),
                name,
                parameters: json!({"type": "object"}),
                effect,
            },
            function: Box::new(move |call| Box::pin(function(call))),
        }
    }

    /// The same tool with words for people and models, and a JSON Schema of its arguments.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>, parameters: Value) -> Self {
        self.spec.description = description.into();
        self.spec.parameters = parameters;
        self
    }
}

impl fmt::Debug for FunctionTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionTool")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

// Written without `async_trait`'s wrapper: the function's future is boxed already.
impl Tool for FunctionTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call<'tool, 'call>(
        &'tool self,
        call: ToolCall,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'call>>
    where
        'tool: 'call,
        Self: 'call,
    {
        (self.function)(call)
    }
}
