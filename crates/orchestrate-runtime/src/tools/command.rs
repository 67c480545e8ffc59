//! Programs that agents start through a tool: with the usual variables, in time, and shown as far as a model can use.

use std::path::Path;
use std::time::Duration;

use orchestrate_core::tool::{ToolFailure, ToolOutput};
use serde_json::json;

use super::{cut, failed};
use crate::process::{Ended, Program};

/// Bytes of a stream that a model is shown.
const SHOWN: usize = 32 * 1024;

/// Runs a program; its exit code is part of the result, whatever it is.
pub(super) async fn run(
    argv: Vec<String>,
    directory: &Path,
    timeout: Duration,
) -> Result<ToolOutput, ToolFailure> {
    let ended = ended(argv.clone(), directory, timeout).await?;
    let shown = |text| cut(text, SHOWN);
    let output = json!({
        "exit_code": ended.code(),
        "stdout": shown(ended.stdout.text()),
        "stderr": shown(ended.stderr.text()),
    });
    let mut output = ToolOutput::json(output);
    let program = argv.first().cloned().unwrap_or_default();
    output.evidence.push(ended.evidence(program, argv));
    Ok(output)
}

/// Runs a program to its end.
pub(super) async fn ended(
    argv: Vec<String>,
    directory: &Path,
    timeout: Duration,
) -> Result<Ended, ToolFailure> {
    let program = Program {
        timeout: Some(timeout),
        ..Program::new(argv, directory)
    };
    let ended = program.run().await;
    ended.map_err(|error| failed(error.class(), error.told()))
}
