//! How an executor is made.

use std::sync::Arc;

use orchestrate_core::approval::Approver;
use orchestrate_core::backend::AgentBackend;
use orchestrate_core::clock::Clock;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::tool::Tool;
use orchestrate_strategies::catalog::Catalog;
use serde_json::Value;

use super::assign::Backends;
use super::executor::{LocalExecutor, startable};
use super::tools::Tools;
use crate::clock::SystemClock;
use crate::error::RunError;
use crate::policy::ApprovalPolicy;

/// Makes a [`LocalExecutor`].
#[derive(Debug, Default)]
#[must_use = "call `build`"]
pub struct LocalExecutorBuilder {
    backends: Backends,
    tools: Tools,
    approver: Option<Arc<dyn Approver>>,
    limits: Limits,
    clock: Option<Arc<dyn Clock>>,
    catalog: Option<Catalog>,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
}

impl LocalExecutorBuilder {
    /// Adds a backend. An agent is run by the first backend, in the order added, that supports it.
    pub fn backend(self, backend: impl AgentBackend + 'static) -> Self {
        self.shared_backend(Arc::new(backend))
    }

    /// Adds a backend that others hold too.
    pub fn shared_backend(mut self, backend: Arc<dyn AgentBackend>) -> Self {
        self.backends.add(backend);
        self
    }

    /// Adds a tool that steps may call. One that is added later takes the place of one of its name.
    pub fn tool(self, tool: impl Tool + 'static) -> Self {
        self.shared_tool(Arc::new(tool))
    }

    /// Adds a tool that others hold too.
    pub fn shared_tool(mut self, tool: Arc<dyn Tool>) -> Self {
        self.tools.add(tool);
        self
    }

    /// Asks a person before a step calls a tool that the policy names; see [`LocalExecutorBuilder::approver`].
    pub fn ask_before(mut self, policy: ApprovalPolicy) -> Self {
        self.tools.ask_by(policy);
        self
    }

    /// Who asks people. Without one every question waits, and the run ends as paused once nothing
    /// else is left to do.
    pub fn approver(mut self, approver: impl Approver + 'static) -> Self {
        self.approver = Some(Arc::new(approver));
        self
    }

    /// Limits that hold in addition to those of each plan.
    ///
    /// Without `concurrency` nothing bounds the attempts at the same time but the plan itself:
    /// attempts that wait cost no thread. Plans bound single groups with `max_concurrency`.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The clock that events are stamped with, instead of the [`SystemClock`]. Timeouts are tokio's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The strategies that plans may name, instead of the built-in ones.
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Records every run: nothing is begun and nothing is told before it is recorded, and a run that
    /// cannot be recorded any more stops.
    pub fn journal(mut self, journal: Arc<dyn RunJournal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// What whoever goes on with a recorded run has to know, for example which repository it is about.
    pub fn about(mut self, about: Value) -> Self {
        self.about = about;
        self
    }

    /// The executor.
    ///
    /// # Errors
    /// [`RunError::NoBackend`] without any backend and any tool, [`RunError::NoConcurrency`] when nothing could start.
    pub fn build(self) -> Result<LocalExecutor, RunError> {
        if self.backends.0.is_empty() && self.tools.specs().is_empty() {
            return Err(RunError::NoBackend);
        }
        startable(self.limits)?;
        Ok(LocalExecutor {
            backends: self.backends,
            tools: self.tools,
            approver: self.approver,
            limits: self.limits,
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            catalog: self.catalog.unwrap_or_else(Catalog::builtin),
            journal: self.journal,
            about: self.about,
            planning: Usage::default(),
        })
    }
}
