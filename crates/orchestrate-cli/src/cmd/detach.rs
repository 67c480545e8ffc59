//! A run that goes on by itself: it is recorded already, and a process of its own resumes it.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use orchestrate_core::id::RunId;
use serde_json::json;

use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::Printer;
use crate::wire;

/// Starts the process and comes back. It finds the store as this one did: `place` is only shown. What it prints goes to a file beside the store of the project.
pub(crate) fn detach(
    run: &RunId,
    place: &str,
    store: Option<&str>,
    project: &Path,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let failed = |error| CliError::internal("the process for the run cannot be started", error);
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command
        .args(["runs", "resume", run.as_str(), "--path"])
        .arg(project)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(store) = store {
        command.args(["--store", store]);
    }
    let folder = wire::folder_of(project).join("logs");
    let log = fs::create_dir_all(&folder)
        .and_then(|()| File::create(folder.join(format!("{run}.log"))))
        .and_then(|log| Ok((log.try_clone()?, log)));
    // Without a place for them its words are lost, and its events are not.
    if let Ok((out, err)) = log {
        command.stdout(out).stderr(err);
    }
    // What stops this process, such as Ctrl-C, is not meant for the run.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().map_err(failed)?;
    let document = json!({"run_id": run, "process": child.id(), "store": place});
    printer.answer(
        || format!("{run}\n\nIt goes on by itself. `orchestrate runs follow {run}` watches it, `orchestrate runs cancel {run}` stops it.\n"),
        &document,
    )?;
    Ok(Exit::Yes)
}
