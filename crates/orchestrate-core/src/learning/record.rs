//! From a run's report to the record: a fold over what happened, then one call to the store.

use super::{
    AgentConfiguration, CONTRIBUTION, ConfigurationStore, Pattern, PatternLibrary, RunOutcome,
    StoreError,
};
use crate::outcome::{CancelReason, Outcome, SkipReason};
use crate::report::RunReport;

/// What a run teaches of its composition; none when it teaches nothing.
///
/// A run that a person cancelled, or of which an agent failed by what [lies elsewhere](crate::outcome::FailureClass::lies_elsewhere),
/// says something of the person, the account or the machine and nothing of the composition. The
/// quality is the mean confidence of the agents that were to work, those that failed counting
/// nought, in percent.
#[must_use]
pub fn outcome_of(report: &RunReport, at: u64) -> Option<RunOutcome> {
    let outcome = report.outcome.as_ref()?;
    let elsewhere = |outcome: &Outcome| match outcome {
        Outcome::Unknown { .. }
        | Outcome::Cancelled {
            reason: CancelReason::User,
        } => true,
        Outcome::Failed { class, .. } => class.lies_elsewhere(),
        _ => false,
    };
    if elsewhere(outcome) || report.agents.iter().any(|agent| elsewhere(&agent.outcome)) {
        return None;
    }
    let needed = |outcome: &Outcome| {
        !matches!(
            outcome,
            Outcome::Skipped {
                reason: SkipReason::NotTaken | SkipReason::JoinDecided
            } | Outcome::Cancelled {
                reason: CancelReason::JoinDecided
            }
        )
    };
    let (mut agents, mut sum) = (0_u32, 0.0);
    for agent in report.agents.iter().filter(|agent| needed(&agent.outcome)) {
        agents += 1;
        if agent.success {
            sum += agent.confidence.clamp(0.0, 1.0);
        }
    }
    if agents == 0 {
        return None;
    }
    let quality = 100.0 * sum / f64::from(agents);
    let told = RunOutcome::new(outcome.is_success(), quality, at).ok()?;
    Some(match &report.run_id {
        Some(run) => told.of_run(run.clone()),
        None => told,
    })
}

/// Records what a run taught: counts it, and contributes the composition to the library once it
/// has proven itself, or brings the pattern there up to date. Gives the record as it is then.
///
/// # Errors
/// [`StoreError`]. A caller tells it and goes on: failing to learn never fails a run.
pub async fn learn(
    store: &dyn ConfigurationStore,
    library: &dyn PatternLibrary,
    composition: &AgentConfiguration,
    outcome: RunOutcome,
) -> Result<AgentConfiguration, StoreError> {
    let known = store.record(composition, &[outcome]).await?;
    if CONTRIBUTION.admits(&known) {
        library.contribute(&Pattern::of(&known)).await?;
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgentId, RunId, StepPath};
    use crate::limits::Usage;
    use crate::outcome::FailureClass;
    use crate::result::AgentResult;
    use std::sync::Arc;

    fn agent(outcome: Outcome, confidence: f64) -> AgentResult {
        AgentResult {
            agent_id: AgentId::new("a").unwrap(),
            step: StepPath::root(),
            success: outcome.is_success(),
            error: outcome.error(),
            outcome,
            output: Arc::default(),
            confidence,
            duration_ms: 1.0,
            usage: Usage::default(),
            attempts: 1,
            evidence: Vec::new(),
        }
    }

    fn taught(outcome: Outcome, agents: Vec<AgentResult>) -> Option<(bool, f64)> {
        let report = RunReport {
            run_id: Some(RunId::of(&[1])),
            outcome: Some(outcome),
            agents,
            ..RunReport::default()
        };
        outcome_of(&report, 5).map(|it| (it.success, it.quality))
    }

    #[test]
    fn a_run_teaches_whether_it_succeeded_and_how_sure_its_agents_were() {
        let failed = || Outcome::failed(FailureClass::Reported, "no");
        let skipped = Outcome::Skipped {
            reason: SkipReason::NotTaken,
        };
        assert_eq!(
            taught(Outcome::Succeeded, vec![agent(Outcome::Succeeded, 0.9)]),
            Some((true, 90.0))
        );
        assert_eq!(
            taught(
                Outcome::Partial {
                    succeeded: 1,
                    total: 2
                },
                vec![
                    agent(Outcome::Succeeded, 1.0),
                    agent(failed(), 0.8),
                    agent(skipped, 0.0)
                ]
            ),
            Some((false, 50.0))
        );
    }

    #[test]
    fn what_says_nothing_of_the_composition_is_not_recorded() {
        let user = Outcome::Cancelled {
            reason: CancelReason::User,
        };
        assert_eq!(taught(user, vec![agent(Outcome::Succeeded, 1.0)]), None);
        for class in [
            FailureClass::NotExecuted,
            FailureClass::Credentials,
            FailureClass::Quota,
            FailureClass::Transient,
            FailureClass::Denied,
        ] {
            let missing = agent(Outcome::failed(class, "x"), 0.0);
            assert_eq!(
                taught(
                    Outcome::Partial {
                        succeeded: 0,
                        total: 1
                    },
                    vec![missing]
                ),
                None
            );
        }
        assert_eq!(taught(Outcome::Succeeded, Vec::new()), None);
        assert_eq!(outcome_of(&RunReport::default(), 0), None);
    }
}
