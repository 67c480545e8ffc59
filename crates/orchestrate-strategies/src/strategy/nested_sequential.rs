//! A line of steps, each an agent or a workflow.

use orchestrate_core::plan::{OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Sequential;
use super::common;
use crate::catalog::Catalog;
use crate::workflow::{Member, Recipe};

/// One after another, agents and workflows mixed; each is given what the one before it gave.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NestedSequential {
    /// The steps: ids of members, or `{"workflow": "id"}`, or `{"inline": {…}}`. Without any every member in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Member>,
    /// What a failure means for the steps behind it: `stop` (the default) or `continue`.
    on_error: OnError,
    #[serde(skip)]
    catalog: Option<Catalog>,
}

impl NestedSequential {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "nested_sequential";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a step that is neither.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        common::read(Self::NAME, params)
    }

    /// These steps in a line.
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = Member>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same, with the workflows and strategies that it may name.
    #[must_use]
    pub fn within(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }
}

impl ExecutionStrategy for NestedSequential {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a line of steps, each an agent or a whole workflow",
            "some stages of a pipeline are workflows of their own",
            "whoever the steps name; without steps, everybody in order",
        )
    }

    /// A line whose members may be workflows is a sequence like any other.
    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let catalog = self.catalog.clone().unwrap_or_else(Catalog::builtin);
        let line = common::collect("", &Sequential::default().on_error(self.on_error));
        let recipe = Recipe::new(Sequential::NAME)
            .with(self.steps.iter().cloned())
            .params(line.params);
        let mut step = catalog.compose(&recipe, team, context)?;
        if let StepKind::Sequence { collect, .. } = &mut step.kind {
            let this = Self {
                on_error: self.on_error,
                ..Self::default()
            };
            *collect = Some(common::collect(Self::NAME, &this));
        }
        Ok(step)
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let last = common::output(common::last_success(group.parts));
        Aggregate {
            outcome: group.outcome.clone(),
            output: Value::Object(common::summary(group.parts, last)),
            confidence: common::mean_confidence(group.parts),
        }
    }
}
