//! `agent.NAME`: another agent as a tool. It works on one task, by itself, and gives its answer.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentInput};
use orchestrate_core::calls::Calls;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::scope::Scope;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::json;

/// The beginning of the names of such tools.
pub const AGENT_TOOLS: &str = "agent.";

/// Lets one agent be called by others.
///
/// What it uses counts for whoever calls it, and it may use no more tokens than its caller has left. It
/// does not see its caller's conversation, and what it does is one call in the journal: it is not begun
/// again once it has ended. It can call no agent itself.
#[derive(Debug)]
pub struct AgentTool {
    agent: Arc<Agent>,
    backend: Arc<dyn AgentBackend>,
    spec: ToolSpec,
}

impl AgentTool {
    /// An agent that a backend runs. `effect` is what its own tools can change.
    #[must_use]
    pub fn new(agent: Agent, backend: Arc<dyn AgentBackend>, effect: Effect) -> Self {
        let template = &agent.template;
        let capabilities: Vec<&str> = template
            .capabilities
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        let spec = ToolSpec {
            name: format!("{AGENT_TOOLS}{}", agent.id),
            description: format!(
                "Asks the {} ({}) to do one task, and gives its answer. It knows nothing of this conversation.",
                template.role,
                capabilities.join(", ")
            ),
            parameters: json!({
                "type": "object",
                "properties": {"task": {"type": "string", "description": "what to do, with everything it needs to know"}},
                "required": ["task"], "additionalProperties": false
            }),
            effect,
        };
        Self {
            agent: Arc::new(agent),
            backend,
            spec,
        }
    }

    /// The agent with no more tokens than its caller has left.
    fn within(&self, tokens: u64) -> Arc<Agent> {
        let most = self.agent.template.resource_requirements.max_tokens;
        if most <= tokens {
            return self.agent.clone();
        }
        let mut agent = (*self.agent).clone();
        let mut template = (*agent.template).clone();
        template.resource_requirements.max_tokens = tokens;
        agent.template = Arc::new(template);
        Arc::new(agent)
    }
}

#[async_trait]
impl Tool for AgentTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let task = call.arguments.get("task").and_then(|it| it.as_str());
        let Some(task) = task.filter(|it| !it.trim().is_empty()) else {
            return Err(ToolFailure::Retry {
                message: "`task` must be a text".to_owned(),
            });
        };
        let least = self.agent.template.resource_requirements.min_tokens;
        if call.tokens_left < least {
            return Err(ToolFailure::Failed {
                class: FailureClass::Limit,
                message: format!(
                    "`{}` needs {least} tokens, and {} are left",
                    self.agent.id, call.tokens_left
                ),
            });
        }
        // The last part of the key is the call's position in its step.
        let position = call.idempotency_key.rsplit(':').next().unwrap_or_default();
        let agent = self.within(call.tokens_left);
        let input = AgentInput {
            run: call.run,
            task: task.into(),
            context: Arc::default(),
            reserved: self.backend.reservation(&agent),
            agent,
            step: call.step.child(&format_args!("call-{position}")),
            instruction: None,
            inputs: Vec::new(),
            prefix: None,
            toolbox: None,
            answer: None,
            scope: Scope::default(),
            messages: Vec::new(),
            attempt: 1,
            calls: Calls::default(),
            cancel: call.cancel,
        };
        match self.backend.run(input).await {
            Ok(output) => Ok(ToolOutput {
                output: output.output,
                evidence: output.evidence,
                usage: Usage {
                    calls: 0,
                    ..output.usage
                },
            }),
            Err(failure) => {
                let output = ToolOutput {
                    output: failure.output.unwrap_or_default(),
                    evidence: failure.evidence,
                    usage: Usage {
                        calls: 0,
                        ..failure.usage
                    },
                };
                Err(ToolFailure::Unsuccessful {
                    message: format!("`{}` failed: {}", self.agent.id, failure.message),
                    output: Box::new(output),
                })
            }
        }
    }
}
