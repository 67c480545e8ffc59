//! One agent that thinks, acts and observes, step by step, within a bound.

use orchestrate_core::plan::{Step, Toolbox};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common;
use super::tools;

const REACT: &str = "Work in steps. In each, say what you think, do one thing with a tool, and look at what it gave before the next step. When you know enough, give the answer. When you are told that no step is left, give the best answer that what you saw supports, and say what is missing.";

/// Think, act, observe, until there is an answer or the steps are used up; then what there is is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct React {
    /// Steps at most, from 1 to 200; 10 unless told.
    #[schemars(range(min = 1, max = 200))]
    max_steps: u32,
    /// The tools by name. Without any those in `tools` of the context, else those of the agent's template.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
}

impl Default for React {
    fn default() -> Self {
        Self {
            max_steps: 10,
            tools: Vec::new(),
        }
    }
}

impl React {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "react";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 1,
        most: Some(1),
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a bound out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        common::within(Self::NAME, "max_steps", this.max_steps, 1..=200)?;
        Ok(this)
    }

    /// The same with so many steps at most.
    #[must_use]
    pub fn max_steps(mut self, steps: u32) -> Self {
        self.max_steps = steps;
        self
    }
}

impl ExecutionStrategy for React {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one agent thinks, acts with a tool, observes, and so on within a bound",
            "the next thing to do depends on what the last one showed",
            "one agent",
        )
    }

    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError> {
        let tools = tools::of(Self::NAME, &self.tools, context)?;
        let max_steps = self.max_steps;
        tools::line(
            (Self::NAME, Self::ARITY),
            self,
            team,
            REACT,
            Toolbox { tools, max_steps },
        )
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        tools::aggregate(group, &self.tools, self.max_steps)
    }
}
