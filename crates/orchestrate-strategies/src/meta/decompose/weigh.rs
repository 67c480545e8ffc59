//! How much there is to a task, as a figure from 1 to 5 with its parts.

use orchestrate_core::task::{Context, TaskComplexity, TaskRequirements};
use orchestrate_core::template::AgentRegistry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::split::split;
use crate::meta::error::PlanError;
use crate::meta::orchestrator::MetaOrchestrator;

/// How much there is to a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComplexityScore {
    /// From 1 (one agent, straightforward) to 5.
    pub score: f64,
    /// What it is made of, one sentence each.
    pub reasons: Vec<String>,
}

/// Estimates how much there is to a task: the complexity that its words name, its domains, its parts.
///
/// # Errors
/// As [`MetaOrchestrator::analyze`]: an empty task, or hints that cannot be honoured.
pub fn estimate_complexity(
    registry: &AgentRegistry,
    task: &str,
    context: &Context,
) -> Result<ComplexityScore, PlanError> {
    let analysis = MetaOrchestrator::new(registry).analyze(task, context)?;
    Ok(weigh(&analysis.requirements, split(task).len()))
}

pub(super) fn weigh(requirements: &TaskRequirements, parts: usize) -> ComplexityScore {
    let base = match requirements.complexity {
        TaskComplexity::Simple => 1.5,
        TaskComplexity::Moderate => 2.5,
        TaskComplexity::Complex => 3.3,
    };
    let more =
        |count: usize, each: f64, most: f64| (count.saturating_sub(1) as f64 * each).min(most);
    let domains = requirements.domains.len();
    let (wide, long) = (more(domains, 0.3, 0.9), more(parts, 0.2, 0.8));
    let mut reasons = vec![format!("{base} for a {} task", requirements.complexity)];
    if wide > 0.0 {
        reasons.push(format!("{wide:.1} for {domains} domains"));
    }
    if long > 0.0 {
        reasons.push(format!("{long:.1} for {parts} parts"));
    }
    // One decimal, so that sums of tenths compare as they are printed.
    let score = ((base + wide + long) * 10.0).round() / 10.0;
    ComplexityScore {
        score: score.min(5.0),
        reasons,
    }
}
