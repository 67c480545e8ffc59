//! A coordinator hands out sub-tasks to specialists, who may hand out further, and joins what they give.

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

const DIVIDE: &str = "Divide the task into sub-tasks for your specialists.";
const JOIN: &str = "Join what the specialists gave, which is in `specialist_reports`, into one answer. Say what is missing where one of them failed.";
const SYNTHESIS: &str = "synthesis";

/// Sub-tasks with dependencies run in that order, the rest side by side; a specialist that nobody knows is a failure of its sub-task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DelegationChain {
    /// How far down sub-tasks may be handed, from 1 to 8: with 1 specialists hand out nothing; 3 unless told.
    #[schemars(range(min = 1, max = 8))]
    max_depth: u32,
    /// Sub-tasks at most, of all depths together; 32 unless told.
    #[schemars(range(min = 1))]
    max_sub_tasks: u32,
}

impl Default for DelegationChain {
    fn default() -> Self {
        Self {
            max_depth: 3,
            max_sub_tasks: delegate::MAX_SUB_TASKS,
        }
    }
}

impl DelegationChain {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "delegation_chain";
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
        common::within(Self::NAME, "max_depth", this.max_depth, 1..=8)?;
        common::within(Self::NAME, "max_sub_tasks", this.max_sub_tasks, 1..=10_000)?;
        Ok(this)
    }

    /// The same to another depth, from 1 to 8.
    #[must_use]
    pub fn max_depth(mut self, levels: u32) -> Self {
        self.max_depth = levels;
        self
    }
}

impl ExecutionStrategy for DelegationChain {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a coordinator hands out sub-tasks, specialists may hand out further, the coordinator joins",
            "a complex task falls into parts for different specialists",
            "the coordinator, then the specialists",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [coordinator, specialists @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let work = delegate::work(specialists, self.max_sub_tasks, self.max_depth);
        let reports = [(
            "specialist_reports".to_owned(),
            format!("steps.{}.output.results", delegate::WORK),
        )];
        let join = common::work(&coordinator.id, Some(JOIN), reports);
        Ok(delegate::line(
            Self::NAME,
            self,
            vec![
                delegate::plan(coordinator, DIVIDE, specialists, []),
                common::named(Step::new(StepKind::Expand(work)), delegate::WORK),
                delegate::if_any_worked(SYNTHESIS, join),
            ],
        ))
    }

    /// All specialists failing is not success, and neither is a part of them.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let synthesis = common::part(group.parts, SYNTHESIS);
        let joined = synthesis.filter(|part| part.outcome.is_success());
        let reports = delegate::reports(common::part(group.parts, delegate::WORK));
        Aggregate {
            outcome: delegate::outcome(group.parts, &group.outcome),
            output: json!({
                "synthesis": joined.map(|part| part.output.as_ref()),
                "final_output": joined.map(|part| part.output.as_ref()),
                "specialists_asked": reports.len(),
                "specialists_succeeded": delegate::succeeded(&reports),
                "delegation_depth": depth(&reports),
                "max_depth": self.max_depth,
                "specialist_reports": reports,
            }),
            confidence: joined.map_or(0.0, |part| part.confidence),
        }
    }
}

/// How far down sub-tasks were handed.
fn depth(reports: &[Value]) -> usize {
    let below = |report: &Value| {
        let inner = report.pointer("/sub_tasks/results");
        inner
            .and_then(Value::as_array)
            .map_or(0, |list| depth(list))
    };
    reports
        .iter()
        .map(|report| 1 + below(report))
        .max()
        .unwrap_or(0)
}
