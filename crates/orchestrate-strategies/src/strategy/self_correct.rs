//! Produce, validate, feed the failure back, within a bound.

use orchestrate_core::condition::{Comparison, Condition};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const PRODUCE: &str = "Do the task. What was tried before is in `previous_attempt` and what was wrong with it in `feedback`, if anything.";
const VALIDATE: &str = "Check the attempt in `attempt` against the task. Say in `valid` whether it is right, as true or false, and in `feedback` what is wrong and how to mend it.";
const PRODUCER: &str = "produce";
const VALIDATOR: &str = "validate";

/// An attempt is made and checked until it is valid; what was wrong goes into the next attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SelfCorrect {
    /// Attempts at most, from 1 to 20; 3 unless told.
    #[schemars(range(min = 1, max = 20))]
    max_attempts: u32,
    /// A condition over `output`, `success` and `confidence` of an attempt that decides in place of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Condition>,
}

impl Default for SelfCorrect {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            rule: None,
        }
    }
}

impl SelfCorrect {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "self_correct";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: Some(2),
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a bound out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "max_attempts", this.max_attempts, 1..=20)?;
        Ok(this)
    }

    /// The same with so many attempts at most.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The same with a rule that decides in place of an agent.
    #[must_use]
    pub fn rule(mut self, rule: Condition) -> Self {
        self.rule = Some(rule);
        self
    }

    fn round(&self, group: &Gathered<'_>) -> Aggregate {
        let produced = common::part(group.parts, PRODUCER);
        let checked = common::part(group.parts, VALIDATOR);
        let (valid, feedback) = match (produced, &self.rule) {
            (Some(part), _) if !part.outcome.is_success() => (false, part.outcome.error()),
            (Some(part), Some(rule)) => {
                let facts =
                    json!({"output": *part.output, "success": true, "confidence": part.confidence});
                let evaluation = rule.evaluate(&facts);
                let why = (!evaluation.holds).then(|| {
                    let mut why = format!("the rule does not hold: {rule}");
                    for problem in &evaluation.diagnostics {
                        why.push_str(&format!("; {problem}"));
                    }
                    why
                });
                (evaluation.holds, why)
            }
            (_, None) => checked.map_or((false, None), |part| verdict(&part.outcome, &part.output)),
            (None, Some(_)) => (false, None),
        };
        let attempt = common::output(produced);
        let mut history = common::list(group.previous.as_deref(), "history");
        history.push(json!({"attempt": attempt, "valid": valid, "feedback": feedback}));
        let mut state = json!({
            "valid": valid,
            "attempt": attempt,
            "feedback": feedback,
            "history": history,
        });
        if attempt.is_null() {
            // What was there before is better than nothing.
            let before = group.previous.as_deref().and_then(|it| it.get("attempt"));
            common::put(&mut state, "attempt", before.cloned().unwrap_or_default());
        }
        Aggregate {
            // A round that is not valid is no failure of the loop: the next one mends it.
            outcome: common::unless_interrupted(&group.outcome, Outcome::Succeeded),
            output: state,
            confidence: produced.map_or(0.0, |part| part.confidence),
        }
    }
}

/// Whether a validator says that an attempt is right. Only a true, or exactly the word `valid`, is a yes.
fn verdict(outcome: &Outcome, output: &Value) -> (bool, Option<String>) {
    let feedback = output
        .get("feedback")
        .and_then(Value::as_str)
        .map(str::to_owned);
    if !outcome.is_success() {
        return (false, feedback.or_else(|| outcome.error()));
    }
    let word = |value: &Value| value.as_str().map(|text| text.trim().to_lowercase());
    let stated = output
        .get("valid")
        .or_else(|| output.get("verdict"))
        .unwrap_or(output);
    let valid = match (stated.as_bool(), word(stated).as_deref()) {
        (Some(valid), _) => Some(valid),
        (None, Some("valid")) => Some(true),
        (None, Some("invalid")) => Some(false),
        _ => None,
    };
    match valid {
        Some(true) => (true, None),
        Some(false) => (false, feedback.or(Some("the validator says no".to_owned()))),
        None => (
            false,
            Some("the validator did not say in `valid` whether the attempt is right".to_owned()),
        ),
    }
}

impl ExecutionStrategy for SelfCorrect {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "an attempt is checked and made again with what was wrong, within a bound",
            "whether a result is right can be checked more easily than it can be made",
            "who produces; who validates, unless a rule does or the producer checks itself",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [producer, others @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let validator = others.first().unwrap_or(producer);
        let before =
            |name: &str, field: &str| (name.to_owned(), format!("steps.previous.output.{field}"));
        let produce = common::work(
            &producer.id,
            Some(PRODUCE),
            [
                before("previous_attempt", "attempt"),
                before("feedback", "feedback"),
            ],
        );
        let mut steps = vec![common::named(produce, PRODUCER)];
        if self.rule.is_none() {
            let attempt = [("attempt".to_owned(), format!("steps.{PRODUCER}.output"))];
            let answer = json!({
                "type": "object",
                "properties": {"valid": {"type": "boolean"}, "feedback": {"type": "string"}},
                "required": ["valid"],
            });
            let check = common::work(&validator.id, Some(VALIDATE), attempt);
            steps.push(common::named(common::asking(check, answer), VALIDATOR));
        }
        let body = Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, self)),
        });
        let until = Condition::compare("steps.round.output.valid", Comparison::Eq, true);
        Ok(common::looped(
            Self::NAME,
            self,
            common::repeat(body, until, self.max_attempts, json!({"feedback": null})),
            [],
        ))
    }

    /// Called for each round and for the whole. The last attempt is the final output, valid or not; which it is stands beside it.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let Some(rounds) = common::part(group.parts, common::ROUNDS) else {
            return self.round(group);
        };
        let state = &rounds.output;
        let field = |name: &str| state.get(name).cloned().unwrap_or_default();
        let history = common::list(Some(state), "history");
        Aggregate {
            outcome: group.outcome.clone(),
            output: json!({
                "final_output": field("attempt"),
                "valid": state.get("valid").and_then(Value::as_bool).unwrap_or(false),
                "feedback": field("feedback"),
                "attempts": history.len(),
                "max_attempts": self.max_attempts,
                "history": history,
            }),
            confidence: rounds.confidence,
        }
    }
}
