//! `completions`: the script that teaches a shell our words.

use serde_json::json;

use crate::app::Call;
use crate::args::{CompletionsArgs, command};
use crate::error::Failure;
use crate::exit::Exit;

pub(crate) fn run(args: &CompletionsArgs, call: &Call) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "orchestrate", &mut script);
    let script = String::from_utf8_lossy(&script);
    let document = json!({"shell": args.shell.to_string(), "script": script});
    call.printer.answer(|| script.to_string(), &document)?;
    Ok(Exit::Yes)
}
