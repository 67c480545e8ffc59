//! `shell.run`: programs that are on a list, with their arguments. No shell reads them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::json;

use super::{cut, failed, spec, texts};
use crate::process::{Ended, Program, ProgramError};

/// Bytes of a stream that a model is shown.
const SHOWN: usize = 32 * 1024;
/// Bytes of a stream that are kept.
pub(super) const KEPT: usize = 1 << 20;

/// Runs programs of an allow-list.
///
/// An entry of the list is the beginning of a command: `cargo test` allows `cargo test --all` and not
/// `cargo publish`.
#[derive(Debug)]
pub struct Shell {
    directory: PathBuf,
    allowed: Vec<Vec<String>>,
    timeout: Duration,
    spec: ToolSpec,
}

impl Shell {
    /// Runs what a list allows, in a directory, each command for so long.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, allowed: &[String], timeout: Duration) -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {"argv": {"type": "array", "items": {"type": "string"}, "description": "the program and its arguments; no shell reads them"}},
            "required": ["argv"], "additionalProperties": false
        });
        let what = format!(
            "Runs a program in the project. Allowed are commands that begin with: {}.",
            allowed.join("; ")
        );
        let words = |entry: &String| {
            entry
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        Self {
            directory: directory.into(),
            allowed: allowed
                .iter()
                .map(words)
                .filter(|it| !it.is_empty())
                .collect(),
            timeout,
            spec: spec("shell.run", &what, Effect::External, parameters),
        }
    }

    fn allows(&self, argv: &[String]) -> bool {
        self.allowed.iter().any(|entry| argv.starts_with(entry))
    }
}

#[async_trait]
impl Tool for Shell {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let argv = texts(&call, "argv")?;
        if !self.allows(&argv) {
            let message = format!(
                "`{}` is not allowed; {}",
                argv.join(" "),
                self.spec.description
            );
            return Err(failed(FailureClass::Denied, message));
        }
        run(argv, &self.directory, self.timeout).await
    }
}

/// Runs a program; its exit status is part of the result, whatever it is.
pub(super) async fn run(
    argv: Vec<String>,
    directory: &Path,
    timeout: Duration,
) -> Result<ToolOutput, ToolFailure> {
    let ended = ended(argv.clone(), directory, timeout).await?;
    let shown = |bytes: &[u8]| cut(String::from_utf8_lossy(bytes).into_owned(), SHOWN);
    let output = json!({
        "exit_code": ended.status, "stdout": shown(&ended.stdout), "stderr": shown(&ended.stderr)
    });
    let mut output = ToolOutput::json(output);
    output.evidence.push(evidence(argv, &ended));
    Ok(output)
}

/// Runs a program to its end.
pub(super) async fn ended(
    argv: Vec<String>,
    directory: &Path,
    timeout: Duration,
) -> Result<Ended, ToolFailure> {
    let program = Program {
        argv,
        directory: directory.to_owned(),
        variables: Vec::new(),
        input: None,
        keep: KEPT,
        timeout,
    };
    program.run().await.map_err(|error| {
        let class = match error {
            ProgramError::TimedOut { .. } => FailureClass::Timeout,
            _ => FailureClass::NotExecuted,
        };
        failed(class, error.to_string())
    })
}

/// How what a program gave came to be.
pub(super) fn evidence(argv: Vec<String>, ended: &Ended) -> Evidence {
    Evidence {
        method: "a program in a process group of its own".to_owned(),
        tool: argv.first().cloned().unwrap_or_default(),
        command: Some(argv),
        exit_code: ended.status,
        duration_ms: Some(ended.took.as_secs_f64() * 1e3),
        ..Evidence::default()
    }
}
