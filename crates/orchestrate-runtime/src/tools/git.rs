//! `git.status`, `git.diff`, `git.log`, `git.show`: the history of the project, read only.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{command, retry, spec, text};

/// Longer than this no reading of a history takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One verb of git that changes nothing.
#[derive(Debug)]
pub struct Git {
    directory: PathBuf,
    verb: &'static str,
    fixed: &'static [&'static str],
    spec: ToolSpec,
}

impl Git {
    /// All of them, for a directory.
    #[must_use]
    pub fn all(directory: impl Into<PathBuf>) -> Vec<Self> {
        let directory = directory.into();
        let one = |verb, fixed, what: &str| {
            let parameters = json!({
                "type": "object",
                "properties": {
                    "revision": {"type": "string", "description": "a commit, branch, tag or range"},
                    "path": {"type": "string", "description": "only this file or directory"}
                },
                "additionalProperties": false
            });
            Self {
                directory: directory.clone(),
                verb,
                fixed,
                spec: spec(&format!("git.{verb}"), what, Effect::Read, parameters),
            }
        };
        vec![
            one(
                "status",
                &["--short", "--branch"],
                "What is changed and not committed.",
            ),
            one(
                "diff",
                &["--no-ext-diff", "--no-textconv"],
                "The changes as a patch; against the index, or of a revision.",
            ),
            one(
                "log",
                &["--oneline", "--decorate", "-n", "50"],
                "The last 50 commits.",
            ),
            one(
                "show",
                &["--no-ext-diff", "--no-textconv"],
                "A commit with its changes.",
            ),
        ]
    }
}

#[async_trait]
impl Tool for Git {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let mut argv = vec!["git".to_owned(), "--no-pager".to_owned()];
        // No setting of a repository may start a program.
        argv.extend(
            [
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=/dev/null",
            ]
            .map(str::to_owned),
        );
        argv.push(self.verb.to_owned());
        argv.extend(self.fixed.iter().map(|it| (*it).to_owned()));
        if let Some(revision) = text(&call, "revision") {
            // What begins with a dash would be an option.
            if revision.starts_with('-') {
                return Err(retry("`revision` must be a commit, branch, tag or range"));
            }
            argv.push(revision.to_owned());
        }
        argv.push("--".to_owned());
        argv.extend(
            call.arguments
                .get("path")
                .and_then(Value::as_str)
                .map(str::to_owned),
        );
        command::run(argv, &self.directory, TIMEOUT).await
    }
}
