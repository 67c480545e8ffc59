//! `tests.run`: a project's own tests, by the runners that are allowed.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{Runner, command, failed, retry, spec, text};

/// Bytes of the end of what the tests wrote that a model is shown.
const SHOWN: usize = 16 * 1024;

/// Runs the tests of a project.
#[derive(Debug)]
pub struct TestRun {
    directory: PathBuf,
    allowed: Vec<Runner>,
    timeout: Duration,
    spec: ToolSpec,
}

impl TestRun {
    /// Runs tests in a directory by these runners, each run for so long.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, allowed: &[Runner], timeout: Duration) -> Self {
        let names: Vec<&str> = allowed.iter().map(|it| it.as_str()).collect();
        let parameters = json!({
            "type": "object",
            "properties": {
                "runner": {"type": "string", "enum": names, "description": "without it, the one that fits the project"},
                "only": {"type": "string", "description": "run only tests whose names hold this"}
            },
            "additionalProperties": false
        });
        let what = format!(
            "Runs the project's own tests and tells whether they passed. Runners: {}.",
            names.join(", ")
        );
        Self {
            directory: directory.into(),
            allowed: allowed.to_vec(),
            timeout,
            // Tests are programs of the project: they can do what they like.
            spec: spec("tests.run", &what, Effect::External, parameters),
        }
    }

    fn runner(&self, call: &ToolCall) -> Result<Runner, ToolFailure> {
        let names = || {
            let names: Vec<&str> = self.allowed.iter().map(|it| it.as_str()).collect();
            names.join(", ")
        };
        let allowed = |it: &Runner| self.allowed.contains(it);
        match text(call, "runner") {
            Some(name) => Runner::named(name).filter(allowed).ok_or_else(|| {
                let message = format!("runner `{name}` is not allowed (possible: {})", names());
                failed(FailureClass::Denied, message)
            }),
            None => {
                let mut fitting = self.allowed.iter().filter(|it| it.fits(&self.directory));
                fitting.next().copied().ok_or_else(|| {
                    retry(format!(
                        "none of the allowed runners fits this project ({}); name one",
                        names()
                    ))
                })
            }
        }
    }
}

#[async_trait]
impl Tool for TestRun {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let runner = self.runner(&call)?;
        let only = text(&call, "only").filter(|it| !it.trim().is_empty());
        if only.is_some_and(|it| it.starts_with('-')) {
            return Err(retry(
                "`only` is a part of a name and cannot begin with `-`",
            ));
        }
        let argv = runner.command(only);
        let ended = command::ended(argv.clone(), &self.directory, self.timeout).await?;
        let written = [ended.stdout.text(), ended.stderr.text()].join("\n");
        let counts = runner.counts(&written);
        let count = |pick: fn((u64, u64)) -> u64| counts.map_or(Value::Null, |it| pick(it).into());
        let answer = json!({
            "runner": runner.as_str(),
            "passed": ended.code() == Some(0),
            "exit_code": ended.code(),
            "tests_passed": count(|it| it.0),
            "tests_failed": count(|it| it.1),
            "output": end_of(&written),
        });
        let mut output = ToolOutput::json(answer);
        output.evidence.push(ended.evidence(runner.as_str(), argv));
        Ok(output)
    }
}

/// The end of a text, where test runners say what came of it.
fn end_of(text: &str) -> String {
    let text = text.trim();
    let from = text.len().saturating_sub(SHOWN);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at));
    let end = text.get(from.unwrap_or(0)..).unwrap_or_default();
    if end.len() < text.len() {
        format!(
            "(the first {} bytes are left out)\n{end}",
            text.len() - end.len()
        )
    } else {
        end.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::testing::tool_call;

    async fn call(tool: &TestRun, arguments: Value) -> Result<Value, String> {
        let made = tool.call(tool_call(arguments)).await;
        made.map(|it| it.output.as_ref().clone())
            .map_err(|it| it.to_string())
    }

    #[test]
    fn the_end_of_what_was_written_is_shown() {
        let long = format!("{}é end", "a".repeat(SHOWN));
        assert!(end_of(&long).ends_with("é end") && end_of(&long).starts_with("(the first"));
    }

    #[tokio::test]
    async fn only_allowed_runners_start_and_nothing_becomes_a_flag() {
        let directory = tempfile::tempdir().unwrap();
        let tool = TestRun::new(directory.path(), &[Runner::Cargo], Duration::from_secs(60));
        let denied = call(&tool, json!({"runner": "npm"})).await.unwrap_err();
        assert_eq!(denied, "runner `npm` is not allowed (possible: cargo)");
        let unfit = call(&tool, json!({})).await.unwrap_err();
        assert!(unfit.contains("fits this project"), "{unfit}");
        std::fs::write(directory.path().join("Cargo.toml"), "[package]\n").unwrap();
        let flag = call(&tool, json!({"only": "--help"})).await.unwrap_err();
        assert!(flag.contains("cannot begin with"), "{flag}");
        // A project that cannot be built has not passed, and nothing is counted.
        let broken = call(&tool, json!({})).await.unwrap();
        assert_eq!(broken["passed"], json!(false));
        assert_eq!(broken["tests_passed"], Value::Null);
    }
}
