//! One condition, two ways: each with its own members and its own strategy by name.

use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;
use super::question::{self, Ask, Predicate};
use crate::catalog::{Catalog, Place};
use crate::workflow::{MAX_DEPTH, Recipe};

const CHOICE: &str = "choice";
const THEN: &str = "then";
const ELSE: &str = "else";
const DEFAULT_QUESTION: &str = "Is there anything to be done for this task?";

/// A condition decides between two ways. False without `else` is no failure: nothing is run, and the output says why.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Conditional {
    /// A condition in data form, or `{"ask": "question", "by": "member"}`. Without it `condition` of the context holds, and without both the first member is asked whether there is anything to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Predicate>,
    /// What is run when it holds: `agents`, `strategy`, `params`. Without agents the first member who is not asked.
    #[serde(skip_serializing_if = "Recipe::is_default")]
    then: Recipe,
    /// What is run when it does not hold. Without it the members behind the first, if there are any.
    #[serde(rename = "else", skip_serializing_if = "Option::is_none")]
    otherwise: Option<Recipe>,
    /// Strategies inside strategies, at most; 3 unless told.
    max_depth: u32,
    #[serde(skip)]
    catalog: Option<Catalog>,
}

impl Default for Conditional {
    fn default() -> Self {
        Self {
            condition: None,
            then: Recipe::default(),
            otherwise: None,
            max_depth: MAX_DEPTH,
            catalog: None,
        }
    }
}

impl Conditional {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "conditional";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a value of the wrong form.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        common::read(Self::NAME, params)
    }

    /// A condition and what is run when it holds.
    #[must_use]
    pub fn new(condition: Predicate, then: Recipe) -> Self {
        Self {
            condition: Some(condition),
            then,
            ..Self::default()
        }
    }

    /// The same with what is run when it does not hold.
    #[must_use]
    pub fn otherwise(mut self, recipe: Recipe) -> Self {
        self.otherwise = Some(recipe);
        self
    }

    /// The same, with the strategies that its ways may name.
    #[must_use]
    pub fn within(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// The condition: the parameter, else the context's, else a question to the first member.
    fn question(&self, context: &Context) -> Result<Predicate, StrategyError> {
        if let Some(condition) = &self.condition {
            return Ok(condition.clone());
        }
        match context.get("condition") {
            None | Some(Value::Null) => Ok(Predicate::Ask(Ask {
                ask: DEFAULT_QUESTION.to_owned(),
                by: None,
            })),
            Some(Value::String(words)) => Ok(Predicate::Ask(Ask {
                ask: words.clone(),
                by: None,
            })),
            Some(value) => serde_json::from_value(value.clone()).map_err(|error| {
                common::parameter(Self::NAME, "condition", format!("is not usable: {error}"))
            }),
        }
    }
}

impl ExecutionStrategy for Conditional {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one condition decides which of two ways is taken, each with its own strategy",
            "what is to be done depends on a condition over data, or on a question that an agent answers",
            "with a question, the one who answers it; then who works when it holds; then who works otherwise",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let question = self.question(context)?;
        let catalog = self.catalog.clone().unwrap_or_else(Catalog::builtin);
        let mut steps = Vec::new();
        let (holds, fails, workers) = match &question {
            Predicate::When(condition) => (condition.clone(), None, team.clone()),
            Predicate::Ask(ask) => {
                let (judge, others) = question::split(Self::NAME, team, ask.by.as_ref())?;
                if others.is_empty() {
                    let needs = "at least 2 agents when one of them is asked".to_owned();
                    return Err(common::wrong_arity(Self::NAME, needs, team));
                }
                steps.push(question::yes_or_no(&judge.id, &ask.ask));
                let no = Some(question::answered(false));
                (question::answered(true), no, others)
            }
        };
        let way = |recipe: &Recipe, label: &str, members: &Team| {
            let place = format!("branch `{label}` of conditional");
            let inside = catalog.inside(&Place::Part(&place), self.max_depth)?;
            let step = inside.compose(recipe, members, context);
            step.map(|step| common::named(step, label))
                .map_err(|error| error.inside(place))
        };
        let (first, rest): (Team, Team) = common::first_and_rest(&workers);
        let members = |recipe: &Recipe, alone: &Team| {
            // Who is named may be anybody of the team; who is not named is taken in order.
            if recipe.agents.is_empty() {
                alone.clone()
            } else {
                team.clone()
            }
        };
        let then = way(&self.then, THEN, &members(&self.then, &first))?;
        let otherwise = match &self.otherwise {
            Some(recipe) => Some(way(recipe, ELSE, &members(recipe, &rest))?),
            None if rest.is_empty() || !self.then.agents.is_empty() => None,
            None => Some(way(&Recipe::default(), ELSE, &rest)?),
        };
        let mut arms = vec![Arm {
            label: THEN.to_owned(),
            when: holds,
            then,
        }];
        let otherwise = match (fails, otherwise) {
            // An answer that is neither yes nor no takes no way.
            (Some(when), Some(then)) => {
                arms.push(Arm {
                    label: ELSE.to_owned(),
                    when,
                    then,
                });
                None
            }
            (_, otherwise) => otherwise.map(Box::new),
        };
        let choice = Step::new(StepKind::Branch { arms, otherwise });
        steps.push(common::named(choice, CHOICE));
        let collected = Self {
            condition: Some(question),
            ..Self::default()
        };
        Ok(Step::new(StepKind::Sequence {
            steps,
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, &collected)),
        }))
    }

    /// The output of the way that was taken, with `_conditional` beside it.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let choice = common::part(group.parts, CHOICE);
        let taken = choice.and_then(common::taken);
        let condition = self.condition.as_ref().map(Predicate::told);
        let mut about = json!({
            "condition": condition,
            "condition_met": choice.map(|_| taken.is_some_and(|part| part.name == THEN)),
            "branch_taken": taken.map(|part| part.name.as_str()),
        });
        if let Some(answer) = common::part(group.parts, question::STEP) {
            common::put(&mut about, "answer", common::output(Some(answer)));
        }
        let unanswered = question::unanswered(group.parts, Value::is_boolean);
        let outcome = match &unanswered {
            Some(why) if !common::interrupted(&group.outcome) => {
                common::put(&mut about, "condition_met", Value::Null);
                Outcome::failed(FailureClass::Output, why.as_str())
            }
            _ => {
                if taken.is_none() && group.outcome.is_success() {
                    let reason = "the condition does not hold and there is no `else`";
                    common::put(&mut about, "reason", reason.into());
                }
                group.outcome.clone()
            }
        };
        Aggregate {
            outcome,
            output: common::beside(taken, [("_conditional", about)]),
            confidence: taken.map_or(0.0, |part| part.confidence),
        }
    }
}
