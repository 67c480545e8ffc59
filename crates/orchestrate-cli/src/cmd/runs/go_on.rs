//! The verbs by which a run goes on, in another way, or not at all: resume, fork, cancel.

use std::path::Path;

use orchestrate_core::journal::{CancelRequest, RunFilter, RunState};
use serde_json::json;

use super::{find, now_ms, user};
use crate::app::Call;
use crate::args::{ForkArgs, OneRun};
use crate::cmd::recipe::Recipe;
use crate::cmd::watch::{Begin, wait_for, watch};
use crate::cmd::{release_prep, run};
use crate::error::Failure;
use crate::exit::Exit;

pub(super) fn resume(
    one: &OneRun,
    take_over: bool,
    plan: Option<&Path>,
    call: &Call,
) -> Result<Exit, Failure> {
    let (journal, id) = find(one)?;
    let pinned = wait_for(journal.load(&id))?.pinned;
    let recipe = Recipe::of(&pinned)?;
    let executor = recipe.executor(pinned.limits, Some(journal))?;
    if let Some(path) = plan {
        let plan = run::saved(path)?;
        wait_for(executor.check_plan(&id, &plan))?;
    }
    let begin = Begin::Resume {
        run: &id,
        take_over,
    };
    let watched = watch(&executor, begin, &call.printer)?;
    match recipe {
        Recipe::Run { .. } => run::conclude(&pinned.plan, watched, &call.printer),
        Recipe::ReleasePrep {
            named, workflow, ..
        } => release_prep::conclude(
            &workflow,
            named,
            &watched,
            &release_prep::Shown::default(),
            call,
        ),
    }
}

pub(super) fn fork(args: &ForkArgs, call: &Call) -> Result<Exit, Failure> {
    let (journal, id) = find(&args.one)?;
    let pinned = wait_for(journal.load(&id))?.pinned;
    let executor = Recipe::of(&pinned)?.executor(pinned.limits, Some(journal))?;
    let change = orchestrate_runtime::Fork {
        from: args.from.clone(),
        context: args
            .set
            .iter()
            .map(|hint| (hint.key.clone(), hint.value.clone()))
            .collect(),
    };
    let forked = wait_for(executor.fork(&id, &change))?;
    let words = format!("forked {id} as {forked}");
    call.printer.note(&words);
    let one = OneRun {
        run: forked.to_string(),
        at: args.one.at.clone(),
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
