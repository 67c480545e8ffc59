//! What the planner answers: a plan, why it looks as it does, and what it can cost at most.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::id::AgentId;
use crate::limits::Cost;
use crate::task::TaskRequirements;
use crate::template::Tier;

/// Least, expected and most of a quantity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound<T> {
    /// When everything goes the shortest way.
    pub least: T,
    /// When every step succeeds at its first attempt and no optional way is taken.
    pub expected: T,
    /// The worst case, all retries and all rounds included. Nothing observed passes it.
    pub most: T,
}

/// Static bounds of a plan, computed before anything runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bounds {
    /// Attempts of agents, and calls of tools that are steps of their own.
    pub calls: Bound<u64>,
    /// Tokens.
    pub tokens: Bound<u64>,
    /// Cost in units.
    pub cost: Bound<Cost>,
    /// Time in milliseconds, as timeouts and deadlines allow it. The time that people take to decide
    /// counts as far as the plan bounds it.
    pub latency_ms: Bound<u64>,
    /// Attempts at the same time, at most.
    pub width: u64,
}

/// One agent of a plan and why it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentChoice {
    /// Its id in the team.
    pub id: AgentId,
    /// Its role.
    pub role: String,
    /// The tier it works at.
    pub tier: Tier,
    /// Why it was chosen.
    pub why: String,
}

/// The planner's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionPlan {
    /// The task as the user wrote it.
    pub task: String,
    /// What it needs.
    pub requirements: TaskRequirements,
    /// Who works on it.
    pub agents: Vec<AgentChoice>,
    /// The name of the strategy.
    pub strategy: String,
    /// Thresholds that the result must meet, by name.
    pub quality_gates: BTreeMap<String, f64>,
    /// Expected cost in units, from the bounds.
    pub estimated_cost: Cost,
    /// Expected time in seconds, from the agents' timeouts.
    pub estimated_duration: u64,
    /// Which words, which rule led to each choice.
    pub reasons: Vec<String>,
    /// How sure the planner is, from 0 to 1.
    pub confidence: f64,
    /// What it can take.
    pub bounds: Bounds,
    /// Identity of `plan`.
    pub digest: String,
    /// What runs.
    pub plan: Plan,
}

impl AsRef<Plan> for ExecutionPlan {
    fn as_ref(&self) -> &Plan {
        &self.plan
    }
}
