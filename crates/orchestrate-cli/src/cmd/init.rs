//! `init`: a settings file and a workflow to start from. It writes over nothing.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::app::Call;
use crate::args::InitArgs;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::safe;
use crate::wire;

/// What a new settings file says: everything that can be set, switched off.
pub(crate) const SETTINGS: &str = include_str!("init.toml");
/// The name of the file.
const FILE: &str = "orchestrate.toml";
/// The workflow to start from.
const WORKFLOW: &str = include_str!("init.yaml");
const WORKFLOW_FILE: &str = "workflows/review.yaml";
/// What is kept beside the sources is no part of them, but agents and workflows of the project are.
const IGNORED: &str = "*\n!.gitignore\n!workflows/\n!workflows/**\n!agents/\n!agents/**\n";

pub(crate) fn run(args: &InitArgs, call: &Call) -> Result<Exit, Failure> {
    let path = args.path.join(FILE);
    write_new(&path, SETTINGS)?;
    let folder = args.path.join(wire::FOLDER);
    let mut written = vec![path];
    for (name, text) in [(".gitignore", IGNORED), (WORKFLOW_FILE, WORKFLOW)] {
        let path = folder.join(name);
        // What is there already is somebody's own.
        if !path.exists() {
            make_folder(&path)?;
            write_new(&path, text)?;
            written.push(path);
        }
    }
    let shown: Vec<String> = written.iter().map(|path| shown(path)).collect();
    let workflow = folder.join(WORKFLOW_FILE).display().to_string();
    let next = [
        "orchestrate doctor".to_owned(),
        format!("orchestrate validate {workflow}"),
        "orchestrate run review".to_owned(),
        "orchestrate demo".to_owned(),
    ];
    call.printer.answer(
        || {
            let mut text = format!(
                "wrote {}\n\nEvery line of the settings is switched off, so nothing has changed yet. Next:\n",
                shown.join(", ")
            );
            for command in &next {
                text.push_str(&format!("  {}\n", safe(command)));
            }
            text
        },
        &json!({"written": written, "next": next}),
    )?;
    Ok(Exit::Yes)
}

fn shown(path: &Path) -> String {
    safe(&path.display().to_string())
}

fn make_folder(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(&folder).map_err(|source| CliError::Init {
        path: folder,
        source,
    })
}

/// Writes a file that does not exist yet.
fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| CliError::Init {
        path: path.to_owned(),
        source,
    })
}
