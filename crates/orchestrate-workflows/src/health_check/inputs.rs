//! The inputs of a health check, and the plan that follows from them.

use orchestrate_core::gate::{Direction, GateRule};
use orchestrate_core::plan::Plan;
use orchestrate_core::template::AgentRegistry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::categories::of_mode;
use super::mode::Mode;
use crate::error::WorkflowError;
use crate::programs::Programs;
use crate::side_by_side::SideBySide;

/// What a health check can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthCheck {
    /// How much is looked at.
    pub mode: Mode,
    /// The least score that passes, from 0 to 100.
    pub fail_under: f64,
    /// The programs that its agents may start; none by default.
    #[serde(skip_serializing_if = "Programs::is_none")]
    pub programs: Programs,
}

impl Default for HealthCheck {
    /// A daily check that passes with 70 or more and starts no program.
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            fail_under: 70.0,
            programs: Programs::default(),
        }
    }
}

impl HealthCheck {
    /// The name of the workflow.
    pub const NAME: &'static str = "health-check";

    /// The agents of its mode, by template id.
    #[must_use]
    pub fn agents(&self) -> Vec<&'static str> {
        of_mode(self.mode).map(|it| it.agent).collect()
    }

    /// The plan: an agent for each category of the mode, all at once, each once; one that fails does
    /// not stop the others.
    ///
    /// # Errors
    /// When the least score is not usable, or the registry lacks an agent.
    pub fn plan(&self, registry: &AgentRegistry) -> Result<Plan, WorkflowError> {
        self.check()?;
        let agents: Vec<String> = self.agents().into_iter().map(str::to_owned).collect();
        SideBySide {
            workflow: Self::NAME,
            task: "Check the health of this project",
            agents: &agents,
            usual: &[],
            programs: &self.programs,
        }
        .plan(registry, self)
    }

    /// Whether the least score can be reached at all.
    pub(super) fn check(&self) -> Result<(), WorkflowError> {
        let rule = GateRule {
            name: "Health score".to_owned(),
            metric: "health_score".to_owned(),
            threshold: self.fail_under,
            direction: Direction::AtLeast,
            critical: true,
        };
        rule.validate()?;
        if self.fail_under > 100.0 {
            return Err(WorkflowError::AboveScale {
                name: rule.name,
                given: self.fail_under,
                most: 100.0,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::id::AgentId;

    #[test]
    fn each_mode_adds_agents_to_the_one_before() {
        let planned = |mode| {
            let inputs = HealthCheck {
                mode,
                ..HealthCheck::default()
            };
            let plan = inputs.plan(&AgentRegistry::builtin()).unwrap();
            let ids: Vec<String> = plan.agents.keys().map(AgentId::to_string).collect();
            ids
        };
        let [daily, weekly, release] = Mode::ALL.map(planned);
        assert_eq!(daily.len(), 3);
        assert!(daily.iter().all(|id| weekly.contains(id)) && weekly.len() == 5);
        assert!(weekly.iter().all(|id| release.contains(id)) && release.len() == 6);
    }

    #[test]
    fn a_score_that_nobody_can_reach_is_refused() {
        for bad in [-1.0, f64::NAN, 100.5] {
            let inputs = HealthCheck {
                fail_under: bad,
                ..HealthCheck::default()
            };
            assert!(inputs.plan(&AgentRegistry::builtin()).is_err(), "{bad}");
        }
    }

    #[test]
    fn inputs_can_be_written_in_part_and_unknown_ones_are_refused() {
        let inputs: HealthCheck = serde_json::from_str(r#"{"mode": "weekly"}"#).unwrap();
        assert_eq!((inputs.mode, inputs.fail_under), (Mode::Weekly, 70.0));
        assert!(serde_json::from_str::<HealthCheck>(r#"{"modes": "weekly"}"#).is_err());
    }
}
