//! Which store a verb works with, and what happens where there is none.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use orchestrate_core::error::Explain as _;
use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_store::Store;

use crate::args::{FindArgs, RecordArgs};
use crate::error::Failure;
use crate::render::{Printer, safe};
use crate::settings::Settings;
use crate::wire;

/// The store that arguments, settings or the project name. Nothing is opened yet.
///
/// # Errors
/// When the address means nothing, or a project names a server that it may not decide on.
pub(crate) fn named(
    given: Option<&str>,
    project: &Path,
    settings: &Settings,
) -> Result<Store, Failure> {
    if let Some(url) = given {
        return Ok(Store::open(url)?);
    }
    match settings.store()? {
        Some((url, directory)) => {
            let store = Store::open(url)?;
            // A file means what it says wherever it is read from.
            let directory = directory.filter(|it| !is_here(it));
            Ok(directory.map_or(store.clone(), |directory| store.below(directory)))
        }
        None => Ok(Store::at(wire::store_of(project))),
    }
}

fn is_here(directory: &Path) -> bool {
    let here = Path::new(".").canonicalize().ok();
    here.is_some() && directory.canonicalize().ok() == here
}

/// Whether somebody asked for a store, and it is not merely the one of the project.
fn is_asked_for(given: Option<&str>, settings: &Settings) -> bool {
    given.is_some() || settings.store().is_ok_and(|store| store.is_some())
}

/// The journal that a run is recorded in; none when the user wants none, or when the project cannot
/// be written to and nobody asked for a store. That is said, once.
pub(crate) fn for_run(
    args: &RecordArgs,
    project: &Path,
    settings: &Settings,
    printer: &Printer,
) -> Result<Option<Arc<dyn RunJournal>>, Failure> {
    // Whoever reads the project refuses one that is not there.
    if args.no_store || !project.is_dir() {
        return Ok(None);
    }
    let store = named(args.store.as_deref(), project, settings)?;
    if is_asked_for(args.store.as_deref(), settings) {
        // What cannot be made here is told by what is to be written in it.
        let _ = prepare(&store);
        return Ok(Some(store.journal(true)?));
    }
    let opened = prepare(&store)
        .and_then(|()| writable(&store))
        .and_then(|()| store.journal(true));
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

/// The store that recorded runs are looked for in.
///
/// # Errors
/// As [`named`].
pub(crate) fn of_runs(args: &FindArgs) -> Result<Store, Failure> {
    // What a recorded run needs is recorded; of the settings only the store is wanted.
    let settings = match args.store {
        Some(_) => Settings::defaults(),
        None => Settings::load(&args.path)?,
    };
    named(args.store.as_deref(), &args.path, &settings)
}

/// The journal that recorded runs are looked for in.
pub(crate) fn existing(args: &FindArgs) -> Result<Arc<dyn RunJournal>, Failure> {
    Ok(of_runs(args)?.journal(false)?)
}

/// The journal that all recorded runs are looked for in: none where nothing was recorded yet, unless
/// somebody named a store that is not there.
pub(crate) fn existing_if_any(args: &FindArgs) -> Result<Option<Arc<dyn RunJournal>>, Failure> {
    match of_runs(args)?.journal(false) {
        Err(JournalError::Empty) if args.store.is_none() => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

/// Whether the file of a project, if it is there, can be written to: one that cannot is opened all
/// the same, because what is in it can be read.
fn writable(store: &Store) -> Result<(), JournalError> {
    let Some(file) = store.address().path().filter(|file| file.is_file()) else {
        return Ok(());
    };
    let opened = fs::OpenOptions::new().append(true).open(file);
    opened.map(drop).map_err(|error| JournalError::ReadOnly {
        store: store.address().to_string(),
        problem: error.to_string(),
    })
}

/// Makes the folder of a project, which no version control and no analysis looks into.
pub(crate) fn prepare(store: &Store) -> Result<(), JournalError> {
    let folder = store.address().path().and_then(Path::parent);
    let Some(folder) = folder.filter(|it| it.file_name().is_some_and(|it| it == wire::FOLDER))
    else {
        return Ok(());
    };
    let refused = |error: std::io::Error| JournalError::ReadOnly {
        store: store.address().to_string(),
        problem: error.to_string(),
    };
    if !folder.is_dir() {
        // The project itself was looked at by whoever runs in it; it is not made here.
        fs::create_dir(folder).map_err(refused)?;
        fs::write(folder.join(".gitignore"), "*\n").map_err(refused)?;
    }
    Ok(())
}
