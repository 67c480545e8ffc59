//! Programs with their arguments, never a line for a shell: what steps of plans run.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::allow_list::AllowList;
use super::{failed, retry, spec};
use crate::process::{Ended, Environment, Program};

/// Runs programs below a directory, with all of our variables. What a call starts is ended with all its
/// children when the call is cancelled or its time is over.
///
/// Arguments: `argv` (the program and its arguments, as they are), `cwd` (below the directory), `stdin`,
/// `parse` (`text` or `json`: how stdout is read), `ok_codes` (default `[0]`). It gives
/// `{exit_code, stdout, stderr}`, or only stdout where that was chosen; another exit code is a failure
/// that carries all three.
#[derive(Debug)]
pub struct ProgramTool {
    spec: ToolSpec,
    directory: PathBuf,
    allowed: Option<AllowList>,
    gives_stdout: bool,
}

/// How stdout is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Parse {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    argv: Vec<Word>,
    #[serde(default)]
    cwd: Option<PathBuf>,
    #[serde(default)]
    stdin: Option<String>,
    #[serde(default)]
    parse: Parse,
    #[serde(default = "zero")]
    ok_codes: Vec<i32>,
}

/// An argument of a program. What an earlier step gave may be a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(serde_json::Number),
    Bool(bool),
}

impl Word {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Bool(word) => word.to_string(),
        }
    }
}

fn zero() -> Vec<i32> {
    vec![0]
}

impl ProgramTool {
    /// The tool `run`, for any program, with the effect `external`: a program can change anything.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let what = "Runs a program with arguments (no shell) and gives its exit code and output.";
        Self {
            spec: spec("run", what, Effect::External, parameters()),
            directory: directory.into(),
            allowed: None,
            gives_stdout: false,
        }
    }

    /// The same tool under another name and effect, for programs that are known to change less.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>, effect: Effect) -> Self {
        self.spec.name = name.into();
        self.spec.effect = effect;
        self
    }

    /// The same tool for these commands only, each named by its beginning: `git`, `cargo test`.
    #[must_use]
    pub fn only(mut self, commands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.allowed = Some(AllowList::new(commands));
        self
    }

    /// The same tool with stdout alone as what it gives when all is well.
    #[must_use]
    pub fn giving_stdout(mut self) -> Self {
        self.spec.description =
            "Runs a program with arguments (no shell) and gives what it writes.".to_owned();
        self.gives_stdout = true;
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
            let below = below.display();
            Err(retry(format!(
                "`cwd` leads out of the directory: `{below}`"
            )))
        }
    }

    /// What a program that has ended gives.
    fn given(
        &self,
        argv: Vec<String>,
        parse: Parse,
        ok_codes: &[i32],
        ended: &Ended,
    ) -> Result<ToolOutput, ToolFailure> {
        let program = argv.first().cloned().unwrap_or_default();
        let (stdout, unreadable) = read(parse, ended);
        let stderr = ended.stderr.text();
        let problem = if ended.code().is_some_and(|code| ok_codes.contains(&code)) {
            unreadable.map(|error| format!("what program `{program}` wrote is not JSON: {error}"))
        } else {
            let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
            let last = last.map(|line| format!(": {}", line.trim()));
            let how = ended.told();
            Some(format!(
                "program `{program}` {how}{}",
                last.unwrap_or_default()
            ))
        };
        let output = if self.gives_stdout && problem.is_none() {
            stdout
        } else {
            json!({"exit_code": ended.code(), "stdout": stdout, "stderr": stderr})
        };
        let output = ToolOutput {
            output: Arc::new(output),
            evidence: vec![ended.evidence(program, argv)],
            usage: Usage::default(),
        };
        match problem {
            None => Ok(output),
            Some(message) => Err(ToolFailure::Unsuccessful {
                message,
                output: Box::new(output),
            }),
        }
    }
}

/// What a program wrote: read as it is to be, or as a text with why it could not be read so.
fn read(parse: Parse, ended: &Ended) -> (Value, Option<String>) {
    let text = ended.stdout.text();
    if parse == Parse::Text {
        return (text.into(), None);
    }
    match serde_json::from_str(&text) {
        Ok(value) => (value, None),
        Err(_) if ended.stdout.dropped > 0 => {
            let kept = ended.stdout.bytes.len();
            let error = format!("it is too long, only {kept} bytes of it are kept");
            (text.into(), Some(error))
        }
        Err(error) => (text.into(), Some(error.to_string())),
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
                "items": {"type": ["string", "number", "boolean"]},
                "minItems": 1,
                "description": "The program and its arguments."
            },
            "cwd": {"type": "string", "description": "Where it runs, below the directory."},
            "stdin": {"type": "string", "description": "What it reads."},
            "parse": {"enum": ["text", "json"], "description": "How stdout is read; as a text without it."},
            "ok_codes": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "Exit codes that are no failure; without it 0."
            }
        }
    })
}

#[async_trait]
impl Tool for ProgramTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let arguments = Arguments::deserialize(&*call.arguments);
        let arguments = arguments.map_err(|error| retry(error.to_string()))?;
        let argv: Vec<String> = arguments.argv.into_iter().map(Word::into_text).collect();
        if let Some(allowed) = &self.allowed
            && !allowed.allows(&argv)
        {
            let command = argv.join(" ");
            let message = format!("`{command}` may not be run (possible: {allowed})");
            return Err(failed(FailureClass::Denied, message));
        }
        let program = Program {
            environment: Environment::Whole,
            input: arguments.stdin.map(String::into_bytes),
            // How long it may take is the matter of the step.
            ..Program::new(argv.clone(), self.directory(arguments.cwd.as_deref())?)
        };
        let ended = program.run().await;
        let ended = ended.map_err(|error| failed(error.class(), error.told()))?;
        self.given(argv, arguments.parse, &arguments.ok_codes, &ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::testing::tool_call;

    async fn check(tool: &ProgramTool, arguments: Value, expected: Expect) {
        let shown = match tool.call(tool_call(arguments)).await {
            Ok(output) => output.output.to_string(),
            Err(ToolFailure::Unsuccessful { message, output }) => {
                format!("{message}\n{}", output.output)
            }
            Err(failure) => failure.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[tokio::test]
    async fn stdout_alone_is_given_when_all_is_well_and_everything_when_not() {
        let tool = ProgramTool::new(".").giving_stdout();
        let echo = |parse: &str| json!({"argv": ["echo", 1, true, "$HOME"], "parse": parse});
        check(&tool, echo("text"), expect![[r#""1 true $HOME\n""#]]).await;
        check(
            &tool,
            echo("json"),
            expect![[r#"
            what program `echo` wrote is not JSON: trailing characters at line 1 column 3
            {"exit_code":0,"stdout":"1 true $HOME\n","stderr":""}"#]],
        )
        .await;
        let list = json!({"argv": ["echo", "[1]"], "parse": "json"});
        check(&tool, list, expect!["[1]"]).await;
        let script = "echo some; echo bad >&2; exit 3";
        let fails = json!({"argv": ["sh", "-c", script]});
        check(
            &tool,
            fails,
            expect![[r#"
            program `sh` ended with exit code 3: bad
            {"exit_code":3,"stdout":"some\n","stderr":"bad\n"}"#]],
        )
        .await;
        let fine = json!({"argv": ["sh", "-c", script], "ok_codes": [0, 3]});
        check(&tool, fine, expect![[r#""some\n""#]]).await;
        let missing = json!({"argv": ["no-such-program-at-all"]});
        check(
            &tool,
            missing,
            expect![
                "`no-such-program-at-all` cannot be started: No such file or directory (os error 2)"
            ],
        )
        .await;
        let killed = json!({"argv": ["sh", "-c", "kill -9 $$"]});
        check(
            &tool,
            killed,
            expect![[r#"
            program `sh` was ended by signal: 9 (SIGKILL)
            {"exit_code":null,"stdout":"","stderr":""}"#]],
        )
        .await;
    }
}
