//! What is wired to what: the only place that names concrete adapters.

use std::path::Path;

use orchestrate_core::limits::Limits;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_core::template::AgentRegistry;
use orchestrate_runtime::{CommandTool, LocalExecutor};
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::MetaOrchestrator;
use orchestrate_workflows::analysis_backend::{AGENTS, AnalysisBackend, AnalysisOptions};

use crate::approver::CommandLineApprover;
use crate::args::Decision;
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

/// The backend that runs an agent, by the id of its template; none when nothing here can.
pub(crate) fn backend_of(template: &str) -> Option<&'static str> {
    AGENTS.contains(&template).then_some("analysis")
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

/// An executor whose agents measure the repository at `path`, within limits of its own, whose tool
/// `run` starts programs there, and that is given decisions for steps that ask.
///
/// # Errors
/// When there is no readable directory.
pub(crate) fn executor(
    path: &Path,
    options: AnalysisOptions,
    limits: Limits,
    decisions: Vec<Decision>,
) -> Result<LocalExecutor, Failure> {
    let analysis = AnalysisBackend::new(path, options)?;
    let builder = LocalExecutor::builder()
        .backend(analysis)
        .tool(CommandTool::new(path))
        .approver(CommandLineApprover::new(decisions));
    Ok(builder.limits(limits).build()?)
}
