//! The backend itself: which step is meant, and what it is given.

use async_trait::async_trait;
use orchestrate_core::backend::{AgentBackend, AgentFailure, AgentInput, AgentOutput};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::session::Session;
use crate::analysis_backend::{AnalysisBackend, AnalysisOptions};
use crate::error::WorkflowError;
use crate::programs::Progress;
use crate::test_coverage::inputs::{ANALYZER, TestCoverage, VALIDATOR};

/// Measures the coverage of a repository's tests and checks new ones, all in one copy of the repository.
/// The tests that it is given are run, with the rights of this process.
#[derive(Debug)]
pub struct TestCoverageBackend {
    pub(super) analysis: AnalysisBackend,
    pub(super) progress: Progress,
    /// The copy of the run that asked last; whoever holds it runs something there.
    pub(super) session: Mutex<Option<Session>>,
}

impl TestCoverageBackend {
    /// A backend for the repository at `root`. Which programs may be started is for the plan to say.
    ///
    /// # Errors
    /// [`WorkflowError::Path`] when there is no readable directory there.
    pub fn new(
        root: impl Into<std::path::PathBuf>,
        options: AnalysisOptions,
    ) -> Result<Self, WorkflowError> {
        let progress = options.progress.clone();
        Ok(Self {
            analysis: AnalysisBackend::new(root, options)?,
            progress,
            session: Mutex::new(None),
        })
    }
}

#[async_trait]
impl AgentBackend for TestCoverageBackend {
    fn name(&self) -> &'static str {
        "test-coverage"
    }

    fn supports(&self, agent: &Agent) -> bool {
        [ANALYZER, VALIDATOR].contains(&agent.template.id.as_str())
    }

    /// Everything happens in a copy that only this process knows.
    fn effect(&self, _agent: &Agent) -> Effect {
        Effect::Read
    }

    /// No model takes part.
    fn reservation(&self, _agent: &Agent) -> Usage {
        Usage::one_call()
    }

    async fn run(&self, input: AgentInput) -> Result<AgentOutput, AgentFailure> {
        if input.cancel.is_raised() {
            return Err(AgentFailure::reported("stopped before it began"));
        }
        if input.agent.template.id == ANALYZER {
            self.measure(&input).await
        } else if input.input("candidate").is_some() {
            self.validate(&input).await
        } else {
            self.measure_again(&input).await
        }
    }
}

/// What the workflow was told.
pub(super) fn workflow(input: &AgentInput) -> Result<TestCoverage, AgentFailure> {
    let given = input.context.get("inputs").cloned().unwrap_or_default();
    serde_json::from_value(given).map_err(|error| unreadable("inputs", &error))
}

/// A value that the plan binds for a step.
pub(super) fn bound<T: DeserializeOwned>(
    input: &AgentInput,
    name: &str,
) -> Result<T, AgentFailure> {
    let value = input.input(name).map(|value| (**value).clone());
    serde_json::from_value(value.unwrap_or_default()).map_err(|error| unreadable(name, &error))
}

fn unreadable(name: &str, error: &serde_json::Error) -> AgentFailure {
    AgentFailure::new(
        FailureClass::Input,
        format!("`{name}` of this step is not what it should be: {error}"),
    )
}
