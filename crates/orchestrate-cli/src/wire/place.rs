//! Planner, executor and the analysis: what every run is made of.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_core::template::AgentRegistry;
use orchestrate_runtime::LocalExecutor;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::MetaOrchestrator;
use orchestrate_workflows::analysis_backend::{AnalysisBackend, AnalysisOptions};
use serde_json::Value;

use super::models::Models;
use crate::error::Failure;

/// Plans of less confidence are shown to a person before they run.
pub(crate) const ASK_BELOW: f64 = orchestrate_strategies::meta::ASK_BELOW;

/// The agents that a team can have.
pub(crate) fn registry() -> AgentRegistry {
    AgentRegistry::builtin()
}

/// The strategies by which a team can work.
pub(crate) fn catalog() -> Catalog {
    Catalog::builtin()
}

/// A plan for a task, with limits.
///
/// # Errors
/// When the task is empty or a hint is impossible.
pub(crate) fn compose(
    task: &str,
    context: Context,
    limits: Limits,
) -> Result<ExecutionPlan, Failure> {
    let registry = registry();
    let mut plan = MetaOrchestrator::new(&registry).analyze_and_compose(task, context)?;
    // A budget among the hints is a limit too; neither may loosen the other.
    plan.plan.limits = plan.plan.limits.tightest(limits);
    plan.bounds = bounds(&plan.plan);
    plan.digest = plan.plan.digest();
    Ok(plan)
}

/// An executor whose agents measure the repository at `path`, or ask models, within limits of its own,
/// recording in a journal if there is one. `about` is what whoever goes on with a run has to know.
///
/// # Errors
/// When there is no readable directory.
pub(crate) fn executor(
    path: &Path,
    options: AnalysisOptions,
    limits: Limits,
    models: &Models,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    let analysis = AnalysisBackend::new(path, options)?;
    let builder = LocalExecutor::builder();
    let builder = match models.backends() {
        Some([named, all]) => builder.backend(named).backend(analysis).backend(all),
        None => builder.backend(analysis),
    };
    let builder = match journal {
        Some(journal) => builder.journal(journal),
        None => builder,
    };
    Ok(builder.limits(limits).about(about).build()?)
}

/// The journal at an address; with `create` it is made if there is none.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn journal(url: &str, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
    orchestrate_store::open(url, create)
}
