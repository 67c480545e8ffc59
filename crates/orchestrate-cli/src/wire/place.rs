//! Planner, executor and the analysis: what every run is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_core::backend::AgentBackend;
use orchestrate_core::error::similar;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::learning::Lessons;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{AgentChoice, ExecutionPlan};
use orchestrate_core::task::Context;
use orchestrate_core::template::{AgentRegistry, AgentTemplate, HealthBoard};
use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::recorded::Recording;
use orchestrate_runtime::tools::ProgramTool;
use orchestrate_store::Address;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::definition::Workflow;
use orchestrate_strategies::graph::bounds;
use orchestrate_strategies::meta::MetaOrchestrator;
use orchestrate_workflows::analysis_backend::{AnalysisBackend, AnalysisOptions};
use serde_json::Value;

use super::models::Models;
use super::runners::Runners;
use super::tools;
use crate::approver::CommandLineApprover;
use crate::args::Decision;
use crate::definitions;
use crate::error::{CliError, Failure};
use crate::settings::{AgentSettings, project_of};

/// Plans of less confidence are shown to a person before they run.
pub(crate) const ASK_BELOW: f64 = orchestrate_strategies::meta::ASK_BELOW;

/// The folder of a project in which things are kept.
pub(crate) const FOLDER: &str = ".orchestrate";

/// From which lower bound on a composition goes before the rules.
pub(crate) const PROVEN: f64 = orchestrate_strategies::meta::PROVEN;

/// Where things of a project are kept when nothing else is said.
pub(crate) fn store_of(project: &Path) -> Address {
    Address::Sqlite(folder_of(project).join("store.db"))
}

/// The folder of a project that belongs to this program.
pub(crate) fn folder_of(project: &Path) -> PathBuf {
    let root = project_of(project, FOLDER);
    // A short path where it can be: it stands in messages.
    let here = Path::new(".").canonicalize().is_ok_and(|here| here == root);
    let root = if here { PathBuf::new() } else { root };
    root.join(FOLDER)
}

/// The kind of a task, under which outcomes are recorded and lessons looked up.
///
/// # Errors
/// When the task is empty or a hint is impossible.
pub(crate) fn task_pattern(
    task: &str,
    context: &Context,
    project: &Path,
) -> Result<String, Failure> {
    // How many tokens agents may use does not matter to it.
    let registry = registry(project, &AgentSettings::default())?;
    Ok(MetaOrchestrator::new(&registry).task_pattern(task, context)?)
}

/// The agents that come with the program.
pub(crate) fn builtin_agents() -> AgentRegistry {
    AgentRegistry::builtin()
}

/// The agents that a team in a project can have, as the settings change them: the built-in ones, and those
/// of the project's own files.
///
/// # Errors
/// Everything that is wrong with a file of agents, and settings of an agent that does not exist.
pub(crate) fn registry(project: &Path, settings: &AgentSettings) -> Result<AgentRegistry, Failure> {
    let mut registry = builtin_agents();
    definitions::add_agents(&mut registry, &catalog(), project)?;
    if settings.max_tokens.is_empty() {
        return Ok(registry);
    }
    let known: Vec<&str> = registry.iter().map(|it| it.id.as_str()).collect();
    let ids = settings.max_tokens.keys().map(String::as_str);
    let mut unknown = ids.filter(|id| *id != AgentSettings::EVERY && !known.contains(id));
    if let Some(id) = unknown.next() {
        let advice = match similar(id, known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("possible: {}", known.join(", ")),
        };
        return Err(CliError::Service {
            section: format!("agents.{id}"),
            problem: format!(
                "there is no such agent; {advice} An agent that a workflow defines has its `max_tokens` there"
            ),
        }
        .into());
    }
    let set: Vec<AgentTemplate> = registry
        .iter()
        .filter_map(|template| {
            let tokens = settings.max_tokens_of(&template.id)?;
            let mut template = (**template).clone();
            let needs = &mut template.resource_requirements;
            needs.max_tokens = tokens;
            needs.min_tokens = needs.min_tokens.min(tokens);
            Some(template)
        })
        .collect();
    for template in set {
        registry.replace(template)?;
    }
    Ok(registry)
}

/// The strategies by which a team can work.
pub(crate) fn catalog() -> Catalog {
    Catalog::builtin()
}

/// What a planner is handed of what runs taught.
#[derive(Debug)]
pub(crate) struct Learned {
    pub(crate) lessons: Lessons,
    /// How agents fared of late.
    pub(crate) health: HealthBoard,
}

/// A plan for a task, with limits. `lessons` gives what was learned for its kind of task.
///
/// # Errors
/// When the task is empty or a hint is impossible.
pub(crate) fn compose(
    task: &str,
    context: Context,
    limits: Limits,
    project: &Path,
    agents: &AgentSettings,
    lessons: impl FnOnce(&str) -> Option<Learned>,
) -> Result<ExecutionPlan, Failure> {
    let registry = registry(project, agents)?;
    let planner = MetaOrchestrator::new(&registry);
    let learned = lessons(&planner.task_pattern(task, &context)?);
    let planner = match &learned {
        // Nobody here gives signs of life that could have stopped, so the time does not matter.
        Some(learned) => planner
            .with_lessons(&learned.lessons)
            .with_health(&learned.health, 0),
        None => planner,
    };
    let mut plan = planner.analyze_and_compose(task, context)?;
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
    // How many tokens agents may use does not matter to the analysis.
    let registry = registry(project, &AgentSettings::default())?;
    let mut plan = workflow.plan;
    plan.limits = plan.limits.tightest(limits);
    let analysis = MetaOrchestrator::new(&registry).analyze(&plan.task, &Context::new())?;
    let file = workflow.files.first().map_or("", String::as_str);
    let agents = plan.agents.values().map(|agent| AgentChoice {
        id: agent.id.clone(),
        role: agent.template.role.clone(),
        tier: agent.tier,
        seat: None,
        why: format!("`{file}` names it"),
    });
    let bounds = bounds(&plan);
    Ok(ExecutionPlan {
        task: plan.task.clone(),
        quality_gates: BTreeMap::new(),
        requirements: analysis.requirements,
        // A planner composed nothing here, so there is nothing to learn for planners.
        task_pattern: String::new(),
        agents: agents.collect(),
        strategy: format!("workflow {}", workflow.name),
        estimated_cost: bounds.cost.expected,
        estimated_duration: bounds.latency_ms.expected / 1000,
        reasons: vec![format!("it is what `{file}` defines")],
        confidence: 1.0,
        learned: None,
        bounds,
        digest: plan.digest(),
        plan,
    })
}

/// An executor whose agents answer from a recording and read nothing.
///
/// # Errors
/// When the executor cannot be made.
pub(crate) fn demo_executor(recording: Recording) -> Result<LocalExecutor, Failure> {
    let models = Models::recorded(recording);
    let mut builder = LocalExecutor::builder();
    let alone = Runners::default();
    if let Some(backend) = models.model_backend(Path::new("."), &alone)? {
        builder = builder.backend(backend);
    }
    Ok(builder.build()?)
}

/// An executor whose agents measure the repository at `path`, or ask models, within limits of its own,
/// whose tool `run` starts programs there, recording in a journal if there is one. Decisions are those
/// given, else they are asked for at the terminal; without one a run that needs one pauses. `about` is
/// what whoever goes on with a run has to know.
///
/// # Errors
/// When there is no readable directory.
pub(crate) fn executor(
    path: &Path,
    options: AnalysisOptions,
    limits: Limits,
    models: &Models,
    decisions: Vec<Decision>,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    let analysis: Arc<dyn AgentBackend> = Arc::new(AnalysisBackend::new(path, options)?);
    let programs = models.program_backend(path).map(Arc::new);
    let remotes = models.remote_backend().map(Arc::new);
    let runners = Runners {
        programs: programs.map(|it| -> Arc<dyn AgentBackend> { it }),
        remotes: remotes.map(|it| -> Arc<dyn AgentBackend> { it }),
        analysis: Some(analysis),
    };
    let mut builder = LocalExecutor::builder().tool(ProgramTool::new(path));
    let programs = tools::step_programs(path).into_iter();
    for tool in programs.chain(tools::built_in(models.services(), path)?) {
        builder = builder.shared_tool(tool);
    }
    if let Some(approver) = CommandLineApprover::new(decisions) {
        builder = builder.approver(approver);
    }
    builder = builder.ask_before(models.approval_policy());
    let model = models.model_backend(path, &runners)?;
    for (backend, _) in runners.in_order(model.as_ref()) {
        builder = builder.shared_backend(backend);
    }
    let builder = match journal {
        Some(journal) => builder.journal(journal),
        None => builder,
    };
    Ok(builder.limits(limits).about(about).build()?)
}
