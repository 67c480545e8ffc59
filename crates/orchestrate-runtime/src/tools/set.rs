//! The tools of a backend with the permissions of its agents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orchestrate_core::backend::AgentFailure;
use orchestrate_core::plan::Toolbox;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::{Effect, Tool, ToolSpec};

use crate::policy::{ApprovalPolicy, stands_for};

/// Who may call a tool when every agent may.
const EVERYBODY: &str = "*";

/// Tools by name, and who may call them. Cloning shares the tools.
#[derive(Debug, Clone, Default)]
pub struct ToolSet {
    tools: BTreeMap<String, Arc<dyn Tool>>,
    #[cfg(feature = "mcp")]
    servers: Vec<Arc<super::mcp::McpServer>>,
    /// Names of tools by agent or template; `*` for all.
    allowed: BTreeMap<String, BTreeSet<String>>,
    policy: Arc<ApprovalPolicy>,
}

impl ToolSet {
    /// Adds a tool that nobody may call yet. One of the same name gives way to it.
    pub fn add(&mut self, tool: Arc<dyn Tool>) {
        self.tools.insert(tool.spec().name.clone(), tool);
    }

    /// Adds a server whose tools nobody may call yet. Nothing is started before an agent may.
    #[cfg(feature = "mcp")]
    pub fn add_server(&mut self, server: Arc<super::mcp::McpServer>) {
        self.servers.push(server);
    }

    /// The most that an agent can change by what it may call; what servers offer can change anything.
    #[must_use]
    pub fn most(&self, agent: &Agent) -> Effect {
        let own = self
            .specs()
            .filter(|it| self.names(agent).any(|name| stands_for(name, &it.name)));
        let most = own.map(|it| it.effect).max().unwrap_or(Effect::Read);
        #[cfg(feature = "mcp")]
        if !self.servers.is_empty()
            && self
                .names(agent)
                .any(|it| it.starts_with("mcp") || it == "*")
        {
            return Effect::External;
        }
        most
    }

    /// What the tools say of themselves; those of servers are not known before they are started.
    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.values().map(|tool| tool.spec())
    }

    /// Lets an agent call a tool, by the id of the agent or of its template; `*` lets all.
    /// A name that ends in `*` stands for all tools that begin so.
    pub fn allow(&mut self, agent: impl Into<String>, tool: impl Into<String>) {
        self.allowed
            .entry(agent.into())
            .or_default()
            .insert(tool.into());
    }

    /// Asks a person before an agent calls a tool that the policy names.
    pub fn ask_before(&mut self, policy: ApprovalPolicy) {
        self.policy = Arc::new(policy);
    }

    /// The names that an agent may call, as they were allowed.
    fn names(&self, agent: &Agent) -> impl Iterator<Item = &str> {
        let whose = [agent.id.as_str(), agent.template.id.as_str(), EVERYBODY];
        let names = whose.into_iter().filter_map(|who| self.allowed.get(who));
        names.flatten().map(String::as_str)
    }

    /// What an agent is offered: what it may call, and of that only what its step asks for, if it asks.
    ///
    /// # Errors
    /// When a server whose tools the agent may call is of no use.
    pub async fn offered(
        &self,
        agent: &Agent,
        toolbox: Option<&Toolbox>,
    ) -> Result<Offered, AgentFailure> {
        let asked = toolbox
            .map(|toolbox| &toolbox.tools)
            .filter(|names| !names.is_empty());
        let wanted = |name: &str| {
            let of_step = asked.is_none_or(|asked| asked.iter().any(|it| stands_for(it, name)));
            of_step && self.names(agent).any(|it| stands_for(it, name))
        };
        let own = self.tools.values();
        let mut tools: Vec<Arc<dyn Tool>> =
            own.filter(|it| wanted(&it.spec().name)).cloned().collect();
        #[cfg(feature = "mcp")]
        for server in &self.servers {
            let prefix = server.prefix();
            let may = |name: &str| {
                name.starts_with(&prefix)
                    || prefix.starts_with(name.trim_end_matches('*')) && name.ends_with('*')
            };
            if !self.names(agent).any(may)
                || asked.is_some_and(|asked| !asked.iter().any(|it| may(it)))
            {
                continue;
            }
            let found = server.tools().await.map_err(|error| {
                use orchestrate_core::error::Explain as _;
                let hint = error.hints().join("; ");
                let message = format!("{error}; {hint} ({})", error.code());
                AgentFailure::new(error.class(), message)
            })?;
            tools.extend(found.into_iter().filter(|it| wanted(&it.spec().name)));
        }
        Ok(Offered {
            tools,
            policy: self.policy.clone(),
        })
    }
}

/// The tools that one agent may call in one step.
#[derive(Debug, Clone, Default)]
pub struct Offered {
    tools: Vec<Arc<dyn Tool>>,
    policy: Arc<ApprovalPolicy>,
}

impl Offered {
    /// Which of their calls a person must allow.
    pub(crate) fn policy(&self) -> &ApprovalPolicy {
        &self.policy
    }

    /// What they say of themselves.
    #[must_use]
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|tool| tool.spec().clone()).collect()
    }

    /// The same tools, each as something makes it.
    #[must_use]
    pub(crate) fn map(self, change: impl Fn(Arc<dyn Tool>) -> Arc<dyn Tool>) -> Self {
        Self {
            tools: self.tools.into_iter().map(change).collect(),
            policy: self.policy,
        }
    }

    /// The tool of a name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Arc<dyn Tool>> {
        self.tools.iter().find(|tool| tool.spec().name == name)
    }
}
