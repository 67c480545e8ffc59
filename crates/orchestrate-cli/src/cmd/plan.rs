//! `plan`: who would work on a task, how, within which bounds, and why. Runs nothing, writes only `--out`.

use orchestrate_core::error::similar;
use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::render::{Format, render as draw};
use serde_json::json;

use super::{files, limits};
use crate::app::Call;
use crate::args::{Graph, PlanArgs, TaskArgs};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{self, safe};
use crate::wire;

pub(crate) fn run(args: &PlanArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let models = wire::Models::of(&call.settings.services)?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let plan = compose(&args.task, &args.about, call)?;
    if let Some(out) = &args.out {
        files::write(out, &render::json(&plan)?)?;
        let out = safe(&out.display().to_string());
        printer.note(&format!(
            "plan saved to `{out}`; `orchestrate run --plan {out}` runs it exactly as it is"
        ));
    }
    match args.graph {
        None => printer.answer(
            || render::plan(&plan, printer.width(), |agent| models.run_by(agent)),
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
const HINTS: [&str; 11] = [
    "domain",
    "complexity",
    "capabilities",
    "tier",
    "strategy",
    "budget",
    "quality_gates",
    "tools",
    "decompose",
    "topology",
    "synthesizer",
];

/// Composes a plan for a task, with its hints and limits.
pub(crate) fn compose(task: &str, about: &TaskArgs, call: &Call) -> Result<ExecutionPlan, Failure> {
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
    wire::compose(task, context, limits)
}
