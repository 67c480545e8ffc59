//! One agent with a bundle of tools, in a bounded loop of its own.

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

const USE: &str =
    "Do the task. Use the tools where they help, and base what you say on what they gave.";

/// One agent works with tools; the loop of its calls is the backend's, its bound stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToolEnhanced {
    /// The tools by name. Without any those in `tools` of the context, else those of the agent's template.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<String>,
    /// Turns of the loop at most, from 1 to 200; 25 unless told.
    #[schemars(range(min = 1, max = 200))]
    max_steps: u32,
}

impl Default for ToolEnhanced {
    fn default() -> Self {
        Self {
            tools: Vec::new(),
            max_steps: 25,
        }
    }
}

impl ToolEnhanced {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "tool_enhanced";
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

    /// These tools, by name.
    #[must_use]
    pub fn tools(mut self, tools: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tools = tools.into_iter().map(Into::into).collect();
        self
    }
}

impl ExecutionStrategy for ToolEnhanced {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "one agent with a bundle of tools, in a bounded loop",
            "one agent can do it, given the right tools",
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
            USE,
            Toolbox { tools, max_steps },
        )
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        tools::aggregate(group, &self.tools, self.max_steps)
    }
}
