//! `plan`: who would work on a task, how, within which bounds, and why. Runs nothing, writes only `--out`.

use std::path::Path;

use orchestrate_core::error::similar;
use orchestrate_core::limits::Usage;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_strategies::definition::Given;
use orchestrate_strategies::graph::render::{Format, render as draw};
use serde_json::{Map, json};

use super::watch::wait_for;
use super::{files, learn, limits};
use crate::app::Call;
use crate::args::{Graph, Hint, PlanArgs, Planner, TaskArgs};
use crate::definitions::{self, Disk};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{self, safe};
use crate::wire;

pub(crate) fn run(args: &PlanArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let place = learn::Place::of_plan(&args.about.learning, &args.place);
    let models = wire::Models::of(&call.settings.services)?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let Planned { plan, .. } = plan_of(
        &args.task,
        &args.path,
        &args.inputs,
        &args.about,
        call,
        &models,
        &place,
    )?;
    if let Some(out) = &args.out {
        files::write(out, &render::json(&plan)?)?;
        let out = safe(&out.display().to_string());
        printer.note(&format!(
            "plan saved to `{out}`; `orchestrate run --plan {out}` runs it exactly as it is"
        ));
    }
    match args.graph {
        None => printer.answer(
            || {
                render::plan(
                    &plan,
                    printer.width(),
                    |agent| models.run_by(agent),
                    |agent| models.charge(agent),
                )
            },
            &plan,
        )?,
        Some(form) => {
            let (name, form) = match form {
                Graph::Text => ("text", Format::Text),
                Graph::Mermaid => ("mermaid", Format::Mermaid),
                Graph::Dot => ("dot", Format::Dot),
                Graph::Svg => ("svg", Format::Svg),
            };
            let graph = draw(&plan.plan, form);
            let document = json!({"digest": plan.digest, "format": name, "graph": graph});
            printer.answer(|| graph.clone(), &document)?;
        }
    }
    Ok(Exit::Yes)
}

/// The hints that the planner reads. Others are passed on to strategies and agents as they are, so
/// only one that is nearly one of these can be known to be a mistake.
const HINTS: [&str; 12] = [
    "domain",
    "complexity",
    "capabilities",
    "tier",
    "strategy",
    "budget",
    "quality_gates",
    "tools",
    "task_pattern",
    "decompose",
    "topology",
    "synthesizer",
];

/// A plan, with what it took to make it.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) plan: ExecutionPlan,
    /// What a model used; nothing where the rules planned.
    pub(crate) planning: Usage,
}

impl From<ExecutionPlan> for Planned {
    fn from(plan: ExecutionPlan) -> Self {
        Self {
            plan,
            planning: Usage::default(),
        }
    }
}

/// The plan of a task in words, or of the workflow in a file or of that name.
pub(crate) fn plan_of(
    task: &str,
    project: &Path,
    inputs: &[Hint],
    about: &TaskArgs,
    call: &Call,
    models: &wire::Models,
    place: &learn::Place<'_>,
) -> Result<Planned, Failure> {
    let path = Path::new(task);
    let is_file = definitions::is_definition(path) && (path.exists() || !task.contains(' '));
    let disk = Disk::of(project);
    let source = if is_file {
        Some(definitions::named(path)?)
    } else {
        disk.find(task)?
    };
    let Some(source) = source else {
        if let Some(input) = inputs.first() {
            let message = format!(
                "`--input {}` is for workflows, and this is a task",
                input.key
            );
            return Err(
                CliError::arguments(message, "say what is known of a task with `--hint`").into(),
            );
        }
        return compose(task, project, about, place, call, models);
    };
    if about.planner == Planner::Model {
        let message = "`--planner model` is for tasks, and this is a workflow";
        return Err(CliError::arguments(message, "a workflow names its agents itself").into());
    }
    if let Some(hint) = about.hints.first() {
        let message = format!("`--hint {}` is for tasks, and this is a workflow", hint.key);
        return Err(CliError::arguments(message, "give its inputs with `--input`").into());
    }
    let mut given = Map::new();
    for input in inputs {
        if given
            .insert(input.key.clone(), input.value.clone())
            .is_some()
        {
            let message = format!("the input `{}` is given more than once", input.key);
            return Err(CliError::arguments(message, "give it once").into());
        }
    }
    let workflow = definitions::workflow(&source, &Given::Values(given), project, models)?;
    let limits = limits::limits(&about.limits, &call.settings);
    wire::planned(workflow, limits, project).map(Planned::from)
}

/// Composes a plan for a task, with its hints and limits.
fn compose(
    task: &str,
    project: &Path,
    about: &TaskArgs,
    place: &learn::Place<'_>,
    call: &Call,
    models: &wire::Models,
) -> Result<Planned, Failure> {
    let mut context = Context::new();
    for hint in &about.hints {
        let known = HINTS.contains(&&*hint.key);
        if let Some(near) = similar(&hint.key, HINTS).first().filter(|_| !known) {
            let message = format!("unknown hint `{}`", hint.key);
            return Err(CliError::arguments(message, format!("did you mean `{near}`?")).into());
        }
        if context
            .insert(hint.key.clone(), hint.value.clone())
            .is_some()
        {
            let message = format!("the hint `{}` is given more than once", hint.key);
            let advice = "give several values at once, for example `domain=security,testing`";
            return Err(CliError::arguments(message, advice).into());
        }
    }
    if let Some(way) = about.decompose {
        context.insert("decompose".to_owned(), way.as_str().into());
    }
    let limits = limits::limits(&about.limits, &call.settings);
    let agents = &models.services().agents;
    let lessons = |pattern: &str| learn::lessons(place, &about.weigh, call, pattern);
    match about.planner {
        Planner::Rules => {
            wire::compose(task, context, limits, project, agents, lessons).map(Planned::from)
        }
        Planner::Model => {
            let ruled = wire::compose(task, context.clone(), limits, project, agents, lessons)?;
            let advised = wait_for(wire::consult(models, project, context, limits, ruled))?;
            call.printer.note(&advised.told);
            Ok(Planned {
                plan: advised.plan,
                planning: advised.used,
            })
        }
    }
}
