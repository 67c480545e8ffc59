//! The tool that runs a program: its name and arguments as they are, no shell, in a group of its own that is ended as a whole.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use orchestrate_strategies::definition::program_parameters;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Most of what a program writes that is kept, in bytes.
const MAX_OUTPUT: u64 = 4 << 20;
/// As much of the end of its complaints as an error shows, in characters.
const SHOWN: usize = 400;

/// Runs programs in one directory.
#[derive(Debug)]
pub struct ProgramTool {
    spec: ToolSpec,
    directory: PathBuf,
}

impl ProgramTool {
    /// A tool of that name whose calls have at most that effect, as far as the plan is to believe.
    #[must_use]
    pub fn new(name: &str, effect: Effect, directory: &Path) -> Self {
        Self {
            spec: ToolSpec {
                name: name.to_owned(),
                description: "runs a program with arguments, without a shell".to_owned(),
                parameters: program_parameters(),
                effect,
            },
            directory: directory.to_owned(),
        }
    }
}

#[async_trait]
impl Tool for ProgramTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let argv = argv(&call.arguments)?;
        let wants_json = call.arguments.get("parse").and_then(Value::as_str) == Some("json");
        let (code, out, complaints) = self.run(&argv).await?;
        let evidence = Evidence {
            command: Some(argv.clone()),
            exit_code: code,
            method: "a program was run".to_owned(),
            tool: argv.first().cloned().unwrap_or_default(),
            ..Evidence::default()
        };
        if code != Some(0) {
            let how = code.map_or("was ended by a signal".to_owned(), |code| {
                format!("ended with status {code}")
            });
            let said = end_of(&complaints);
            return Err(failed(
                FailureClass::Reported,
                format!("`{}` {how}{said}", argv.join(" ")),
            ));
        }
        let output = if wants_json {
            serde_json::from_str(&out).map_err(|error| {
                let program = argv.join(" ");
                failed(
                    FailureClass::Output,
                    format!("what `{program}` wrote is no JSON: {error}"),
                )
            })?
        } else {
            json!(out)
        };
        Ok(ToolOutput {
            output: Arc::new(output),
            evidence: vec![evidence],
            usage: Usage::default(),
        })
    }
}

impl ProgramTool {
    /// Runs a program to its end: its status, what it wrote, what it complained.
    async fn run(&self, argv: &[String]) -> Result<(Option<i32>, String, String), ToolFailure> {
        let Some((program, arguments)) = argv.split_first() else {
            return Err(retry("`argv` is empty"));
        };
        let mut command = CommandWrap::with_new(program, |command| {
            command
                .args(arguments)
                .current_dir(&self.directory)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        });
        command.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
        let child = command.spawn().map_err(|error| {
            failed(
                FailureClass::Internal,
                format!("`{program}` cannot be started: {error}"),
            )
        })?;
        let mut running = Running(child);
        let (out, complaints) = (
            running.0.stdout().take().map(read),
            running.0.stderr().take().map(read),
        );
        let read_all = async {
            match (out, complaints) {
                (Some(out), Some(complaints)) => tokio::join!(out, complaints),
                _ => (String::new(), String::new()),
            }
        };
        let ((out, complaints), status) = tokio::join!(read_all, running.0.wait());
        let status = status.map_err(|error| {
            failed(
                FailureClass::Internal,
                format!("how `{program}` ended is not known: {error}"),
            )
        })?;
        Ok((status.code(), out, complaints))
    }
}

/// A program that is ended with all its children when nobody waits for it any more.
struct Running(Box<dyn ChildWrapper>);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already has nothing left to end.
        let _ = self.0.start_kill();
    }
}

async fn read(mut from: impl AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    // What could be read before a fault is what there is.
    let _ = (&mut from).take(MAX_OUTPUT).read_to_end(&mut bytes).await;
    // A program that writes on must not stand still because nobody reads.
    let mut rest = [0; 4096];
    while matches!(from.read(&mut rest).await, Ok(count) if count > 0) {}
    String::from_utf8_lossy(&bytes).into_owned()
}

fn argv(arguments: &Value) -> Result<Vec<String>, ToolFailure> {
    let Some(items) = arguments.get("argv").and_then(Value::as_array) else {
        return Err(retry("`argv` must be a list"));
    };
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(item.to_string()),
            _ => Err(retry("`argv` must hold texts and numbers")),
        })
        .collect()
}

fn retry(message: &str) -> ToolFailure {
    ToolFailure::Retry {
        message: message.to_owned(),
    }
}

fn failed(class: FailureClass, message: String) -> ToolFailure {
    ToolFailure::Failed { class, message }
}

/// The end of what a program complained, for an error.
fn end_of(complaints: &str) -> String {
    let text = complaints.trim();
    let skip = text.chars().count().saturating_sub(SHOWN);
    let end: String = text.chars().skip(skip).collect();
    if end.is_empty() {
        String::new()
    } else {
        format!(": {end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::cancel::CancelSignal;
    use orchestrate_core::id::{RunId, StepPath};

    async fn call(arguments: Value) -> Result<Value, String> {
        let tool = ProgramTool::new("program.read", Effect::Read, Path::new("."));
        let call = ToolCall {
            run: RunId::of(&[1]),
            step: StepPath::root(),
            arguments: Arc::new(arguments),
            approved: false,
            tokens_left: 0,
            idempotency_key: "k".into(),
            cancel: CancelSignal::default(),
        };
        let made = tool.call(call).await;
        made.map(|it| it.output.as_ref().clone())
            .map_err(|it| it.to_string())
    }

    #[tokio::test]
    async fn a_program_is_run_without_a_shell_and_its_status_counts() {
        let echo = |parse: &str| json!({"argv": ["echo", "{\"a\": [1]}", "$HOME"], "parse": parse});
        assert_eq!(call(echo("text")).await, Ok(json!("{\"a\": [1]} $HOME\n")));
        let no_json = call(echo("json")).await.unwrap_err();
        assert!(no_json.contains("is no JSON"), "{no_json}");
        let parsed = call(json!({"argv": ["echo", "[1]"], "parse": "json"})).await;
        assert_eq!(parsed, Ok(json!([1])));
        let failed = call(json!({"argv": ["ls", "/no/such/place"]})).await;
        assert!(failed.unwrap_err().contains("ended with status"));
        let missing = call(json!({"argv": ["no-such-program-at-all"]})).await;
        assert!(missing.unwrap_err().contains("cannot be started"));
    }
}
