//! The tools of a backend with the permissions of its agents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::Toolbox;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::{Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};

/// Who may call a tool when every agent may.
const EVERYBODY: &str = "*";

/// Tools by name, and who may call them. Cloning shares the tools.
#[derive(Debug, Clone, Default)]
pub struct ToolSet {
    tools: BTreeMap<String, Arc<dyn Tool>>,
    /// Names of tools by agent or template; `*` for all.
    allowed: BTreeMap<String, BTreeSet<String>>,
}

impl ToolSet {
    /// Adds a tool that nobody may call yet. One of the same name gives way to it.
    pub fn add(&mut self, tool: Arc<dyn Tool>) {
        self.tools.insert(tool.spec().name.clone(), tool);
    }

    /// Lets an agent call a tool, by the id of the agent or of its template; `*` lets all.
    /// A name that ends in `*` stands for all tools that begin so.
    pub fn allow(&mut self, agent: impl Into<String>, tool: impl Into<String>) {
        self.allowed
            .entry(agent.into())
            .or_default()
            .insert(tool.into());
    }

    /// The tools by name.
    pub fn tools(&self) -> impl Iterator<Item = &Arc<dyn Tool>> {
        self.tools.values()
    }

    /// Whether an agent may call a tool.
    #[must_use]
    pub fn allows(&self, agent: &Agent, tool: &str) -> bool {
        let whose = [agent.id.as_str(), agent.template.id.as_str(), EVERYBODY];
        whose.iter().any(|who| {
            let names = self.allowed.get(*who);
            names.is_some_and(|names| names.iter().any(|name| stands_for(name, tool)))
        })
    }

    /// What an agent is offered: what it may call, and of that only what its step asks for, if it asks.
    #[must_use]
    pub fn offered(&self, agent: &Agent, toolbox: Option<&Toolbox>) -> Vec<ToolSpec> {
        let asked = toolbox
            .map(|toolbox| &toolbox.tools)
            .filter(|names| !names.is_empty());
        let wanted = |name: &str| {
            asked.is_none_or(|asked| asked.iter().any(|pattern| stands_for(pattern, name)))
        };
        self.tools
            .iter()
            .filter(|(name, _)| self.allows(agent, name) && wanted(name))
            .map(|(_, tool)| tool.spec().clone())
            .collect()
    }

    /// Calls a tool. Whether it may be called was settled when it was offered.
    pub(crate) async fn call(&self, name: &str, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        match self.tools.get(name) {
            Some(tool) => tool.call(call).await,
            None => Err(ToolFailure::Failed {
                class: FailureClass::NotExecuted,
                message: format!("there is no tool `{name}`"),
            }),
        }
    }
}

fn stands_for(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
