//! The programs that an analysis may start when it is asked to, and within which bounds. By default none.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::external::ExternalTool;

/// The programs that an analysis may start. Starting any needs an async runtime with IO and time enabled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Programs {
    /// Run the project's own tests under coverage, each project for at most so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests_seconds: Option<u64>,
    /// Run these external tools, if they are installed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ExternalTool>,
    /// How long each tool may take, in seconds; none stands for [`Programs::TOOL_SECONDS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_seconds: Option<u64>,
}

impl Programs {
    /// How long the tests of one project may take unless told otherwise, in seconds.
    pub const TESTS_SECONDS: u64 = 1800;

    /// How long a tool may take unless told otherwise, in seconds.
    pub const TOOL_SECONDS: u64 = 600;

    /// How long each tool may take.
    #[must_use]
    pub fn tool_time(&self) -> Duration {
        Duration::from_secs(self.tool_seconds.unwrap_or(Self::TOOL_SECONDS))
    }

    /// How long the programs of an agent may take altogether; none when it starts none. Tests are
    /// those of up to eight projects in each of four languages, in three steps each; whoever has so
    /// many will limit the whole run.
    #[must_use]
    pub fn longest(&self, agent: &str) -> Option<Duration> {
        let tests = match (agent, self.tests_seconds) {
            ("test_coverage_analyzer", Some(seconds)) => seconds.saturating_mul(3 * 4 * 8),
            _ => 0,
        };
        let tools = self
            .tools
            .iter()
            .filter(|tool| tool.is_run_by(agent))
            .count() as u64;
        let all = tests.saturating_add(tools.saturating_mul(self.tool_time().as_secs()));
        (all > 0).then(|| Duration::from_secs(all))
    }

    /// Whether none may be started.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Who is told what is being run; nobody by default. It must not block.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<Tell>>);

type Tell = dyn Fn(&str) + Send + Sync;

impl Progress {
    /// Tells it to a function.
    #[must_use]
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Says what is being done, as a fragment.
    pub fn say(&self, what: &str) {
        if let Some(tell) = &self.0 {
            tell(what);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}
