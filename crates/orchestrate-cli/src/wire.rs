//! What is wired to what: the only place that names concrete adapters.

use std::collections::BTreeMap;
use std::path::Path;

use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{AgentChoice, ExecutionPlan};
use orchestrate_core::task::Context;
use orchestrate_core::template::AgentRegistry;
use orchestrate_core::tool::Effect;
use orchestrate_runtime::{LocalExecutor, ProgramTool};
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::definition::{PROGRAM_TOOLS, Workflow};
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::MetaOrchestrator;
use orchestrate_workflows::analysis_backend::{AGENTS, AnalysisBackend, AnalysisOptions};

use crate::cmd::Terminal;
use crate::definitions;
use crate::error::Failure;

/// Plans of less confidence are shown to a person before they run.
pub(crate) const ASK_BELOW: f64 = orchestrate_strategies::meta::ASK_BELOW;

/// The agents that come with the program.
pub(crate) fn builtin_agents() -> AgentRegistry {
    AgentRegistry::builtin()
}

/// The agents that a team in a project can have: the built-in ones, and those of the project's own files.
///
/// # Errors
/// Everything that is wrong with a file of agents.
pub(crate) fn registry(project: &Path) -> Result<AgentRegistry, Failure> {
    let mut registry = builtin_agents();
    definitions::add_agents(&mut registry, &catalog(), project)?;
    Ok(registry)
}

/// The tools that steps can call, and what they can change.
pub(crate) fn tool_effects() -> BTreeMap<String, Effect> {
    PROGRAM_TOOLS
        .iter()
        .map(|(name, effect)| ((*name).to_owned(), *effect))
        .collect()
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
    project: &Path,
) -> Result<ExecutionPlan, Failure> {
    let registry = registry(project)?;
    let mut plan = MetaOrchestrator::new(&registry).analyze_and_compose(task, context)?;
    // A budget among the hints is a limit too; neither may loosen the other.
    plan.plan.limits = plan.plan.limits.tightest(limits);
    plan.bounds = bounds(&plan.plan);
    plan.digest = plan.plan.digest();
    Ok(plan)
}

/// A workflow as a plan that can be looked at and saved like any other, with limits.
///
/// # Errors
/// When its description is no task.
pub(crate) fn planned(
    workflow: Workflow,
    limits: Limits,
    project: &Path,
) -> Result<ExecutionPlan, Failure> {
    let registry = registry(project)?;
    let mut plan = workflow.plan;
    plan.limits = plan.limits.tightest(limits);
    let analysis = MetaOrchestrator::new(&registry).analyze(&plan.task, &Context::new())?;
    let file = workflow.files.first().map_or("", String::as_str);
    let agents = plan.agents.values().map(|agent| AgentChoice {
        id: agent.id.clone(),
        role: agent.template.role.clone(),
        tier: agent.tier,
        why: format!("`{file}` names it"),
    });
    let bounds = bounds(&plan);
    Ok(ExecutionPlan {
        task: plan.task.clone(),
        quality_gates: BTreeMap::new(),
        requirements: analysis.requirements,
        agents: agents.collect(),
        strategy: format!("workflow {}", workflow.name),
        estimated_cost: bounds.cost.expected,
        estimated_duration: bounds.latency_ms.expected / 1000,
        reasons: vec![format!("it is what `{file}` defines")],
        confidence: 1.0,
        bounds,
        digest: plan.digest(),
        plan,
    })
}

/// An executor whose agents measure the repository at `path`, within limits of its own. When it
/// `asks`, decisions are asked for at the terminal; otherwise a run that needs one pauses.
///
/// # Errors
/// When there is no readable directory.
pub(crate) fn executor(
    path: &Path,
    options: AnalysisOptions,
    limits: Limits,
    asks: bool,
) -> Result<LocalExecutor, Failure> {
    let analysis = AnalysisBackend::new(path, options)?;
    let mut builder = LocalExecutor::builder().backend(analysis);
    for (name, effect) in PROGRAM_TOOLS {
        builder = builder.tool(ProgramTool::new(name, effect, path));
    }
    if asks {
        builder = builder.approver(Terminal::default());
    }
    Ok(builder.limits(limits).build()?)
}
