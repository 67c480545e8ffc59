//! The executor: backends and limits on one side, plans on the other. What it does with recorded runs is in
//! `durable` and `fork`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_core::approval::Approver;
use orchestrate_core::clock::Clock;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Pinned, RunJournal};
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::strategy::ExecutionStrategy;
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::{Graph, PlanProblem, PlanProblems, check, check_tools};
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use super::assign::{Assignment, Backends};
use super::builder::LocalExecutorBuilder;
use super::dispatcher::{Dispatcher, Setup};
use super::handle::{Canceller, RunHandle};
use super::recording::Record;
use super::resume::Past;
use super::tools::Tools;
use crate::error::RunError;

/// What a run may use, and what of it was used before it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunAccount {
    pub(super) limits: Limits,
    pub(super) planning: Usage,
}

/// Runs plans in this process. Cheap to clone; one executor can run many plans at once.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    pub(super) backends: Backends,
    pub(super) tools: Tools,
    pub(super) approver: Option<Arc<dyn Approver>>,
    pub(super) limits: Limits,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) catalog: Catalog,
    pub(super) journal: Option<Arc<dyn RunJournal>>,
    pub(super) about: Value,
    /// What a model used that planned what is run.
    pub(super) planning: Usage,
}

impl LocalExecutor {
    /// Starts to make one.
    pub fn builder() -> LocalExecutorBuilder {
        LocalExecutorBuilder::default()
    }

    /// The same executor for runs that a model has planned: each that it begins pays for what the model
    /// used, within its limits. One that is gone on with pays what was recorded of it.
    #[must_use]
    pub fn with_planning(mut self, used: Usage) -> Self {
        self.planning = used;
        self
    }

    /// Which backend will run which agent of a plan, in the order of the agents' ids.
    #[must_use]
    pub fn assignments(&self, plan: &impl AsRef<Plan>) -> Vec<Assignment> {
        self.backends.assignments(plan.as_ref())
    }

    /// What is wrong with a plan for this executor: everything that [`check`] finds, and steps
    /// whose tool is not there. A plan with such steps can run; they are then not executed.
    #[must_use]
    pub fn check(&self, plan: &impl AsRef<Plan>) -> Vec<PlanProblem> {
        let mut problems = check(plan.as_ref(), &self.catalog);
        problems.extend(check_tools(plan.as_ref(), self.tools.specs()));
        problems
    }

    /// Runs a plan to its end. Dropping the future tears the run down.
    ///
    /// # Errors
    /// [`RunError`] when the run did not begin or was torn down. Whatever goes wrong inside a run is in its report.
    pub async fn run(&self, plan: &impl AsRef<Plan>) -> Result<RunReport, RunError> {
        self.launch(plan.as_ref(), false)?.report().await
    }

    /// Starts a plan, to watch it or to stop it.
    ///
    /// # Errors
    /// [`RunError`] when the plan is wrong or there is no tokio runtime.
    pub fn start(&self, plan: &impl AsRef<Plan>) -> Result<RunHandle, RunError> {
        self.launch(plan.as_ref(), true)
    }

    /// Lets a team carry out one strategy. The task is the context's `task`, when that is a text.
    ///
    /// # Errors
    /// [`RunError`] when the team does not fit the strategy, and as for [`Self::run`].
    pub async fn execute(
        &self,
        strategy: &dyn ExecutionStrategy,
        team: &Team,
        context: Context,
    ) -> Result<StrategyResult, RunError> {
        let step = strategy.compose(team, &context)?;
        let task = context.get("task").and_then(|task| task.as_str());
        let plan = Plan::new(task.unwrap_or_default(), team, step).with_context(context);
        Ok(self.run(&plan).await?.into_strategy_result())
    }

    pub(super) fn journal_for(&self, run: &RunId) -> Result<Arc<dyn RunJournal>, RunError> {
        let missing = || RunError::NoJournal { run: run.clone() };
        self.journal.clone().ok_or_else(missing)
    }

    pub(super) fn compile(&self, plan: &Plan) -> Result<Graph, RunError> {
        Ok(Graph::compile(plan, &self.catalog)?)
    }

    pub(super) fn wall_ms(&self) -> u64 {
        self.clock.wall_ms()
    }

    pub(super) fn pinned(&self, run: &RunId, plan: &Plan, limits: Limits) -> Pinned {
        let created_ms = self.clock.wall_ms();
        Pinned {
            about: self.about.clone(),
            planning: self.planning,
            ..Pinned::new(run.clone(), plan.clone(), limits, created_ms)
        }
    }

    fn launch(&self, plan: &Plan, watched: bool) -> Result<RunHandle, RunError> {
        let limits = plan.limits.tightest(self.limits);
        startable(limits)?;
        let run = new_run_id();
        let record = self.journal.clone().map(|journal| Record::New {
            journal,
            pinned: Box::new(self.pinned(&run, plan, limits)),
            owner: owner(),
        });
        let account = RunAccount {
            limits,
            planning: self.planning,
        };
        self.spawn(run, plan, account, watched, record, None)
    }

    pub(super) fn spawn(
        &self,
        run: RunId,
        plan: &Plan,
        account: RunAccount,
        watched: bool,
        record: Option<Record>,
        past: Option<Past>,
    ) -> Result<RunHandle, RunError> {
        let graph = self.compile(plan)?;
        self.admit_tools(plan)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| RunError::NoRuntime)?;
        let (subscriber, events) = if watched {
            let (subscriber, events) = unbounded_channel();
            (Some(subscriber), Some(events))
        } else {
            (None, None)
        };
        let dispatcher = Dispatcher::new(
            Setup {
                run: run.clone(),
                plan,
                backends: &self.backends,
                tools: &self.tools,
                approver: self.approver.clone(),
                account,
                clock: self.clock.clone(),
                subscriber,
                record,
            },
            graph,
        );
        let canceller = Canceller::new(dispatcher.signal(), dispatcher.address());
        let recorded = past.as_ref().map(Past::recorded).unwrap_or_default();
        let task = runtime.spawn(dispatcher.run(past));
        Ok(RunHandle::new(run, events, recorded, canceller, task))
    }

    /// Refuses a plan whose tools can change more than it admits. A tool that is not there is no
    /// reason to refuse: its steps are not executed.
    fn admit_tools(&self, plan: &Plan) -> Result<(), PlanProblems> {
        let mut problems = check_tools(plan, self.tools.specs());
        problems.retain(|problem| problem.code == "ORC0615");
        if problems.is_empty() {
            Ok(())
        } else {
            Err(PlanProblems(problems))
        }
    }
}

/// Refuses limits under which nothing could start.
pub(super) fn startable(limits: Limits) -> Result<(), RunError> {
    match limits.concurrency {
        Some(0) => Err(RunError::NoConcurrency),
        _ => Ok(()),
    }
}

/// How this process is called as the owner of a run.
pub(super) fn owner() -> String {
    format!("process {}", std::process::id())
}

/// A name for a run, unlike any other of this machine: when it began, in which process, as the how-manieth.
pub(super) fn new_run_id() -> RunId {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let at = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = at.map_or(0, |at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
    let count = STARTED.fetch_add(1, Ordering::Relaxed);
    RunId::of(&[ms, std::process::id().into(), count])
}
