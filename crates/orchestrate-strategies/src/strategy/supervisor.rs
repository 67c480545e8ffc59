//! A supervisor routes work to workers by a plan with an order, and keeps a log of what became of it.

use orchestrate_core::plan::{Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, StrategyError, StrategyInfo,
};
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::common;
use super::delegate;

const ROUTE: &str =
    "Route the task: say which worker does what, and what must be done before what.";
const SUMMARY: &str = "Sum up what the workers gave, which is in `results`, as the answer to the task. Say what is missing where one of them failed.";
const SUMMARY_STEP: &str = "summary";

/// A routing plan with dependencies; what depends on nothing runs side by side, each worker within a time of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Supervisor {
    /// Longest time of one worker's attempt in milliseconds; 30,000 unless told.
    #[schemars(range(min = 1))]
    worker_timeout_ms: u64,
    /// Routed pieces of work at most; 32 unless told.
    #[schemars(range(min = 1))]
    max_sub_tasks: u32,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self {
            worker_timeout_ms: 30_000,
            max_sub_tasks: delegate::MAX_SUB_TASKS,
        }
    }
}

impl Supervisor {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "supervisor";
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
        common::within(Self::NAME, "max_sub_tasks", this.max_sub_tasks, 1..=10_000)?;
        if this.worker_timeout_ms == 0 {
            let problem = "must be at least 1, got `0`";
            return Err(common::parameter(Self::NAME, "worker_timeout_ms", problem));
        }
        Ok(this)
    }

    /// The same with another time for each worker, in milliseconds.
    #[must_use]
    pub fn worker_timeout_ms(mut self, ms: u64) -> Self {
        self.worker_timeout_ms = ms;
        self
    }
}

impl ExecutionStrategy for Supervisor {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a supervisor routes work to workers by a plan with an order, and sums up",
            "somebody knows who can do what, and the parts have an order",
            "the supervisor, then the workers",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        common::admit(Self::NAME, Self::ARITY, team)?;
        let [supervisor, workers @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let mut work = delegate::work(workers, self.max_sub_tasks, 1);
        work.timeout_ms = Some(self.worker_timeout_ms);
        let results = [(
            "results".to_owned(),
            format!("steps.{}.output.results", delegate::WORK),
        )];
        let sum = common::work(&supervisor.id, Some(SUMMARY), results);
        Ok(delegate::line(
            Self::NAME,
            self,
            vec![
                delegate::plan(supervisor, ROUTE, workers, []),
                common::named(Step::new(StepKind::Expand(work)), delegate::WORK),
                delegate::if_any_worked(SUMMARY_STEP, sum),
            ],
        ))
    }

    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let plan = common::part(group.parts, delegate::PLAN);
        let log = delegate::reports(common::part(group.parts, delegate::WORK));
        let summary = common::part(group.parts, SUMMARY_STEP);
        let summed = summary.filter(|part| part.outcome.is_success());
        Aggregate {
            outcome: delegate::outcome(group.parts, &group.outcome),
            output: json!({
                "routing_plan": plan.and_then(|part| part.output.get("sub_tasks")),
                "execution_log": log,
                "workers_succeeded": delegate::succeeded(&log),
                "final_output": summed.map(|part| part.output.as_ref()),
            }),
            confidence: summed.map_or(0.0, |part| part.confidence),
        }
    }
}
