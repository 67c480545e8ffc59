//! The first of several conditions that holds decides what is run.

use orchestrate_core::condition::Condition;
use orchestrate_core::id::AgentId;
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
use super::question;
use crate::catalog::{Catalog, Place};
use crate::workflow::{MAX_DEPTH, Member, Recipe};

const CHOICE: &str = "choice";
const DEFAULT: &str = "default";

/// One of several ways and when it is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the way is called in reports; `case_<position>` unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it is taken: a condition in data form or as a JSON predicate.
    #[serde(deserialize_with = "question::condition")]
    #[schemars(with = "question::WrittenCondition")]
    pub when: Condition,
    /// What is run then.
    #[serde(default, skip_serializing_if = "Recipe::is_default")]
    pub then: Recipe,
}

/// The first case whose condition holds is run; those behind it are not even read.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MultiConditional {
    /// The cases in the order in which they are tried. Without any the first member is asked which of the others is to work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cases: Vec<Case>,
    /// What is run when no case holds; without it nothing, which is no failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Recipe>,
    /// Strategies inside strategies, at most; 3 unless told.
    max_depth: u32,
    #[serde(skip)]
    catalog: Option<Catalog>,
}

impl Default for MultiConditional {
    fn default() -> Self {
        Self {
            cases: Vec::new(),
            default: None,
            max_depth: MAX_DEPTH,
            catalog: None,
        }
    }
}

impl MultiConditional {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "multi_conditional";
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

    /// The same, with the strategies that its cases may name.
    #[must_use]
    pub fn within(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// The cases, and the step that asks when there are none.
    fn cases(&self, team: &Team) -> Result<(Option<Step>, Vec<Case>), StrategyError> {
        if !self.cases.is_empty() {
            return Ok((None, self.cases.clone()));
        }
        let (judge, others) = question::split(Self::NAME, team, None)?;
        if others.is_empty() {
            let needs = "at least 2 agents when there are no `cases`".to_owned();
            return Err(common::wrong_arity(Self::NAME, needs, team));
        }
        let ids: Vec<&str> = others.members().iter().map(|it| it.id.as_str()).collect();
        Ok((
            Some(which(&judge.id, &ids)),
            others
                .members()
                .iter()
                .map(|agent| Case {
                    label: Some(agent.id.to_string()),
                    when: question::answered(agent.id.as_str()),
                    then: Recipe::default().with([Member::Agent(agent.id.clone())]),
                })
                .collect(),
        ))
    }
}

/// The step in which an agent names one of several.
fn which(judge: &AgentId, possible: &[&str]) -> Step {
    let instruction = format!(
        "Say who is to work on the task, exactly one of: {}. Give it as `answer`, and the reason.",
        possible.join(", ")
    );
    let answer = json!({
        "type": "object",
        "properties": {"answer": {"enum": possible}, "reason": {"type": "string"}},
        "required": ["answer"],
    });
    let work = common::work(judge, Some(&instruction), []);
    common::named(common::asking(work, answer), question::STEP)
}

impl ExecutionStrategy for MultiConditional {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "the first of several conditions that holds decides what is run",
            "there are more than two ways, and at most one of them is right",
            "without cases, who names the others and the others; with cases, whoever they name",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let catalog = self.catalog.clone().unwrap_or_else(Catalog::builtin);
        let (asked, cases) = self.cases(team)?;
        let way = |recipe: &Recipe, label: &str, step: &str| {
            let place = format!("case `{label}` of multi_conditional");
            let inside = catalog.inside(&Place::Part(&place), self.max_depth)?;
            let way = inside.compose(recipe, team, context);
            way.map(|way| common::named(way, step))
                .map_err(|error| error.inside(place))
        };
        let mut arms = Vec::with_capacity(cases.len());
        for (position, case) in cases.iter().enumerate() {
            let step = format!("case_{position}");
            let label = case.label.clone().unwrap_or_else(|| step.clone());
            let then = way(&case.then, &label, &step)?;
            arms.push(Arm {
                label,
                when: case.when.clone(),
                then,
            });
        }
        let otherwise = match &self.default {
            Some(recipe) => Some(Box::new(way(recipe, DEFAULT, DEFAULT)?)),
            None => None,
        };
        let bare = cases.into_iter().map(|case| Case {
            then: Recipe::default(),
            ..case
        });
        let collected = Self {
            cases: bare.collect(),
            ..Self::default()
        };
        let choice = common::named(Step::new(StepKind::Branch { arms, otherwise }), CHOICE);
        Ok(Step::new(StepKind::Sequence {
            steps: asked.into_iter().chain([choice]).collect(),
            on_error: OnError::Stop,
            collect: Some(common::collect(Self::NAME, &collected)),
        }))
    }

    /// The output of the case that was run, with `_matched_index` and `_matched_label` beside it.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let choice = common::part(group.parts, CHOICE);
        let taken = choice.and_then(common::taken);
        let index = taken.and_then(|part| part.name.strip_prefix("case_")?.parse::<usize>().ok());
        let case = index.and_then(|index| self.cases.get(index));
        let label = case
            .and_then(|case| case.label.clone())
            .or_else(|| taken.map(|part| part.name.clone()));
        let mut beside = vec![
            ("_matched_index", json!(index)),
            ("_matched_label", json!(label)),
        ];
        if let Some(case) = case {
            beside.push(("_matched_condition", case.when.to_string().into()));
        }
        let known = |answer: &Value| {
            let label = answer.as_str();
            let is = |case: &Case| case.label.as_deref() == label;
            label.is_some() && self.cases.iter().any(is)
        };
        let mut outcome = group.outcome.clone();
        if let Some(why) = question::unanswered(group.parts, known)
            && !common::interrupted(&outcome)
        {
            outcome = Outcome::failed(FailureClass::Output, why);
        }
        if taken.is_none() && outcome.is_success() {
            beside.push(("reason", "no case holds and there is no `default`".into()));
        }
        Aggregate {
            outcome,
            output: common::beside(taken, beside),
            confidence: taken.map_or(0.0, |part| part.confidence),
        }
    }
}
