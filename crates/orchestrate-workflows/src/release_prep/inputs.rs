//! The inputs of release preparation, and the plan that follows from them.

use orchestrate_core::plan::Plan;
use orchestrate_core::template::AgentRegistry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::WorkflowError;
use crate::gates::Thresholds;
use crate::programs::Programs;
use crate::side_by_side::SideBySide;
use crate::verdict::FailOn;

/// The agents that release preparation runs unless told otherwise.
pub const RELEASE_AGENTS: [&str; 4] = [
    "security_auditor",
    "test_coverage_analyzer",
    "code_reviewer",
    "documentation_writer",
];

/// What release preparation can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReleasePrep {
    /// The thresholds of the gates.
    #[serde(flatten)]
    pub thresholds: Thresholds,
    /// The agents by template id. A gate whose agent is not among them is not measured.
    pub agents: Vec<String>,
    /// Which gates block a release.
    pub fail_on: FailOn,
    /// The programs that its agents may start; none by default.
    #[serde(skip_serializing_if = "Programs::is_none")]
    pub programs: Programs,
}

impl Default for ReleasePrep {
    /// The default thresholds, the four agents, critical gates block.
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            agents: RELEASE_AGENTS.map(str::to_owned).to_vec(),
            fail_on: FailOn::default(),
            programs: Programs::default(),
        }
    }
}

impl ReleasePrep {
    /// The name of the workflow.
    pub const NAME: &'static str = "release-prep";

    /// The plan: all agents at once, each once; one that fails does not stop the others.
    ///
    /// # Errors
    /// When a threshold is not usable, or an agent is unknown, missing or named twice.
    pub fn plan(&self, registry: &AgentRegistry) -> Result<Plan, WorkflowError> {
        self.thresholds.gates()?;
        SideBySide {
            workflow: Self::NAME,
            task: "Judge whether this repository is ready to be released",
            agents: &self.agents,
            usual: &RELEASE_AGENTS,
            programs: &self.programs,
        }
        .plan(registry, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn four_agents_at_once_each_once() {
        let plan = ReleasePrep::default()
            .plan(&AgentRegistry::builtin())
            .unwrap();
        let text = serde_json::to_string_pretty(&plan.root).unwrap();
        expect![[r#"
            {
              "step": "parallel",
              "steps": [
                {
                  "name": "security_auditor",
                  "step": "agent",
                  "agent": "security_auditor",
                  "retry": {
                    "max_attempts": 1,
                    "delay_ms": 0,
                    "max_delay_ms": 0,
                    "retry_timeouts": false
                  }
                },
                {
                  "name": "test_coverage_analyzer",
                  "step": "agent",
                  "agent": "test_coverage_analyzer",
                  "retry": {
                    "max_attempts": 1,
                    "delay_ms": 0,
                    "max_delay_ms": 0,
                    "retry_timeouts": false
                  }
                },
                {
                  "name": "code_reviewer",
                  "step": "agent",
                  "agent": "code_reviewer",
                  "retry": {
                    "max_attempts": 1,
                    "delay_ms": 0,
                    "max_delay_ms": 0,
                    "retry_timeouts": false
                  }
                },
                {
                  "name": "documentation_writer",
                  "step": "agent",
                  "agent": "documentation_writer",
                  "retry": {
                    "max_attempts": 1,
                    "delay_ms": 0,
                    "max_delay_ms": 0,
                    "retry_timeouts": false
                  }
                }
              ],
              "join": {
                "policy": "all"
              },
              "on_error": "continue",
              "collect": {
                "strategy": "parallel"
              }
            }"#]]
        .assert_eq(&text);
        let again = ReleasePrep::default().plan(&AgentRegistry::builtin());
        assert_eq!(again.map(|plan| plan.digest()), Ok(plan.digest()));
    }

    #[test]
    fn another_threshold_is_another_plan() {
        let registry = AgentRegistry::builtin();
        let mut other = ReleasePrep::default();
        other.thresholds.min_coverage = 90.0;
        let digest = |inputs: &ReleasePrep| inputs.plan(&registry).map(|plan| plan.digest());
        assert_ne!(digest(&other), digest(&ReleasePrep::default()));
    }

    #[test]
    fn mistakes_are_found_before_anything_runs() {
        let check = |agents: &[&str], expected: &str| {
            let inputs = ReleasePrep {
                agents: agents.iter().map(|id| (*id).to_owned()).collect(),
                ..ReleasePrep::default()
            };
            let error = inputs.plan(&AgentRegistry::builtin()).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        check(&[], "no agent was selected (possible: security_auditor, ");
        check(
            &["code_reviewer", "code_reviewer"],
            "agent `code_reviewer` was selected more than once",
        );
        check(&["security_auditr"], "unknown agent `security_auditr`");
        let mut inputs = ReleasePrep::default();
        inputs.thresholds.min_quality = 11.0;
        let error = inputs.plan(&AgentRegistry::builtin()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "gate `Quality score`: the threshold `11` is above the end of its scale, `10`"
        );
    }

    #[test]
    fn inputs_can_be_written_in_part_and_unknown_ones_are_refused() {
        let inputs: ReleasePrep = serde_json::from_str(r#"{"min_coverage": 90}"#).unwrap();
        assert_eq!(inputs.thresholds.min_coverage, 90.0);
        assert_eq!(inputs.agents, RELEASE_AGENTS);
        let unknown = serde_json::from_str::<ReleasePrep>(r#"{"min_covrage": 90}"#);
        assert!(unknown.is_err());
    }
}
