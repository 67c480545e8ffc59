//! The parameters of a synthesis, the step it writes, and which question is answered how.

use orchestrate_core::outcome::Census;
use orchestrate_core::plan::{Join, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::common;
use super::{comparative, patterns, recommendation};

/// Which question a synthesis answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Where do the agents agree and differ?
    #[default]
    Comparative,
    /// What do successes have in common, what failures?
    Patterns,
    /// What is to be done first?
    Recommendation,
}

/// What decides where agents give different values for one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// The value that more than half of those who give one agree on.
    #[default]
    Majority,
    /// The value whose holders have more than half of the confidence of all who give one.
    Weighted,
    /// The value of the most confident; nobody's when two are equally sure of different values.
    HighestConfidence,
}

/// All agents at once, and their answers joined by comparing, counting and ranking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Synthesis {
    /// What is asked: `comparative` (the default), `patterns` or `recommendation`. Without it all three.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<Question>,
    /// What decides where agents differ: `majority` (the default), `weighted` or `highest_confidence`.
    conflict: Conflict,
}

impl Synthesis {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "synthesis";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value that is not usable.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        common::read(Self::NAME, params)
    }

    /// The same with one question alone.
    #[must_use]
    pub fn question(mut self, question: Question) -> Self {
        self.question = Some(question);
        self
    }

    /// The same with another policy for conflicts.
    #[must_use]
    pub fn conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }
}

impl ExecutionStrategy for Synthesis {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "all at once, then joined by comparing, counting and ranking, without a model",
            "several agents look at one thing, and it matters where they agree and what comes first",
            "any number of agents, each with its own view of the task",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let names = common::step_names(team.members());
        let steps = team
            .members()
            .iter()
            .zip(&names)
            .map(|(agent, name)| common::named(common::work(&agent.id, None, []), name))
            .collect();
        Ok(Step::new(StepKind::Parallel {
            steps,
            join: Join::All,
            max_concurrency: Some(8),
            on_error: OnError::Continue,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let output = match self.question {
            Some(question) => synthesize(question, self.conflict, group.parts),
            None => all(self.conflict, group.parts),
        };
        Aggregate {
            outcome: group.outcome.clone(),
            output,
            confidence: common::mean_confidence(group.parts),
        }
    }
}

/// Joins the results of agents. `census` counts every part, also those that gave nothing.
#[must_use]
pub fn synthesize(question: Question, conflict: Conflict, parts: &[Part]) -> Value {
    let mut answer = match question {
        Question::Comparative => comparative::compare(parts, conflict),
        Question::Patterns => patterns::extract(parts),
        Question::Recommendation => recommendation::rank(parts),
    };
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("census".to_owned(), json!(census(parts)));
    }
    answer
}

fn all(conflict: Conflict, parts: &[Part]) -> Value {
    let mut joined = Context::new();
    let questions = [
        Question::Recommendation,
        Question::Comparative,
        Question::Patterns,
    ];
    for question in questions {
        if let Value::Object(fields) = synthesize(question, conflict, parts) {
            joined.extend(fields);
        }
    }
    let outputs = parts.iter().filter(|part| part.outcome.is_success());
    let outputs = outputs.map(|part| (who(part).to_owned(), common::output(Some(part))));
    joined.insert("outputs".to_owned(), Value::Object(outputs.collect()));
    Value::Object(joined)
}

fn census(parts: &[Part]) -> Census {
    Census::of(parts.iter().map(|part| &part.outcome))
}

/// Who a part is by: its agent, else its name.
pub(super) fn who(part: &Part) -> &str {
    common::label(part)
}

/// The parts that succeeded.
pub(super) fn succeeded(parts: &[Part]) -> impl Iterator<Item = &Part> {
    parts.iter().filter(|part| part.outcome.is_success())
}
