//! The tool `run`: a program with its arguments, never a line for a shell.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::program::{Ended, Stream, run};

/// Runs programs below a directory. Each runs in a process group of its own, which is ended with
/// all its children when the call is cancelled or its time is over.
///
/// Arguments: `argv` (the program and its arguments, as they are), `cwd` (below the directory),
/// `stdin`, `output` (`text` or `json`: how `stdout` is given), `ok_codes` (default `[0]`). It gives
/// `{exit_code, stdout, stderr}`; another exit code is a failure that carries the same.
#[derive(Debug)]
pub struct CommandTool {
    spec: ToolSpec,
    directory: PathBuf,
    programs: Option<Vec<String>>,
}

/// How `stdout` is given.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    argv: Vec<String>,
    #[serde(default)]
    cwd: Option<PathBuf>,
    #[serde(default)]
    stdin: Option<String>,
    #[serde(default)]
    output: Output,
    #[serde(default = "zero")]
    ok_codes: Vec<i32>,
}

fn zero() -> Vec<i32> {
    vec![0]
}

impl CommandTool {
    /// The tool `run`, for any program, with the effect `external`: a program can change anything.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            spec: ToolSpec {
                name: "run".to_owned(),
                description:
                    "Runs a program with arguments (no shell) and gives its exit code and output."
                        .to_owned(),
                parameters: parameters(),
                effect: Effect::External,
            },
            directory: directory.into(),
            programs: None,
        }
    }

    /// The same tool for these programs only, as they are named in `argv`.
    #[must_use]
    pub fn only(mut self, programs: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.programs = Some(programs.into_iter().map(Into::into).collect());
        self
    }

    /// The same tool under another name and effect, for programs that are known to change less.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>, effect: Effect) -> Self {
        self.spec.name = name.into();
        self.spec.effect = effect;
        self
    }

    fn directory(&self, below: Option<&Path>) -> Result<PathBuf, ToolFailure> {
        let Some(below) = below else {
            return Ok(self.directory.clone());
        };
        let inside = below
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if inside {
            Ok(self.directory.join(below))
        } else {
            Err(ToolFailure::Retry {
                message: format!("`cwd` leads out of the directory: `{}`", below.display()),
            })
        }
    }
}

fn parameters() -> Value {
    json!({
        "type": "object",
        "required": ["argv"],
        "additionalProperties": false,
        "properties": {
            "argv": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "description": "The program and its arguments."
            },
            "cwd": {"type": "string", "description": "Where it runs, below the directory."},
            "stdin": {"type": "string", "description": "What it reads."},
            "output": {"enum": ["text", "json"], "description": "How stdout is given."},
            "ok_codes": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "Exit codes that are no failure; without it 0."
            }
        }
    })
}

#[async_trait]
impl Tool for CommandTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let arguments =
            Arguments::deserialize(&*call.arguments).map_err(|error| ToolFailure::Retry {
                message: error.to_string(),
            })?;
        let program = arguments.argv.first().cloned().unwrap_or_default();
        if let Some(programs) = &self.programs
            && !programs.contains(&program)
        {
            return Err(ToolFailure::Failed {
                class: FailureClass::Denied,
                message: format!(
                    "program `{program}` may not be run (possible: {})",
                    programs.join(", ")
                ),
            });
        }
        let directory = self.directory(arguments.cwd.as_deref())?;
        let began = Instant::now();
        let ended = run(&arguments.argv, &directory, arguments.stdin.as_deref()).await;
        let ended = ended.map_err(|error| ToolFailure::Failed {
            class: FailureClass::NotExecuted,
            message: format!("program `{program}` was not started: {error}"),
        })?;
        let duration_ms = began.elapsed().as_secs_f64() * 1e3;
        finished(&program, arguments, ended, duration_ms)
    }
}

/// What a program that has ended gives.
fn finished(
    program: &str,
    arguments: Arguments,
    ended: Ended,
    duration_ms: f64,
) -> Result<ToolOutput, ToolFailure> {
    let code = ended.status.code();
    let text = String::from_utf8_lossy(&ended.stdout.bytes).into_owned();
    let parsed = match arguments.output {
        Output::Text => Ok(Value::from(text)),
        Output::Json => serde_json::from_str(&text).map_err(|error| (error.to_string(), text)),
    };
    let (stdout, unreadable) = match parsed {
        Ok(value) => (value, None),
        Err((error, text)) => (Value::from(text), Some(error)),
    };
    let stderr = String::from_utf8_lossy(&ended.stderr.bytes).into_owned();
    let lost = |name: &str, stream: &Stream| {
        (stream.lost > 0).then(|| format!("{} bytes of {name} were not kept", stream.lost))
    };
    let notes = [lost("stdout", &ended.stdout), lost("stderr", &ended.stderr)];
    let evidence = Evidence {
        method: "ran a program".to_owned(),
        tool: program.to_owned(),
        version: "not asked".to_owned(),
        command: Some(arguments.argv),
        exit_code: code,
        duration_ms: Some(duration_ms),
        notes: notes.into_iter().flatten().collect(),
        ..Evidence::default()
    };
    let why = match code {
        None => Some(format!(
            "program `{program}` was ended by a signal ({})",
            ended.status
        )),
        Some(code) if !arguments.ok_codes.contains(&code) => {
            let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
            let last = last.map(|line| format!(": {}", line.trim()));
            let last = last.unwrap_or_default();
            Some(format!(
                "program `{program}` ended with exit code {code}{last}"
            ))
        }
        Some(_) => {
            unreadable.map(|error| format!("what program `{program}` wrote is not JSON: {error}"))
        }
    };
    let output = ToolOutput {
        output: Arc::new(json!({"exit_code": code, "stdout": stdout, "stderr": stderr})),
        evidence: vec![evidence],
        usage: Usage::default(),
    };
    match why {
        None => Ok(output),
        Some(message) => Err(ToolFailure::Unsuccessful {
            message,
            output: Box::new(output),
        }),
    }
}
