//! `init`: a settings file to start from. It writes over nothing.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::app::Call;
use crate::args::InitArgs;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::safe;

/// What a new settings file says: everything that can be set, switched off.
pub(crate) const SETTINGS: &str = include_str!("init.toml");
/// The name of the file.
const FILE: &str = "orchestrate.toml";

pub(crate) fn run(args: &InitArgs, call: &Call) -> Result<Exit, Failure> {
    let path = args.path.join(FILE);
    write_new(&path, SETTINGS)?;
    let shown = safe(&path.display().to_string());
    let next = [
        "orchestrate doctor",
        "orchestrate demo",
        "orchestrate plan \"Review the security of the login\"",
    ];
    call.printer.answer(
        || {
            let mut text = format!(
                "wrote {shown}: every line is switched off, so nothing has changed yet\n\nNext:\n"
            );
            for command in next {
                text.push_str(&format!("  {command}\n"));
            }
            text
        },
        &json!({"written": [path], "next": next}),
    )?;
    Ok(Exit::Yes)
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
