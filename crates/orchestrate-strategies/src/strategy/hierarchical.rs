//! A manager plans, delegates and reviews for a crew, until it approves.

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

const DELEGATE: &str = "Plan the work for your crew. If there was a round before, what it gave is in `results` and what was missing in `feedback`: hand out only what is still to be done.";
const REVIEW: &str = "Review what the crew gave, which is in `results`. Say in `approved` whether the task is done, as true or false, in `feedback` what is missing, and give the whole result in `result`.";
const REVIEW_STEP: &str = "review";

/// Rounds of planning, work and review, within a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hierarchical {
    /// Rounds at most, from 1 to 20; 3 unless told.
    #[schemars(range(min = 1, max = 20))]
    max_rounds: u32,
    /// Pieces of work in one round at most; 32 unless told.
    #[schemars(range(min = 1))]
    max_sub_tasks: u32,
}

impl Default for Hierarchical {
    fn default() -> Self {
        Self {
            max_rounds: 3,
            max_sub_tasks: delegate::MAX_SUB_TASKS,
        }
    }
}

impl Hierarchical {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "hierarchical";
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
        common::within(Self::NAME, "max_rounds", this.max_rounds, 1..=20)?;
        common::within(Self::NAME, "max_sub_tasks", this.max_sub_tasks, 1..=10_000)?;
        Ok(this)
    }

    /// The same with so many rounds at most.
    #[must_use]
    pub fn max_rounds(mut self, rounds: u32) -> Self {
        self.max_rounds = rounds;
        self
    }

    fn round(group: &Gathered<'_>) -> Aggregate {
        let work = common::part(group.parts, delegate::WORK);
        let review = common::part(group.parts, REVIEW_STEP);
        let reviewed = review.filter(|part| part.outcome.is_success());
        let said = common::output(reviewed);
        // Only a true approves; anything else is a round more.
        let approved = said.get("approved").and_then(Value::as_bool) == Some(true);
        let failed = group.parts.iter().find(|part| !part.outcome.lets_pass());
        let feedback = match (said.get("feedback"), failed) {
            (Some(feedback), _) => feedback.clone(),
            (None, Some(part)) => json!(part.outcome.error()),
            (None, None) => "the review did not say in `approved` whether the task is done".into(),
        };
        let before = group.previous.as_deref();
        let mut results = common::list(before, "results");
        results.extend(delegate::reports(work));
        let result = said.get("result").cloned();
        let result = result.or_else(|| before?.get("result").cloned());
        Aggregate {
            outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
            output: json!({
                "approved": approved,
                "feedback": feedback,
                "results": results,
                "result": result,
                "rounds": common::count(before, "rounds") + 1,
            }),
            confidence: reviewed.map_or(0.0, |part| part.confidence),
        }
    }
}

impl ExecutionStrategy for Hierarchical {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a manager plans, delegates and reviews for a crew until it approves",
            "the result has to meet somebody's judgement, and may need more than one round",
            "the manager, then the crew",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [manager, crew @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let before = |name: &str| (name.to_owned(), format!("steps.previous.output.{name}"));
        let answer = json!({
            "type": "object",
            "properties": {
                "approved": {"type": "boolean"},
                "feedback": {"type": "string"},
                "result": {},
            },
            "required": ["approved"],
        });
        let results = [(
            "results".to_owned(),
            format!("steps.{}.output.results", delegate::WORK),
        )];
        let review = common::asking(common::work(&manager.id, Some(REVIEW), results), answer);
        let work = delegate::work(crew, self.max_sub_tasks, 1);
        let body = delegate::line(
            Self::NAME,
            self,
            vec![
                delegate::plan(
                    manager,
                    DELEGATE,
                    crew,
                    [before("results"), before("feedback")],
                ),
                common::named(Step::new(StepKind::Expand(work)), delegate::WORK),
                delegate::if_any_worked(REVIEW_STEP, review),
            ],
        );
        let until = Condition::compare("steps.round.output.approved", Comparison::Eq, true);
        let rounds = common::repeat(body, until, self.max_rounds, json!({"results": []}));
        Ok(common::looped(Self::NAME, self, rounds, []))
    }

    /// Called for each round and for the whole. Without approval what there is is given all the same, and says so.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let Some(rounds) = common::part(group.parts, common::ROUNDS) else {
            return Self::round(group);
        };
        let field = |name: &str| rounds.output.get(name).cloned().unwrap_or_default();
        Aggregate {
            outcome: group.outcome.clone(),
            output: json!({
                "final_output": field("result"),
                "approved": rounds.output.get("approved") == Some(&Value::Bool(true)),
                "feedback": field("feedback"),
                "rounds": field("rounds"),
                "results": field("results"),
            }),
            confidence: rounds.confidence,
        }
    }
}
