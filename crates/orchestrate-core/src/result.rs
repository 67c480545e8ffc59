//! What one agent and what a whole strategy gave.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bus::MailCensus;
use crate::evidence::Evidence;
use crate::id::{AgentId, StepPath};
use crate::limits::Usage;
use crate::outcome::{Census, Outcome};

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
    /// What the strategy made of them.
    pub aggregated_output: Value,
    /// Time from start to end, in milliseconds.
    pub wall_ms: f64,
    /// Sum of the agents' own times, in milliseconds.
    pub summed_ms: f64,
    /// What was used.
    pub usage: Usage,
    /// What became of the agent steps.
    pub census: Census,
    /// What became of the messages that agents sent to each other.
    #[serde(default, skip_serializing_if = "MailCensus::is_empty")]
    pub mail: MailCensus,
    /// The errors of the agents, each with its step.
    pub errors: Vec<String>,
}
