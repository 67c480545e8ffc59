//! The executor: backends and limits on one side, plans on the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_core::approval::Approver;
use orchestrate_core::backend::AgentBackend;
use orchestrate_core::clock::Clock;
use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Pinned, RecordedRun, RunJournal};
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::plan::Plan;
use orchestrate_core::report::RunReport;
use orchestrate_core::result::StrategyResult;
use orchestrate_core::strategy::ExecutionStrategy;
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::tool::Tool;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::replay::Replay;
use orchestrate_strategies::graph::reuse::Again;
use orchestrate_strategies::graph::{Graph, PlanProblem, PlanProblems, check, check_tools};
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use super::assign::{Assignment, Backends};
use super::dispatcher::{Dispatcher, Setup};
use super::handle::{Canceller, RunHandle};
use super::recording::Record;
use super::resume::Past;
use super::tools::Tools;
use crate::clock::SystemClock;
use crate::error::RunError;
use crate::policy::ApprovalPolicy;

/// Runs plans in this process. Cheap to clone; one executor can run many plans at once.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    backends: Backends,
    tools: Tools,
    approver: Option<Arc<dyn Approver>>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    catalog: Catalog,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
    planning: Usage,
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
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
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

    /// Asks a person before a step calls a tool that the policy names; see [`LocalExecutorBuilder::approver`].
    pub fn ask_before(mut self, policy: ApprovalPolicy) -> Self {
        self.tools.ask_by(policy);
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

    /// Records every run: nothing is begun and nothing is told before it is recorded, and a run that
    /// cannot be recorded any more stops.
    pub fn journal(mut self, journal: Arc<dyn RunJournal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// What whoever goes on with a recorded run has to know, for example which repository it is about.
    pub fn about(mut self, about: Value) -> Self {
        self.about = about;
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
            journal: self.journal,
            about: self.about,
            planning: Usage::default(),
        })
    }
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

    /// Records a plan as a run that nobody works on yet; [`Self::resume`] begins it, here or in another process.
    ///
    /// # Errors
    /// [`RunError`] when the plan is wrong or it cannot be recorded.
    pub async fn record(&self, plan: &impl AsRef<Plan>) -> Result<RunId, RunError> {
        let plan = plan.as_ref();
        self.compile(plan)?;
        let run = new_run_id();
        let journal = self.journal_for(&run)?;
        let limits = plan.limits.tightest(self.limits);
        startable(limits)?;
        let ownership = journal
            .create(&self.pinned(&run, plan, limits), &owner())
            .await?;
        journal.release(ownership).await?;
        Ok(run)
    }

    /// Goes on with a recorded run where its record ends, under the limits that were pinned. What
    /// has ended is not run again. With `take_over`, whoever works on it is replaced.
    ///
    /// # Errors
    /// [`RunError::Journal`] while another works on it or when its record is not whole,
    /// [`RunError::Ended`] when it is over, [`RunError::Diverged`] when this version does not come to
    /// what is recorded.
    pub async fn resume(&self, run: &RunId, take_over: bool) -> Result<RunHandle, RunError> {
        let journal = self.journal_for(run)?;
        let RecordedRun { pinned, mut events } = journal.load(run).await?;
        // A run that is over is not taken from anybody.
        if is_over(&events) {
            return Err(RunError::Ended { run: run.clone() });
        }
        let ownership = journal.acquire(run, &owner(), take_over).await?;
        // Whoever owned it until now may have gone on meanwhile.
        events.extend(journal.events(run, events.len() as u64).await?);
        if is_over(&events) {
            journal.release(ownership).await?;
            return Err(RunError::Ended { run: run.clone() });
        }
        let epoch = ownership.epoch;
        let outside = journal.outside(run).await?;
        let replay = self.replay(&pinned, &events)?;
        let elapsed_us = self
            .clock
            .wall_ms()
            .saturating_sub(pinned.created_ms)
            .saturating_mul(1000);
        let past =
            (!events.is_empty()).then(|| Past::of(replay, events, elapsed_us, epoch, outside));
        let record = Record::Owned { journal, ownership };
        self.spawn(
            run.clone(),
            &pinned.plan,
            pinned.limits,
            pinned.planning,
            true,
            Some(record),
            past,
        )
    }

    /// Whether a plan is the one that a run was recorded with; a run is never gone on with another.
    ///
    /// # Errors
    /// [`RunError::OtherPlan`] with what of the run could be reused.
    pub async fn check_plan(&self, run: &RunId, plan: &Plan) -> Result<(), RunError> {
        let RecordedRun { pinned, events } = self.journal_for(run)?.load(run).await?;
        let given = plan.digest();
        if given == pinned.plan_digest {
            return Ok(());
        }
        let ended = |events: &[Event]| -> Vec<String> {
            let paths = events.iter().filter_map(|event| match &event.kind {
                EventKind::StepFinished { step, .. } => Some(step.to_string()),
                _ => None,
            });
            paths.collect()
        };
        let reusable = ended(&self.reusable(plan, &events, Again::Changed)?);
        let changed = ended(&events);
        Err(RunError::OtherPlan {
            run: run.clone(),
            pinned: pinned.plan_digest,
            given,
            changed: changed
                .into_iter()
                .filter(|step| !reusable.contains(step))
                .collect(),
            reusable,
        })
    }

    /// A recorded run folded back into a walk, every event checked against what the plan gives.
    ///
    /// # Errors
    /// [`RunError::Diverged`] at the first event that this version does not come to.
    pub fn replay(&self, pinned: &Pinned, events: &[Event]) -> Result<Replay, RunError> {
        let mut replay = Replay::new(
            self.compile(&pinned.plan)?,
            Arc::new(pinned.plan.context.clone()),
            pinned.limits,
        );
        for event in events {
            replay.apply(event).map_err(|source| RunError::Diverged {
                run: pinned.run_id.clone(),
                source,
            })?;
        }
        Ok(replay)
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

    fn pinned(&self, run: &RunId, plan: &Plan, limits: Limits) -> Pinned {
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
        self.spawn(run, plan, limits, self.planning, watched, record, None)
    }

    fn spawn(
        &self,
        run: RunId,
        plan: &Plan,
        limits: Limits,
        planning: Usage,
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
                limits,
                planning,
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

pub(super) fn is_over(events: &[Event]) -> bool {
    let last = events.last();
    last.is_some_and(|event| matches!(event.kind, EventKind::RunFinished { .. }))
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
