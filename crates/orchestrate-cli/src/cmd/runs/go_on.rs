//! The verbs by which a run goes on, in another way, or not at all: resume, fork, cancel.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{CancelRequest, RunFilter, RunJournal, RunState};
use orchestrate_core::limits::Limits;
use orchestrate_runtime::LocalExecutor;
use orchestrate_store::Store;
use orchestrate_workflows::programs::Progress;
use orchestrate_workflows::scenarios::Measured;
use serde_json::{Value, json};

use super::{find, now_ms, user};
use crate::app::Call;
use crate::args::{
    ForkArgs, HealthCheckArgs, LearningArgs, OneRun, ReleasePrepArgs, RunArgs, ScenariosArgs,
    TestCoverageArgs, Verb,
};
use crate::cmd::gates::Gates;
use crate::cmd::learn::Place;
use crate::cmd::recipe::Recipe;
use crate::cmd::store::of_runs;
use crate::cmd::traces::Tracing;
use crate::cmd::watch::{Begin, progress, wait_for, watch, watch_with};
use crate::cmd::{health_check, learn, release_prep, run, scenarios, test_coverage};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::settings::Settings;

pub(super) fn resume(
    one: &OneRun,
    take_over: bool,
    plan: Option<&Path>,
    call: &Call,
) -> Result<Exit, Failure> {
    // Whoever goes on with a run stands where it was begun, and the store where this call says.
    let here = std::env::current_dir().unwrap_or_default();
    let store = of_runs(&one.at)?.below(&here);
    let journal = store.journal(false)?;
    let id = wait_for(journal.find(&one.run))?;
    go_on(store, journal, id, take_over, plan, call)
}

/// Goes on with a run.
fn go_on(
    store: Store,
    journal: Arc<dyn RunJournal>,
    id: RunId,
    take_over: bool,
    plan: Option<&Path>,
    call: &Call,
) -> Result<Exit, Failure> {
    let pinned = wait_for(journal.load(&id))?.pinned;
    let recipe = Recipe::of(&pinned)?;
    let begun = Begun::of(&recipe)?;
    let place = Place::of_resumed(begun.learning(), store.clone());
    let composition = recipe.composition();
    let (progress, told) = progress();
    let before = match &begun {
        Begun::Scenarios(..) => wait_for(journal.events(&id, 0))?,
        _ => Vec::new(),
    };
    let executor = begun.executor(pinned.limits, Some(journal), recipe.about(), progress)?;
    if let Some(path) = plan {
        let (plan, _) = run::saved(path)?;
        wait_for(executor.check_plan(&id, &plan))?;
    }
    let id = match wait_for(executor.take_over_unpaid(&id))? {
        Some(next) => {
            call.printer.note(&format!(
                "{id} is over; what its account stopped is done in {next}, which takes over the rest"
            ));
            next
        }
        None => id,
    };
    let begin = Begin::Resume {
        run: &id,
        take_over,
    };
    match &begun {
        Begun::Run(_, settings) => {
            let mut traces = Tracing::of(settings);
            let name = id.to_string();
            let watched = watch_with(&executor, begin, &call.printer, Some(told), |event| {
                traces.apply(Some(&name), event);
            })?;
            traces.send(&call.printer);
            let report = &watched.report;
            learn::record(&place, call, &pinned.plan, composition.as_ref(), report);
            let gates = Gates::of(composition.as_ref(), &executor.assignments(&pinned.plan));
            run::conclude(&pinned.plan, &gates, watched, true, None, &call.printer)
        }
        Begun::ReleasePrep(args, _) => {
            let scope = release_prep::scope(args)?;
            let workflow = recipe.workflow.unwrap_or_default();
            let watched = watch(&executor, begin, &call.printer, Some(told))?;
            let report = &watched.report;
            learn::record(&place, call, &pinned.plan, composition.as_ref(), report);
            release_prep::conclude(args, &workflow, scope, &watched, call)
        }
        Begun::HealthCheck(args, _) => {
            let workflow = recipe.health_check.unwrap_or_default();
            let watched = watch(&executor, begin, &call.printer, Some(told))?;
            let report = &watched.report;
            learn::record(&place, call, &pinned.plan, composition.as_ref(), report);
            health_check::conclude(args, &workflow, Some(&store), &watched, call)
        }
        Begun::Scenarios(args, job, _) => {
            job.check_same(&pinned.plan)?;
            let mut measured = Measured::of(&before);
            let watched = watch_with(&executor, begin, &call.printer, Some(told), |event| {
                measured.apply(event);
            })?;
            scenarios::conclude(args, job, &measured, &watched, call)
        }
        Begun::TestCoverage(args, _) => {
            let workflow = recipe.test_coverage.unwrap_or_default();
            let writer = test_coverage::writer(&executor, &pinned.plan);
            let watched = watch(&executor, begin, &call.printer, Some(told))?;
            learn::record(&place, call, &pinned.plan, None, &watched.report);
            test_coverage::conclude(args, &workflow, &writer, &watched, call)
        }
    }
}

/// Scenarios compare a skill with itself, of which no planner could learn.
const TEACHES_NOTHING: LearningArgs = LearningArgs { no_learning: true };

/// What began a run, with everything that its executor needs.
#[derive(Debug)]
pub(super) enum Begun {
    Run(Box<RunArgs>, Settings),
    ReleasePrep(Box<ReleasePrepArgs>, Settings),
    HealthCheck(Box<HealthCheckArgs>, Settings),
    Scenarios(Box<ScenariosArgs>, Box<scenarios::Job>, Settings),
    TestCoverage(Box<TestCoverageArgs>, Settings),
}

impl Begun {
    pub(super) fn of(recipe: &Recipe) -> Result<Self, Failure> {
        match recipe.enter()? {
            Verb::Run(args) => {
                let settings = Settings::load(&args.path)?;
                Ok(Self::Run(Box::new(args), settings))
            }
            Verb::ReleasePrep(args) => {
                let settings = Settings::load(&args.path)?;
                Ok(Self::ReleasePrep(Box::new(args), settings))
            }
            Verb::HealthCheck(args) => {
                let settings = Settings::load(&args.path)?;
                Ok(Self::HealthCheck(Box::new(args), settings))
            }
            Verb::Scenarios(args) => {
                let settings = Settings::load(&args.path)?;
                let inputs = match &recipe.scenarios {
                    Some(inputs) => inputs.clone(),
                    None => scenarios::inputs(&args)?,
                };
                let job = scenarios::Job::new(inputs, &args, &settings)?;
                Ok(Self::Scenarios(Box::new(args), Box::new(job), settings))
            }
            Verb::TestCoverage(args) => {
                let settings = Settings::load(&args.path)?;
                Ok(Self::TestCoverage(Box::new(args), settings))
            }
            _ => Err(CliError::arguments(
                "the run was begun by a verb that runs nothing",
                "go on with it where it was begun, with `LocalExecutor::resume`",
            )
            .into()),
        }
    }

    /// Whether what the run teaches is recorded.
    fn learning(&self) -> &LearningArgs {
        match self {
            Self::Run(args, _) => &args.about.learning,
            Self::ReleasePrep(args, _) => &args.learning,
            Self::HealthCheck(args, _) => &args.learning,
            Self::Scenarios(..) => &TEACHES_NOTHING,
            Self::TestCoverage(args, _) => &args.learning,
        }
    }

    pub(super) fn executor(
        &self,
        limits: Limits,
        journal: Option<Arc<dyn RunJournal>>,
        about: Value,
        progress: Progress,
    ) -> Result<LocalExecutor, Failure> {
        match self {
            Self::Run(args, settings) => run::executor(args, settings, limits, journal, about),
            Self::ReleasePrep(args, settings) => {
                release_prep::executor(args, settings, limits, journal, about, progress)
            }
            Self::HealthCheck(args, settings) => {
                health_check::executor(args, settings, limits, journal, about, progress)
            }
            Self::Scenarios(args, job, settings) => {
                job.executor(args, settings, limits, journal, about)
            }
            Self::TestCoverage(args, settings) => {
                test_coverage::executor(args, settings, limits, journal, about, progress)
            }
        }
    }
}

pub(super) fn fork(args: &ForkArgs, call: &Call) -> Result<Exit, Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    let store = of_runs(&args.one.at)?.below(&here);
    let journal = store.journal(false)?;
    let id = wait_for(journal.find(&args.one.run))?;
    let pinned = wait_for(journal.load(&id))?.pinned;
    let recipe = Recipe::of(&pinned)?;
    let executor = Begun::of(&recipe)?.executor(
        pinned.limits,
        Some(journal.clone()),
        recipe.about(),
        Progress::default(),
    )?;
    let change = orchestrate_runtime::Fork {
        from: args.from.clone(),
        context: args
            .set
            .iter()
            .map(|hint| (hint.key.clone(), hint.value.clone()))
            .collect(),
    };
    let forked = wait_for(executor.fork(&id, &change))?;
    call.printer.note(&format!("forked {id} as {forked}"));
    go_on(store, journal, forked, false, None, call)
}

pub(super) fn cancel(one: &OneRun, call: &Call) -> Result<Exit, Failure> {
    let (journal, id) = find(one)?;
    let request = CancelRequest {
        by: user(),
        at_ms: now_ms(),
    };
    let state = wait_for(async {
        let runs = journal.list(&RunFilter::default()).await?;
        let state = runs
            .iter()
            .find(|run| run.run_id == id)
            .map(|run| run.state);
        if state != Some(RunState::Ended) {
            journal.request_cancel(&id, &request).await?;
        }
        Ok::<_, orchestrate_core::journal::JournalError>(state)
    })?;
    let words = match state {
        Some(RunState::Running) => format!("{id} was asked to stop"),
        Some(RunState::Ended) => format!("{id} has ended already"),
        _ => format!("nobody works on {id}; it stops as soon as somebody goes on with it"),
    };
    call.printer.answer(
        || format!("{words}\n"),
        &json!({"run_id": id, "state": state, "asked": state != Some(RunState::Ended)}),
    )?;
    Ok(Exit::Yes)
}
