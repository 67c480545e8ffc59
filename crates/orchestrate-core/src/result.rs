//! What one agent, one tool or person, and what a whole strategy gave.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::ApprovalRequest;
use crate::bus::MailCensus;
use crate::event::{LimitHolder, Shortage};
use crate::evidence::Evidence;
use crate::id::{AgentId, StepPath};
use crate::limits::Usage;
use crate::outcome::{Census, LimitKind, Outcome};

/// Who or what carries a step out. In JSON one entry: `"agent": "…"`, `"tool": "…"` or `"approver": "…"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Worker {
    /// An agent of the plan.
    Agent(AgentId),
    /// A tool, called without a model.
    Tool(Arc<str>),
    /// A person, by the name of what asks them; `none` when nothing does.
    Approver(Arc<str>),
}

impl Worker {
    /// The agent, if it is one.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Agent(agent) => Some(agent),
            Self::Tool(_) | Self::Approver(_) => None,
        }
    }
}

impl std::fmt::Display for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Agent(agent) => agent.as_str(),
            Self::Tool(name) | Self::Approver(name) => name,
        })
    }
}

/// The result of a step that no agent carried out: a tool's call or a person's decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkResult {
    /// The step.
    pub step: StepPath,
    /// The tool, or what asked the person.
    #[serde(flatten)]
    pub worker: Worker,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Derived from the outcome.
    pub success: bool,
    /// What it gave; null when it gave nothing.
    pub output: Arc<Value>,
    /// Time from the first attempt to the end of the last, in milliseconds.
    pub duration_ms: f64,
    /// How many attempts were made; 0 when it did not run.
    pub attempts: u32,
    /// How it came to be.
    pub evidence: Vec<Evidence>,
    /// What went wrong; never an empty text.
    pub error: Option<String>,
}

/// The result of one agent's step, after its last attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentResult {
    /// The agent.
    pub agent_id: AgentId,
    /// Its step.
    pub step: StepPath,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Derived from the outcome.
    pub success: bool,
    /// What it gave; null when it gave nothing.
    pub output: Arc<Value>,
    /// How sure it is, from 0 to 1; 0 when it did not run.
    pub confidence: f64,
    /// Time from the first attempt to the end of the last, in milliseconds.
    pub duration_ms: f64,
    /// What it used.
    pub usage: Usage,
    /// How many attempts were made; 0 when it did not run.
    pub attempts: u32,
    /// How its figures came to be.
    pub evidence: Vec<Evidence>,
    /// What went wrong; never an empty text.
    pub error: Option<String>,
}

/// A limit that kept a step from beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReachedLimit {
    /// Whose limit.
    pub of: LimitHolder,
    /// Which.
    pub limit: LimitKind,
    /// The step that could not begin, and what it was short of.
    #[serde(flatten)]
    pub short: Shortage,
}

/// The result of a strategy carried out by a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyResult {
    /// Derived from the outcome.
    pub success: bool,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// One result per agent step, in the order of the plan.
    pub outputs: Vec<AgentResult>,
    /// One result per tool call and per decision of a person, in the order of the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub work: Vec<WorkResult>,
    /// Questions that no one has answered yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<ApprovalRequest>,
    /// What the strategy made of them.
    pub aggregated_output: Value,
    /// Time from start to end, in milliseconds.
    pub wall_ms: f64,
    /// Sum of the agents' own times, in milliseconds.
    pub summed_ms: f64,
    /// What was used, planning included.
    pub usage: Usage,
    /// What of it a model used that planned the run.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub planning: Usage,
    /// What became of the steps of agents, tools and people.
    pub census: Census,
    /// The limits that kept steps from beginning, in the order in which they were reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<ReachedLimit>,
    /// What became of the messages that agents sent to each other.
    #[serde(default, skip_serializing_if = "MailCensus::is_empty")]
    pub mail: MailCensus,
    /// The errors of agents, tools and people, each with its name.
    pub errors: Vec<String>,
}
