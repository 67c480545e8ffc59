//! `tests.run`: a project's own tests, by the runners that are allowed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{failed, shell, spec, text};

/// Bytes of the end of what the tests wrote that a model is shown.
const SHOWN: usize = 16 * 1024;

/// A program that runs the tests of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// `cargo test`.
    Cargo,
    /// `python3 -m pytest`.
    Pytest,
    /// `npm test`.
    Npm,
    /// `go test ./...`.
    Go,
}

impl Runner {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cargo, Self::Pytest, Self::Npm, Self::Go];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Pytest => "pytest",
            Self::Npm => "npm",
            Self::Go => "go",
        }
    }

    /// The runner of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Whether a project looks as if its tests were run so.
    fn fits(self, root: &Path) -> bool {
        let files: &[&str] = match self {
            Self::Cargo => &["Cargo.toml"],
            Self::Pytest => &[
                "pyproject.toml",
                "setup.py",
                "setup.cfg",
                "pytest.ini",
                "tox.ini",
            ],
            Self::Npm => &["package.json"],
            Self::Go => &["go.mod"],
        };
        files.iter().any(|file| root.join(file).is_file())
    }

    /// The command that runs all tests, or those whose names hold a text.
    fn command(self, only: Option<&str>) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Cargo => &["cargo", "test", "--quiet"],
            Self::Pytest => &["python3", "-m", "pytest", "-q"],
            Self::Npm => &["npm", "test", "--silent"],
            Self::Go => &["go", "test", "./..."],
        };
        let mut argv: Vec<String> = words.iter().map(|&it| it.to_owned()).collect();
        if let Some(only) = only {
            let before = match self {
                Self::Cargo | Self::Npm => "--",
                Self::Pytest => "-k",
                Self::Go => "-run",
            };
            argv.extend([before.to_owned(), only.to_owned()]);
        }
        argv
    }

    /// How many tests passed and failed, where the runner says so in a form that is known.
    fn counts(self, output: &str) -> Option<(u64, u64)> {
        let of = |line: &str, word: &str| {
            let words: Vec<&str> = line
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|it| !it.is_empty())
                .collect();
            let pairs = words.windows(2);
            pairs
                .filter_map(|pair| match pair {
                    [count, name] if *name == word => count.parse::<u64>().ok(),
                    _ => None,
                })
                .next()
        };
        match self {
            Self::Cargo => {
                let lines = output.lines().filter(|it| it.starts_with("test result:"));
                let each = lines.map(|it| Some((of(it, "passed")?, of(it, "failed")?)));
                let each: Vec<(u64, u64)> = each.collect::<Option<_>>()?;
                let sums = each
                    .iter()
                    .fold((0, 0), |(a, b), (passed, failed)| (a + passed, b + failed));
                (!each.is_empty()).then_some(sums)
            }
            Self::Pytest => {
                let last = output.lines().rev().find(|it| it.contains(" in "))?;
                let (passed, failed) = (of(last, "passed"), of(last, "failed"));
                (passed.is_some() || failed.is_some())
                    .then(|| (passed.unwrap_or(0), failed.unwrap_or(0)))
            }
            Self::Npm | Self::Go => None,
        }
    }
}

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
                    let message = format!(
                        "none of the allowed runners fits this project ({}); name one",
                        names()
                    );
                    ToolFailure::Retry { message }
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
            return Err(ToolFailure::Retry {
                message: "`only` is a part of a name and cannot begin with `-`".to_owned(),
            });
        }
        let argv = runner.command(only);
        let ended = shell::ended(argv.clone(), &self.directory, self.timeout).await?;
        let written = [&ended.stdout, &ended.stderr]
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .join("\n");
        let counts = runner.counts(&written);
        let count = |pick: fn((u64, u64)) -> u64| counts.map_or(Value::Null, |it| pick(it).into());
        let answer = json!({
            "runner": runner.as_str(),
            "passed": ended.status == Some(0),
            "exit_code": ended.status,
            "tests_passed": count(|it| it.0),
            "tests_failed": count(|it| it.1),
            "output": end_of(&written),
        });
        let mut output = ToolOutput::json(answer);
        output.evidence.push(shell::evidence(argv, &ended));
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
    use orchestrate_core::cancel::CancelSignal;
    use orchestrate_core::id::{RunId, StepPath};
    use std::sync::Arc;

    async fn call(tool: &TestRun, arguments: Value) -> Result<Value, String> {
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

    #[test]
    fn only_what_a_runner_says_is_counted() {
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored\nx\ntest result: FAILED. 1 passed; 2 failed;";
        assert_eq!(Runner::Cargo.counts(cargo), Some((4, 2)));
        assert_eq!(Runner::Cargo.counts("error: no"), None);
        let pytest = "....F\n1 failed, 4 passed in 0.12s\n";
        assert_eq!(Runner::Pytest.counts(pytest), Some((4, 1)));
        assert_eq!(Runner::Pytest.counts("3 errors in 0.1s"), None);
        assert_eq!(Runner::Go.counts("ok  \tx\t0.01s"), None);
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
