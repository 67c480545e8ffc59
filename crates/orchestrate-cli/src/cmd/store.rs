//! Which store a verb works with, and what happens where there is none.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use orchestrate_core::error::Explain as _;
use orchestrate_core::journal::{JournalError, RunJournal};

use crate::args::{FindArgs, RecordArgs};
use crate::error::Failure;
use crate::render::{Printer, safe};
use crate::wire;

/// The folder of a project that belongs to this program.
const FOLDER: &str = ".orchestrate";

/// The journal that a run is recorded in; none when the user wants none, or when the project cannot
/// be written to and nobody asked for a store. That is said, once.
pub(crate) fn for_run(
    args: &RecordArgs,
    project: &Path,
    printer: &Printer,
) -> Result<Option<Arc<dyn RunJournal>>, Failure> {
    // Whoever reads the project refuses one that is not there.
    if args.no_store || !project.is_dir() {
        return Ok(None);
    }
    if let Some(url) = &args.store {
        return Ok(Some(wire::journal(url, true)?));
    }
    let opened = prepare(project).and_then(|()| wire::journal(&standard(project), true));
    match opened {
        Ok(journal) => Ok(Some(journal)),
        Err(error @ JournalError::ReadOnly { .. }) => {
            let why = safe(&error.to_string());
            printer.note(&format!(
                "this run is not recorded and cannot be resumed: {why} ({}; `--store sqlite:FILE` names another place, `--no-store` says it is meant)",
                error.code()
            ));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The journal that recorded runs are looked for in.
pub(crate) fn existing(args: &FindArgs) -> Result<Arc<dyn RunJournal>, Failure> {
    let url = args.store.clone().unwrap_or_else(|| standard(&args.path));
    Ok(wire::journal(&url, false)?)
}

/// The address of a project's own store.
fn standard(project: &Path) -> String {
    format!("sqlite:{}", project.join(FOLDER).join("store.db").display())
}

/// Makes the folder of a project, which no version control and no analysis looks into.
fn prepare(project: &Path) -> Result<(), JournalError> {
    let folder = project.join(FOLDER);
    let refused = |error: std::io::Error| JournalError::ReadOnly {
        store: standard(project),
        problem: error.to_string(),
    };
    if !folder.is_dir() {
        // The project itself was looked at by whoever runs in it; it is not made here.
        fs::create_dir(&folder).map_err(refused)?;
        fs::write(folder.join(".gitignore"), "*\n").map_err(refused)?;
    }
    Ok(())
}
