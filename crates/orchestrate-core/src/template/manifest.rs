//! What an agent may do in a team beyond its own work: delegate, be delegated to, work on several things at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::task::words;

words! {
    /// Which part an agent plays when work is handed out.
    OrchestrationRole, "orchestration role", {
        /// It works and hands nothing out.
        Worker = "worker",
        /// It hands work out and does none itself.
        Orchestrator = "orchestrator",
        /// It does both.
        Hybrid = "hybrid",
    }
}

/// What an agent may do when work is handed out. Part of its template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentManifest {
    /// Fields in which it is better than others with the same capabilities, as words of a task, for example `rust`.
    pub specializations: Vec<String>,
    /// Steps that it may work on at the same time, at least 1; without it as many as a run allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_parallel_tasks: Option<u32>,
    /// Whether it may hand parts of its work to others.
    pub can_delegate: bool,
    /// Whether others may hand work to it.
    pub can_be_delegated_to: bool,
    /// Which part it plays.
    pub role: OrchestrationRole,
    /// Ids of the templates that take over a task which exceeds this agent, nearest first.
    pub escalates_to: Vec<String>,
}

impl Default for AgentManifest {
    fn default() -> Self {
        Self {
            specializations: Vec::new(),
            max_parallel_tasks: None,
            can_delegate: false,
            can_be_delegated_to: true,
            role: OrchestrationRole::Worker,
            escalates_to: Vec::new(),
        }
    }
}

impl AgentManifest {
    /// Whether nothing in it differs from what holds for an agent without one.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether work can be given to it at all.
    #[must_use]
    pub fn takes_work(&self) -> bool {
        self.can_be_delegated_to && self.role != OrchestrationRole::Orchestrator
    }

    /// What contradicts itself in it, if anything does.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        if self.max_parallel_tasks == Some(0) {
            Some("has `max_parallel_tasks` 0, so it could never work")
        } else if self.role == OrchestrationRole::Orchestrator && !self.can_delegate {
            Some("is an orchestrator that may not delegate, so it could do nothing")
        } else if self.role == OrchestrationRole::Worker && self.can_delegate {
            Some("is a worker that may delegate: make it a `hybrid`")
        } else {
            None
        }
    }
}
