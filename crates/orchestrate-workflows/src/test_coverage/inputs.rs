//! The inputs of a test coverage boost, and the plan that follows from them.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::gate::{Direction, GateRule};
use orchestrate_core::id::StepName;
use orchestrate_core::plan::{AgentStep, Join, OnError, Plan, RetryPolicy, Start, Step, StepKind};
use orchestrate_core::team::Agent;
use orchestrate_core::template::AgentRegistry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::candidate::answer_schema;
use super::validation::{ALONE, FAULTS};
use crate::error::WorkflowError;
use crate::programs::Programs;

/// Who measures.
pub(super) const ANALYZER: &str = "test_coverage_analyzer";
/// Who writes.
pub(super) const WRITER: &str = "test_generator";
/// Who accepts.
pub(super) const VALIDATOR: &str = "test_validator";

/// The steps of the plan.
pub(super) const MEASURE: &str = "measure";
pub(super) const BOOST: &str = "boost";
pub(super) const WRITE: &str = "write";
pub(super) const VALIDATE: &str = "validate";
pub(super) const MEASURE_AGAIN: &str = "measure_again";

/// Most gaps for which tests can be written in one run.
const MOST_GAPS: u32 = 100;
/// Most tests that can be written for one gap.
const MOST_ATTEMPTS: u32 = 10;

const WRITE_TEST: &str = "Write one new test file for the function in `gap`. In `gap.source` each line \
has its number, and `!` marks the lines that no test reaches: reach them. `gap.tests` says where the file may lie and how tests \
are written there; `gap.example` is a test of this project. Do not change or repeat other files. The test will be run alone \
three times, so it must not depend on time, chance, order, a network or files that it does not make itself. Then faults will be \
planted in the lines that it reaches: it is accepted only if it fails for them, so assert what the function gives, and not only \
that it runs. If `feedback` is not null, it says why your last test was not accepted: mend it.";

/// What a test coverage boost can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TestCoverage {
    /// The coverage that is wanted, from 0 to 100.
    pub target: f64,
    /// For how many gaps tests are written, the most important first; from 0 to 100.
    pub gaps: u32,
    /// How many tests are written for a gap at most, each told why the one before was not accepted; from 1 to 10.
    pub attempts: u32,
    /// How long the tests of one project may take, in seconds.
    pub tests_seconds: u64,
}

impl Default for TestCoverage {
    /// 80 percent, five gaps, up to three tests each.
    fn default() -> Self {
        Self {
            target: 80.0,
            gaps: 5,
            attempts: 3,
            tests_seconds: Programs::TESTS_SECONDS,
        }
    }
}

impl TestCoverage {
    /// The name of the workflow.
    pub const NAME: &'static str = "test-coverage";

    /// The agents of the workflow, by template id.
    pub const AGENTS: [&'static str; 3] = [ANALYZER, WRITER, VALIDATOR];

    /// The plan: measure; for each of the first gaps write a test and check it, until it is accepted
    /// or enough was tried; measure again with what was accepted.
    ///
    /// # Errors
    /// When a number is out of its range, or the registry lacks an agent.
    pub fn plan(&self, registry: &AgentRegistry) -> Result<Plan, WorkflowError> {
        self.check()?;
        let team = registry.team(Self::AGENTS)?;
        // A team has its members in the order in which they were asked for.
        let [analyzer, writer, validator] = team.members() else {
            return Err(WorkflowError::NoAgents {
                possible: Self::AGENTS.join(", "),
            });
        };
        let root = Step::new(StepKind::Sequence {
            steps: vec![
                // All projects of all languages, in three steps each, as for every agent that runs tests.
                self.program_step(analyzer, MEASURE, 3 * 4 * 8, []),
                self.boost(writer, validator),
                self.measure_again(validator),
            ],
            on_error: OnError::Continue,
            collect: None,
        });
        let context = [
            ("workflow".to_owned(), Value::from(Self::NAME)),
            (
                "inputs".to_owned(),
                serde_json::to_value(self).unwrap_or_default(),
            ),
        ];
        let task = "Write tests for what the tests of this repository do not reach";
        Ok(Plan::new(task, &team, root).with_context(context.into_iter().collect()))
    }

    fn boost(&self, writer: &Agent, validator: &Agent) -> Step {
        let inputs = [
            ("gap", "item".to_owned()),
            ("feedback", "steps.previous.output.feedback".to_owned()),
        ];
        let mut write = agent_step(writer, inputs);
        write.instruction = Some(WRITE_TEST.to_owned());
        write.answer = Some(Box::new(answer_schema()));
        let inputs = [
            ("gap", "item".to_owned()),
            ("candidate", format!("steps.{WRITE}.output")),
            ("attempts", "steps.previous.output.attempts".to_owned()),
            ("suites", format!("steps.{MEASURE}.output.suites")),
        ];
        // Alone, once for each fault, and all tests with and without it.
        let runs = (ALONE + FAULTS + 2) as u64;
        let validate = self.program_step(validator, VALIDATE, runs, inputs);
        let body = Step::new(StepKind::Sequence {
            steps: vec![named(WRITE, Step::new(StepKind::Agent(write))), validate],
            on_error: OnError::Stop,
            collect: None,
        });
        let rounds = Step::new(StepKind::Loop {
            body: Box::new(body),
            until: Condition::compare("steps.round.output.done", Comparison::Eq, true),
            fuel: self.attempts,
            start: Some(Start::Value(json!({"feedback": null, "attempts": []}))),
        });
        let boost = StepKind::Map {
            over: Reference::new(format!("steps.{MEASURE}.output.briefs")),
            body: Box::new(rounds),
            max_items: self.gaps.max(1),
            // All of them run in one copy of the repository.
            max_concurrency: Some(1),
            join: Join::All,
        };
        named(BOOST, Step::new(boost))
    }

    fn measure_again(&self, validator: &Agent) -> Step {
        let inputs = [
            ("judged", format!("steps.{BOOST}.output.outputs")),
            ("suites", format!("steps.{MEASURE}.output.suites")),
        ];
        self.program_step(validator, MEASURE_AGAIN, 3 * 4 * 8, inputs)
    }

    /// A step that runs tests so many times.
    fn program_step<const N: usize>(
        &self,
        agent: &Agent,
        step: &str,
        runs: u64,
        inputs: [(&str, String); N],
    ) -> Step {
        let mut work = agent_step(agent, inputs);
        work.retry = RetryPolicy::NEVER;
        // A program takes the time that it was given, and the agent its own beside that.
        let own = agent.template.resource_requirements.timeout_seconds;
        let seconds = self.tests_seconds.saturating_mul(runs).saturating_add(own);
        work.timeout_ms = Some(seconds.saturating_mul(1000));
        named(step, Step::new(StepKind::Agent(work)))
    }

    /// Whether the numbers make sense.
    pub(super) fn check(&self) -> Result<(), WorkflowError> {
        let rule = GateRule {
            name: "Test coverage".to_owned(),
            metric: "coverage_percent".to_owned(),
            threshold: self.target,
            direction: Direction::AtLeast,
            critical: true,
        };
        rule.validate()?;
        if self.target > 100.0 {
            return Err(WorkflowError::AboveScale {
                name: rule.name,
                given: self.target,
                most: 100.0,
            });
        }
        let ranges = [
            ("gaps", self.gaps, 0, MOST_GAPS),
            ("attempts", self.attempts, 1, MOST_ATTEMPTS),
        ];
        for (name, given, least, most) in ranges {
            if !(least..=most).contains(&given) {
                return Err(WorkflowError::Range {
                    name: name.to_owned(),
                    given: u64::from(given),
                    least: u64::from(least),
                    most: u64::from(most),
                });
            }
        }
        Ok(())
    }
}

fn agent_step<const N: usize>(agent: &Agent, inputs: [(&str, String); N]) -> AgentStep {
    let mut work = AgentStep::new(agent.id.clone());
    let inputs = inputs.into_iter();
    work.inputs = inputs
        .map(|(name, of)| (name.to_owned(), Reference::new(of)))
        .collect();
    work
}

fn named(name: &str, mut step: Step) -> Step {
    step.name = StepName::new(name).ok();
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_inputs_give_the_same_plan_and_others_another() {
        let registry = AgentRegistry::builtin();
        let digest = |inputs: &TestCoverage| inputs.plan(&registry).map(|plan| plan.digest());
        let default = TestCoverage::default();
        assert_eq!(digest(&default), digest(&default));
        let other = TestCoverage {
            gaps: 1,
            ..TestCoverage::default()
        };
        assert_ne!(digest(&default), digest(&other));
    }

    #[test]
    fn numbers_out_of_range_are_refused_before_anything_runs() {
        let check = |inputs: TestCoverage, expected: &str| {
            let error = inputs.plan(&AgentRegistry::builtin()).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        };
        let default = TestCoverage::default;
        check(
            TestCoverage {
                target: 101.0,
                ..default()
            },
            "gate `Test coverage`: the threshold `101` is above the end of its scale",
        );
        check(
            TestCoverage {
                gaps: 101,
                ..default()
            },
            "`gaps` is 101, and must be from 0 to 100",
        );
        check(
            TestCoverage {
                attempts: 0,
                ..default()
            },
            "`attempts` is 0, and must be from 1 to 10",
        );
    }
}
