//! A planner writes steps, executors carry them out, and what failed is planned anew with the evidence.

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;
use super::delegate;

const WRITE: &str = "Write the steps that do the task. If there was a plan before, everything that came of it is in `evidence`, failures with their reason: plan only what is still to be done, and in another way where it failed.";

/// A plan, its execution, and new plans after failures, within a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlanExecute {
    /// New plans after a failure at most, up to 20; 2 unless told.
    #[schemars(range(max = 20))]
    max_replans: u32,
    /// Steps in one plan at most; 32 unless told.
    #[schemars(range(min = 1))]
    max_steps: u32,
}

impl Default for PlanExecute {
    fn default() -> Self {
        Self {
            max_replans: 2,
            max_steps: delegate::MAX_SUB_TASKS,
        }
    }
}

impl PlanExecute {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "plan_execute";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a bound out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "max_replans", this.max_replans, 0..=20)?;
        common::within(Self::NAME, "max_steps", this.max_steps, 1..=10_000)?;
        Ok(this)
    }

    /// The same with so many new plans at most.
    #[must_use]
    pub fn max_replans(mut self, plans: u32) -> Self {
        self.max_replans = plans;
        self
    }

    fn attempt(group: &Gathered<'_>) -> Aggregate {
        let plan = common::part(group.parts, delegate::PLAN);
        let work = common::part(group.parts, delegate::WORK);
        let results = delegate::reports(work);
        let failure = [plan, work].into_iter().flatten();
        let failure = failure
            .filter(|part| !part.outcome.is_success())
            .find_map(|part| part.outcome.error());
        let before = group.previous.as_deref();
        let mut evidence = common::list(before, "evidence");
        let number = evidence.len() + 1;
        evidence.push(json!({
            "plan": number,
            "steps": plan.and_then(|part| part.output.get("sub_tasks")),
            "results": results,
            "failure": failure,
        }));
        let last = results
            .iter()
            .rfind(|it| it.get("success") == Some(&Value::Bool(true)))
            .and_then(|it| it.get("output").cloned())
            .or_else(|| before?.get("last").cloned());
        Aggregate {
            outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
            output: json!({"done": failure.is_none(), "evidence": evidence, "last": last}),
            confidence: work.map_or(0.0, |part| part.confidence),
        }
    }
}

impl ExecutionStrategy for PlanExecute {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a planner writes steps, executors carry them out, failures are planned anew",
            "the steps can be written down beforehand, and some of them may fail",
            "the planner, then the executors",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [planner, executors @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let evidence = [(
            "evidence".to_owned(),
            "steps.previous.output.evidence".to_owned(),
        )];
        let work = delegate::work(executors, self.max_steps, 1);
        let body = delegate::line(
            Self::NAME,
            self,
            vec![
                delegate::plan(planner, WRITE, executors, evidence),
                common::named(Step::new(StepKind::Expand(work)), delegate::WORK),
            ],
        );
        let until = Condition::compare("steps.round.output.done", Comparison::Eq, true);
        let start = json!({"evidence": []});
        let rounds = common::repeat(body, until, self.max_replans + 1, start);
        Ok(common::looped(Self::NAME, self, rounds, []))
    }

    /// Called for each plan and for the whole. At the bound the last result is given with what failed.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let Some(rounds) = common::part(group.parts, common::ROUNDS) else {
            return Self::attempt(group);
        };
        let evidence = common::list(Some(&rounds.output), "evidence");
        let gaps: Vec<Value> = evidence
            .last()
            .and_then(|last| last.get("results")?.as_array())
            .into_iter()
            .flatten()
            .filter(|it| it.get("success") != Some(&Value::Bool(true)))
            .cloned()
            .collect();
        Aggregate {
            outcome: group.outcome.clone(),
            output: json!({
                "final_output": rounds.output.get("last"),
                "done": rounds.output.get("done") == Some(&Value::Bool(true)),
                "plans": evidence.len(),
                "gaps": gaps,
                "evidence": evidence,
            }),
            confidence: rounds.confidence,
        }
    }
}
