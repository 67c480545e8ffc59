//! The checks of a project that were kept: looked up, added to, listed. Failing to keep one fails no check.

use std::path::{Path, PathBuf};

use orchestrate_core::check::CheckRecord;
use orchestrate_core::id::RunId;
use orchestrate_core::learning::StoreError;
use orchestrate_core::report::RunReport;
use orchestrate_store::{CheckHistory, Store};
use orchestrate_workflows::HealthReport;
use orchestrate_workflows::health_check::{History, Mode};
use serde_json::json;

use super::watch::wait_for;
use super::{learn, store};
use crate::app::Call;
use crate::args::HealthCheckArgs;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{self, safe};

/// Where a check is kept, and those that were kept before.
#[derive(Debug)]
pub(crate) struct Kept {
    place: Option<Place>,
    pub(crate) history: History,
}

/// What a check is kept under.
#[derive(Debug)]
struct Place {
    checks: CheckHistory,
    project: String,
    run: RunId,
}

impl Kept {
    /// Looks up the earlier checks of a mode in the store of a run.
    pub(crate) fn of(
        store: Option<&Store>,
        path: &Path,
        mode: Mode,
        run: &RunReport,
        call: &Call,
    ) -> Self {
        let nowhere = |why: &str| Self {
            place: None,
            history: History::Unknown(why.to_owned()),
        };
        let Some((store, run)) = store.zip(run.run_id.clone()) else {
            return nowhere("this check is not recorded");
        };
        let (checks, project) = (store.checks(), project(store, path));
        let found = read(&checks, &project, Some(mode), call);
        let history = match found {
            Ok(mut found) => {
                found.retain(|check| check.run != run);
                History::Known(found)
            }
            Err(failure) => {
                learn::told(call, "earlier checks cannot be looked up", &failure);
                History::Unknown("earlier checks cannot be looked up".to_owned())
            }
        };
        Self {
            place: Some(Place {
                checks,
                project,
                run,
            }),
            history,
        }
    }

    /// Keeps a check. A run that is gone on with is kept once.
    pub(crate) fn keep(&self, report: &HealthReport, call: &Call) {
        let Some(place) = &self.place else {
            return;
        };
        let record = report.record(&place.project, place.run.clone());
        let kept: Result<bool, Failure> = wait_for(place.checks.record(&record));
        if let Err(failure) = kept {
            learn::told(call, "this check is not kept", &failure);
        }
    }
}

/// Lists what was kept.
pub(crate) fn list(args: &HealthCheckArgs, call: &Call) -> Result<Exit, Failure> {
    let store = store::named(args.record.store.as_deref(), &args.path, &call.settings)?;
    let mode = args.mode.map(Mode::from);
    // Asking writes nothing, so where nothing was kept there is nothing to ask.
    let mut found = match store.has_lessons() {
        true => read(&store.checks(), &project(&store, &args.path), mode, call)?,
        false => Vec::new(),
    };
    found.reverse();
    let all = found.len();
    found.truncate(args.limit);
    call.printer.answer(
        || render::checks(&found, all),
        &json!({"checks": found, "count": all}),
    )?;
    Ok(Exit::Yes)
}

fn read(
    checks: &CheckHistory,
    project: &str,
    mode: Option<Mode>,
    call: &Call,
) -> Result<Vec<CheckRecord>, Failure> {
    let found = wait_for::<_, StoreError>(checks.of(project, mode.map(Mode::as_str)))?;
    for warning in checks.take_warnings() {
        call.printer.note(&safe(&warning));
    }
    Ok(found)
}

/// How a project is called in a store: `.` in its own, so that it may be moved, else by its directory.
fn project(store: &Store, path: &Path) -> String {
    let root = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let place = store.address().path().and_then(real_folder);
    match place {
        Some(place) if place.starts_with(&root) => ".".to_owned(),
        _ => root.display().to_string(),
    }
}

/// The folder that something lies in, which may not be there itself yet.
fn real_folder(place: &Path) -> Option<PathBuf> {
    let place = std::path::absolute(place).ok()?;
    place.parent()?.canonicalize().ok()
}
