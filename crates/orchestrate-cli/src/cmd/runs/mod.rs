//! `runs`: what was recorded. Every view is a fold over the same events as the live one.

mod compare;
mod go_on;
mod look;
mod remove;

use std::sync::Arc;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{RecordedRun, RunJournal};

use super::store::existing;
use super::watch::wait_for;
use crate::app::Call;
use crate::args::{FindArgs, OneRun, RunsVerb};
use crate::error::Failure;
use crate::exit::Exit;

pub(crate) fn run(verb: &RunsVerb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        RunsVerb::List { state, limit, at } => look::list(state, *limit, at, call),
        RunsVerb::Show(one) => look::show(one, call),
        RunsVerb::Follow { one, topics } => look::follow(one, topics, call),
        RunsVerb::Export { one, out } => look::export(one, out.as_deref(), call),
        RunsVerb::Resume {
            one,
            take_over,
            plan,
        } => go_on::resume(one, *take_over, plan.as_deref(), call),
        RunsVerb::Fork(args) => go_on::fork(args, call),
        RunsVerb::Cancel(one) => go_on::cancel(one, call),
        RunsVerb::Replay(one) => compare::replay(one, call),
        RunsVerb::Diff { one, other, at } => compare::diff(one, other, at, call),
        RunsVerb::Prune(args) => remove::prune(args, call),
        RunsVerb::Verify { at } => remove::verify(at, call),
    }
}

/// The journal and the run that are meant.
fn find(one: &OneRun) -> Result<(Arc<dyn RunJournal>, RunId), Failure> {
    let journal = existing(&one.at)?;
    let run = wait_for(journal.find(&one.run))?;
    Ok((journal, run))
}

/// A run that is meant, with all its events.
fn load(reference: &str, at: &FindArgs) -> Result<RecordedRun, Failure> {
    let journal = existing(at)?;
    wait_for(async {
        let run = journal.find(reference).await?;
        journal.load(&run).await
    })
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// A moment as people read it, to the second, in UTC.
pub(super) fn moment(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_second(ms / 1000);
    moment.map_or_else(|_| "-".to_owned(), |moment| moment.to_string())
}

/// Who uses this program, for what others are told.
pub(super) fn user() -> String {
    let name = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
    name.ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "somebody".to_owned())
}
