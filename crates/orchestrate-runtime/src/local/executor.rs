//! The executor: backends and limits on one side, plans on the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_core::approval::Approver;
use orchestrate_core::backend::AgentBackend;
use orchestrate_core::clock::Clock;
use orchestrate_core::id::RunId;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::strategy::ExecutionStrategy;
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::tool::Tool;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::{Graph, PlanProblem, PlanProblems, check, check_tools};
use tokio::sync::mpsc::unbounded_channel;

use super::assign::{Assignment, Backends};
use super::dispatcher::{Dispatcher, Setup};
use super::handle::{Canceller, RunHandle};
use super::tools::Tools;
use crate::clock::SystemClock;
use crate::error::RunError;

/// Runs plans in this process. Cheap to clone; one executor can run many plans at once.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    backends: Backends,
    tools: Tools,
    approver: Option<Arc<dyn Approver>>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    catalog: Catalog,
}

/// Makes a [`LocalExecutor`].
#[derive(Debug, Default)]
#[must_use = "call `build`"]
pub struct LocalExecutorBuilder {
    backends: Backends,
    tools: Tools,
    approver: Option<Arc<dyn Approver>>,
    limits: Limits,
    clock: Option<Arc<dyn Clock>>,
    catalog: Option<Catalog>,
}

impl LocalExecutorBuilder {
    /// Adds a backend. An agent is run by the first backend, in the order added, that supports it.
    pub fn backend(self, backend: impl AgentBackend + 'static) -> Self {
        self.shared_backend(Arc::new(backend))
    }

    /// Adds a backend that others hold too.
    pub fn shared_backend(mut self, backend: Arc<dyn AgentBackend>) -> Self {
        self.backends.add(backend);
        self
    }

    /// Adds a tool that steps may call. One that is added later takes the place of one of its name.
    pub fn tool(self, tool: impl Tool + 'static) -> Self {
        self.shared_tool(Arc::new(tool))
    }

    /// Adds a tool that others hold too.
    pub fn shared_tool(mut self, tool: Arc<dyn Tool>) -> Self {
        self.tools.add(tool);
        self
    }

    /// Who asks people. Without one every question waits, and the run ends as paused once nothing
    /// else is left to do.
    pub fn approver(mut self, approver: impl Approver + 'static) -> Self {
        self.approver = Some(Arc::new(approver));
        self
    }

    /// Limits that hold in addition to those of each plan.
    ///
    /// Without `concurrency` nothing bounds the attempts at the same time but the plan itself:
    /// attempts that wait cost no thread. Plans bound single groups with `max_concurrency`.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The clock that events are stamped with, instead of the [`SystemClock`]. Timeouts are tokio's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The strategies that plans may name, instead of the built-in ones.
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// The executor.
    ///
    /// # Errors
    /// [`RunError::NoBackend`] without any backend and any tool, [`RunError::NoConcurrency`] when nothing could start.
    pub fn build(self) -> Result<LocalExecutor, RunError> {
        if self.backends.0.is_empty() && self.tools.specs().is_empty() {
            return Err(RunError::NoBackend);
        }
        startable(self.limits)?;
        Ok(LocalExecutor {
            backends: self.backends,
            tools: self.tools,
            approver: self.approver,
            limits: self.limits,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            catalog: self.catalog.unwrap_or_else(Catalog::builtin),
        })
    }
}

impl LocalExecutor {
    /// Starts to make one.
    pub fn builder() -> LocalExecutorBuilder {
        LocalExecutorBuilder::default()
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

    fn launch(&self, plan: &Plan, watched: bool) -> Result<RunHandle, RunError> {
        let limits = plan.limits.tightest(self.limits);
        startable(limits)?;
        let graph = Graph::compile(plan, &self.catalog)?;
        self.admit_tools(plan)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| RunError::NoRuntime)?;
        let run = new_run_id();
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
                limits,
                clock: self.clock.clone(),
                subscriber,
            },
            graph,
        );
        let canceller = Canceller::new(dispatcher.signal(), dispatcher.address());
        let task = runtime.spawn(dispatcher.run());
        Ok(RunHandle::new(run, events, canceller, task))
    }
}

impl LocalExecutor {
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

fn startable(limits: Limits) -> Result<(), RunError> {
    match limits.concurrency {
        Some(0) => Err(RunError::NoConcurrency),
        _ => Ok(()),
    }
}

/// A name for a run, unlike any other of this machine: when it began, in which process, as the how-manieth.
fn new_run_id() -> RunId {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let at = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = at.map_or(0, |at| u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
    let count = STARTED.fetch_add(1, Ordering::Relaxed);
    RunId::of(&[ms, std::process::id().into(), count])
}
