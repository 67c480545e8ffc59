//! `shell.run`: programs that are on a list, with their arguments. No shell reads them.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::json;

use super::allow_list::AllowList;
use super::{command, failed, spec, texts};

/// Runs programs of an allow-list, with the usual variables only: no key reaches what a model starts.
///
/// An entry of the list is the beginning of a command: `cargo test` allows `cargo test --all` and not
/// `cargo publish`.
#[derive(Debug)]
pub struct Shell {
    directory: PathBuf,
    allowed: AllowList,
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
        let allowed = AllowList::new(allowed);
        let what = format!(
            "Runs a program in the project. Allowed are commands that begin with: {allowed}."
        );
        Self {
            directory: directory.into(),
            allowed,
            timeout,
            spec: spec("shell.run", &what, Effect::External, parameters),
        }
    }
}

#[async_trait]
impl Tool for Shell {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let argv = texts(&call, "argv")?;
        if !self.allowed.allows(&argv) {
            let message = format!(
                "`{}` is not allowed; {}",
                argv.join(" "),
                self.spec.description
            );
            return Err(failed(FailureClass::Denied, message));
        }
        command::run(argv, &self.directory, self.timeout).await
    }
}
