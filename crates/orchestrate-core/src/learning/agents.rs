//! How the agents of a run fared, for the health of each beyond that run.

use crate::id::RunId;
use crate::plan::Plan;
use crate::report::RunReport;
use crate::template::speaks_for_health;

/// How an agent fared in one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentOutcome {
    /// The id of its template.
    pub agent: String,
    /// Whether it succeeded.
    pub success: bool,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The run.
    pub run: Option<RunId>,
}

/// What a run says of the health of its agents: how the steps ended that they attempted, as far as
/// that was their own doing.
#[must_use]
pub fn agent_outcomes(report: &RunReport, plan: &Plan, at: u64) -> Vec<AgentOutcome> {
    let outcome = |result: &crate::result::AgentResult| {
        let agent = plan.agents.get(&result.agent_id)?;
        let success = speaks_for_health(&result.outcome)?;
        (result.attempts > 0).then(|| AgentOutcome {
            agent: agent.template.id.clone(),
            success,
            at,
            run: report.run_id.clone(),
        })
    };
    report.agents.iter().filter_map(outcome).collect()
}
