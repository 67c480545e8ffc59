//! The verbs by which a run goes on, in another way, or not at all: resume, fork, cancel.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::journal::{CancelRequest, RunFilter, RunJournal, RunState};
use orchestrate_core::limits::Limits;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::programs::Progress;
use serde_json::{Value, json};

use super::{find, now_ms, user};
use crate::app::Call;
use crate::args::{FindArgs, ForkArgs, OneRun, ReleasePrepArgs, RunArgs, Verb};
use crate::cmd::recipe::Recipe;
use crate::cmd::watch::{Begin, progress, wait_for, watch};
use crate::cmd::{release_prep, run};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::settings::Settings;

pub(super) fn resume(
    one: &OneRun,
    take_over: bool,
    plan: Option<&Path>,
    call: &Call,
) -> Result<Exit, Failure> {
    let (journal, id) = find(one)?;
    let pinned = wait_for(journal.load(&id))?.pinned;
    let recipe = Recipe::of(&pinned)?;
    let begun = Begun::of(&recipe)?;
    let (progress, told) = progress();
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
        Begun::Run(..) => {
            let watched = watch(&executor, begin, &call.printer, Some(told))?;
            run::conclude(&pinned.plan, watched, &call.printer)
        }
        Begun::ReleasePrep(args, _) => {
            let scope = release_prep::scope(args)?;
            let workflow = recipe.workflow.unwrap_or_default();
            let watched = watch(&executor, begin, &call.printer, Some(told))?;
            release_prep::conclude(args, &workflow, scope, &watched, call)
        }
    }
}

/// What began a run, with everything that its executor needs.
#[derive(Debug)]
pub(super) enum Begun {
    Run(Box<RunArgs>, Settings),
    ReleasePrep(Box<ReleasePrepArgs>, Settings),
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
            _ => Err(CliError::arguments(
                "the run was begun by a verb that runs nothing",
                "go on with it where it was begun, with `LocalExecutor::resume`",
            )
            .into()),
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
        }
    }
}

pub(super) fn fork(args: &ForkArgs, call: &Call) -> Result<Exit, Failure> {
    let (journal, id) = find(&args.one)?;
    let pinned = wait_for(journal.load(&id))?.pinned;
    let recipe = Recipe::of(&pinned)?;
    // The address of the store may be relative to where this call was given.
    let store = journal.url().to_owned();
    let executor = Begun::of(&recipe)?.executor(
        pinned.limits,
        Some(journal),
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
    let one = OneRun {
        run: forked.to_string(),
        at: FindArgs {
            store: Some(store),
            ..args.one.at.clone()
        },
    };
    resume(&one, false, None, call)
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
