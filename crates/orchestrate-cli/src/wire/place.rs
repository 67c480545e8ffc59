//! Planner, executor and the analysis: what every run is made of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_core::learning::Lessons;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_core::template::AgentRegistry;
use orchestrate_runtime::LocalExecutor;
use orchestrate_store::Address;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::MetaOrchestrator;
use orchestrate_workflows::analysis_backend::{AnalysisBackend, AnalysisOptions};
use serde_json::Value;

use super::models::Models;
use crate::error::Failure;
use crate::settings::project_of;

/// Plans of less confidence are shown to a person before they run.
pub(crate) const ASK_BELOW: f64 = orchestrate_strategies::meta::ASK_BELOW;

/// The folder of a project in which things are kept.
pub(crate) const FOLDER: &str = ".orchestrate";

/// From which lower bound on a composition goes before the rules.
pub(crate) const PROVEN: f64 = orchestrate_strategies::meta::PROVEN;

/// Where things of a project are kept when nothing else is said.
pub(crate) fn store_of(project: &Path) -> Address {
    let root = project_of(project, FOLDER);
    // A short path where it can be: it stands in messages.
    let here = Path::new(".").canonicalize().is_ok_and(|here| here == root);
    let root = if here { PathBuf::new() } else { root };
    Address::Sqlite(root.join(FOLDER).join("store.db"))
}

/// The kind of a task, under which outcomes are recorded and lessons looked up.
///
/// # Errors
/// When the task is empty or a hint is impossible.
pub(crate) fn task_pattern(task: &str, context: &Context) -> Result<String, Failure> {
    let registry = registry();
    Ok(MetaOrchestrator::new(&registry).task_pattern(task, context)?)
}

/// The agents that a team can have.
pub(crate) fn registry() -> AgentRegistry {
    AgentRegistry::builtin()
}

/// The strategies by which a team can work.
pub(crate) fn catalog() -> Catalog {
    Catalog::builtin()
}

/// A plan for a task, with limits. `lessons` gives what was learned for its kind of task.
///
/// # Errors
/// When the task is empty or a hint is impossible.
pub(crate) fn compose(
    task: &str,
    context: Context,
    limits: Limits,
    lessons: impl FnOnce(&str) -> Option<Lessons>,
) -> Result<ExecutionPlan, Failure> {
    let registry = registry();
    let planner = MetaOrchestrator::new(&registry);
    let learned = lessons(&planner.task_pattern(task, &context)?);
    let planner = match &learned {
        Some(learned) => planner.with_lessons(learned),
        None => planner,
    };
    let mut plan = planner.analyze_and_compose(task, context)?;
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
