//! `plan`: who would work on a task, how, within which bounds, and why. Runs nothing, writes only `--out`.

use orchestrate_core::plan::ExecutionPlan;
use orchestrate_core::task::Context;
use orchestrate_strategies::graph::render::{Format, render as draw};
use serde_json::json;

use super::{files, limits};
use crate::app::Call;
use crate::args::{Graph, PlanArgs, TaskArgs};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render;
use crate::wire;

pub(crate) fn run(args: &PlanArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let plan = compose(&args.task, &args.about, call)?;
    if let Some(out) = &args.out {
        files::write(out, &render::json(&plan)?)?;
        printer.note(&format!(
            "plan saved to `{0}`; `orchestrate run --plan {0}` runs it exactly as it is",
            out.display()
        ));
    }
    match args.graph {
        None => printer.answer(
            || render::plan(&plan, printer.width(), wire::backend_of),
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

/// Composes a plan for a task, with its hints and limits.
pub(crate) fn compose(task: &str, about: &TaskArgs, call: &Call) -> Result<ExecutionPlan, Failure> {
    let mut context = Context::new();
    for hint in &about.hints {
        if context
            .insert(hint.key.clone(), hint.value.clone())
            .is_some()
        {
            let message = format!("the hint `{}` is given more than once", hint.key);
            let advice = "give several values at once, for example `domain=security,testing`";
            return Err(CliError::arguments(message, advice).into());
        }
    }
    let limits = limits::limits(&about.limits, &call.settings);
    wire::compose(task, context, limits)
}
