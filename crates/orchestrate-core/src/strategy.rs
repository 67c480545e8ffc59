//! The boundary to a strategy: how a team works together, as a pure function to a step.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorKind, Explain};
use crate::id::AgentId;
use crate::limits::Usage;
use crate::outcome::Outcome;
use crate::plan::Step;
use crate::task::Context;
use crate::team::Team;
use std::sync::Arc;

/// How many agents a strategy needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Arity {
    /// At least.
    pub least: u32,
    /// At most; without it any number.
    pub most: Option<u32>,
}

impl Arity {
    /// Whether a number of agents is right.
    #[must_use]
    pub fn admits(self, agents: usize) -> bool {
        agents >= self.least as usize && self.most.is_none_or(|most| agents <= most as usize)
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, Some(most)) if least == most => write!(f, "exactly {least} agents"),
            (least, Some(most)) => write!(f, "{least} to {most} agents"),
            (least, None) => write!(f, "at least {least} agents"),
        }
    }
}

/// What the catalogue says of a strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyInfo {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// When to use it.
    pub when: String,
    /// What each member of the team is for, in order.
    pub roles: String,
    /// How many agents it needs.
    pub arity: Arity,
    /// JSON Schema of its parameters.
    pub parameters: ParameterSchema,
}

/// JSON Schema of a strategy's parameters. That of a type is made when it is asked for: a run
/// needs none of them, and each command would pay for all.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Value", into = "Value")]
#[schemars(with = "Value")]
pub struct ParameterSchema(Source);

#[derive(Clone)]
enum Source {
    Type(fn() -> Value),
    Given(Value),
}

impl ParameterSchema {
    /// The schema of a type.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self(Source::Type(|| schemars::schema_for!(T).to_value()))
    }

    /// The schema itself.
    #[must_use]
    pub fn value(&self) -> Cow<'_, Value> {
        match &self.0 {
            Source::Type(make) => Cow::Owned(make()),
            Source::Given(value) => Cow::Borrowed(value),
        }
    }
}

impl From<Value> for ParameterSchema {
    fn from(value: Value) -> Self {
        Self(Source::Given(value))
    }
}

impl From<ParameterSchema> for Value {
    fn from(schema: ParameterSchema) -> Self {
        schema.value().into_owned()
    }
}

impl fmt::Debug for ParameterSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl PartialEq for ParameterSchema {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

/// Why a strategy made no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// The wrong number of agents.
    #[error("strategy `{strategy}` needs {needs}, got {got}")]
    Arity {
        /// The strategy.
        strategy: String,
        /// What it needs.
        needs: String,
        /// How many it got.
        got: usize,
    },
    /// A parameter that is not usable.
    #[error("strategy `{strategy}`: parameter `{parameter}` {problem}")]
    Parameter {
        /// The strategy.
        strategy: String,
        /// The parameter.
        parameter: String,
        /// What is wrong, and what was possible.
        problem: String,
    },
    /// Strategies and workflows stand inside each other more deeply than is allowed.
    #[error(
        "nested too deeply: at most {max_depth} levels are allowed here, and this is one more: {stack}"
    )]
    TooDeep {
        /// What stands inside what, outermost first.
        stack: String,
        /// How many levels are allowed.
        max_depth: u32,
    },
    /// A workflow stands inside itself.
    #[error("a workflow contains itself: {stack}")]
    Cycle {
        /// What stands inside what, outermost first.
        stack: String,
    },
    /// No workflow of that id.
    #[error("unknown workflow `{id}` (possible: {possible})")]
    UnknownWorkflow {
        /// What was asked for.
        id: String,
        /// All ids, separated by commas.
        possible: String,
    },
    /// A strategy that another one names does not fit.
    #[error("in {place}: {source}")]
    Inside {
        /// Where, for example ``branch `then```.
        place: String,
        /// What is wrong there.
        source: Box<StrategyError>,
    },
    /// No strategy of that name.
    #[error("unknown strategy `{name}` (possible: {possible})")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names, separated by commas.
        possible: String,
        /// The nearest names.
        near: Vec<String>,
    },
}

impl Explain for StrategyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Arity { .. } => "ORC0201",
            Self::Parameter { .. } => "ORC0202",
            Self::Unknown { .. } => "ORC0203",
            Self::TooDeep { .. } => "ORC0205",
            Self::Cycle { .. } => "ORC0206",
            Self::UnknownWorkflow { .. } => "ORC0207",
            Self::Inside { source, .. } => source.code(),
        }
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Argument
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Arity { strategy, .. } | Self::Parameter { strategy, .. } => vec![format!(
                "`orchestrate strategies show {strategy}` tells what it needs"
            )],
            Self::TooDeep { .. } => {
                vec!["give the outermost one a greater `max_depth`, or nest less".into()]
            }
            Self::Cycle { .. } => vec!["take one of the references out".into()],
            Self::UnknownWorkflow { .. } => vec!["register it first, or write it inline".into()],
            Self::Inside { source, .. } => source.hints(),
            Self::Unknown { near, .. } => match near.first() {
                Some(name) => vec![format!("did you mean `{name}`?")],
                None => vec!["`orchestrate strategies list` shows all of them".into()],
            },
        }
    }
}

impl StrategyError {
    /// The same error, with where it happened.
    #[must_use]
    pub fn inside(self, place: impl Into<String>) -> Self {
        Self::Inside {
            place: place.into(),
            source: Box::new(self),
        }
    }
}

/// The result of one step inside a group, as an aggregate sees it.
#[derive(Debug, Clone)]
pub struct Part {
    /// The step's name, or its position among its siblings.
    pub name: String,
    /// The agent, if the step was one agent's.
    pub agent: Option<AgentId>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it gave; null when nothing.
    pub output: Arc<Value>,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// What it and everything inside it used.
    pub usage: Usage,
    /// How long it worked, in microseconds; for a group the sum over its steps, not the time by the clock.
    pub worked_us: u64,
    /// Its own parts, if it was a group.
    pub parts: Vec<Part>,
}

/// What a group as a whole gave.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// How it ended.
    pub outcome: Outcome,
    /// Its output.
    pub output: Value,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
}

/// What an aggregate sees of its group, when all of it has ended.
#[derive(Debug, Clone)]
pub struct Gathered<'a> {
    /// The parts, in the order of the plan.
    pub parts: &'a [Part],
    /// What the group's own policy says; most strategies keep it.
    pub outcome: Outcome,
    /// Inside a loop, the output of the loop's body in the round before: what `steps.previous.output`
    /// is here. In the first round the loop's `start` value, if it has one.
    pub previous: Option<Arc<Value>>,
    /// The context of the task, overlaid inside a call with what the call maps.
    pub context: &'a Context,
}

impl<'a> Gathered<'a> {
    /// Parts of a group that stands in no loop, with an empty context.
    #[must_use]
    pub fn new(parts: &'a [Part], outcome: Outcome) -> Self {
        static EMPTY: std::sync::LazyLock<Context> = std::sync::LazyLock::new(Context::new);
        Self {
            parts,
            outcome,
            previous: None,
            context: &EMPTY,
        }
    }
}

/// How a team works together. Pure: the same inputs give the same step, byte for byte, and nothing is run.
pub trait ExecutionStrategy: Send + Sync + fmt::Debug {
    /// What the catalogue says of it.
    fn info(&self) -> StrategyInfo;

    /// Writes the step that a team carries out.
    ///
    /// # Errors
    /// [`StrategyError`] when the team or a parameter does not fit.
    fn compose(&self, team: &Team, context: &Context) -> Result<Step, StrategyError>;

    /// Makes one result of the parts of a group that names this strategy in its `collect`.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate;
}
