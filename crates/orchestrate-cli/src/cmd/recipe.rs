//! What a recorded run has to know of the call that began it, so that another process can go on with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser as _;
use orchestrate_core::journal::Pinned;
use orchestrate_core::learning::{AgentConfiguration, AgentSeat};
use orchestrate_workflows::scenarios::Scenarios;
use orchestrate_workflows::{HealthCheck, ReleasePrep, TestCoverage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::Call;
use crate::args::{Cli, Verb};
use crate::error::{CliError, Failure};

/// The command line that began a run, where it was given, and what it was settled to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// The words of the command line, the program left out.
    arguments: Vec<String>,
    /// The directory in which it was given; its paths are relative to it.
    directory: PathBuf,
    /// What the workflow was told, all settings included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) workflow: Option<ReleasePrep>,
    /// The same of a health check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health_check: Option<HealthCheck>,
    /// The same of scenarios, the file that describes them included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scenarios: Option<Scenarios>,
    /// The same of a test coverage boost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) test_coverage: Option<TestCoverage>,
    /// What is learned from, if a planner composed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    composition: Option<Composition>,
}

/// A composition without any record.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Composition {
    task_pattern: String,
    agents: Vec<AgentSeat>,
    strategy: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    quality_gates: BTreeMap<String, Value>,
}

impl Recipe {
    /// The recipe of a run that this call begins.
    pub(crate) fn of_call(call: &Call, composition: Option<&AgentConfiguration>) -> Self {
        Self {
            arguments: call.arguments.clone(),
            // Without a directory to stand in, relative paths mean nothing to anybody.
            directory: std::env::current_dir().unwrap_or_default(),
            workflow: None,
            health_check: None,
            scenarios: None,
            test_coverage: None,
            composition: composition.map(|it| Composition {
                task_pattern: it.task_pattern.clone(),
                agents: it.agents.clone(),
                strategy: it.strategy.clone(),
                quality_gates: it.quality_gates.clone(),
            }),
        }
    }

    /// The same for a release preparation.
    pub(crate) fn of_release_prep(self, workflow: &ReleasePrep) -> Self {
        Self {
            workflow: Some(workflow.clone()),
            ..self
        }
    }

    /// The same for a health check.
    pub(crate) fn of_health_check(self, workflow: &HealthCheck) -> Self {
        Self {
            health_check: Some(workflow.clone()),
            ..self
        }
    }

    /// The same for scenarios.
    pub(crate) fn of_scenarios(self, inputs: &Scenarios) -> Self {
        Self {
            scenarios: Some(inputs.clone()),
            ..self
        }
    }

    /// The same for a test coverage boost.
    pub(crate) fn of_test_coverage(self, workflow: &TestCoverage) -> Self {
        Self {
            test_coverage: Some(workflow.clone()),
            ..self
        }
    }

    /// The composition that the run is to teach something of.
    pub(crate) fn composition(&self) -> Option<AgentConfiguration> {
        let it = self.composition.clone()?;
        let mut composed = AgentConfiguration::composed(it.task_pattern, it.agents, it.strategy);
        composed.quality_gates = it.quality_gates;
        Some(composed)
    }

    /// The recipe of a recorded run.
    ///
    /// # Errors
    /// When something else than this program began the run.
    pub(crate) fn of(pinned: &Pinned) -> Result<Self, Failure> {
        serde_json::from_value(pinned.about.clone()).map_err(|_| {
            CliError::arguments(
                format!(
                    "`{}` was not begun by a verb of this program",
                    pinned.run_id
                ),
                "go on with it where it was begun, with `LocalExecutor::resume`",
            )
            .into()
        })
    }

    /// The recipe as it is recorded.
    pub(crate) fn about(&self) -> Value {
        // Paths and numbers can always be written.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Stands where the run was begun, and gives the verb that began it.
    ///
    /// # Errors
    /// When the directory is not there any more, or this version does not know the command line.
    pub(crate) fn enter(&self) -> Result<Verb, Failure> {
        std::env::set_current_dir(&self.directory).map_err(|source| CliError::Read {
            path: self.directory.clone(),
            source,
        })?;
        let words = std::iter::once("orchestrate").chain(self.arguments.iter().map(String::as_str));
        let cli = Cli::try_parse_from(words).map_err(|error| {
            CliError::arguments(
                format!("this version does not know the command line that began the run: {error}"),
                "use the version that began it",
            )
        })?;
        Ok(cli.verb)
    }
}
