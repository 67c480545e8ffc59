//! `run`: a task composed on the spot, or a plan exactly as it was saved.

use std::path::Path;
use std::sync::Arc;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{ExecutionPlan, PLAN_FORMAT, Plan};
use orchestrate_core::result::StrategyResult;
use orchestrate_runtime::LocalExecutor;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::recipe::Recipe;
use super::watch::{Begin, Watched, wait_for, watch};
use super::{detach, files, limits, measure, plan::compose, store};
use crate::app::Call;
use crate::args::RunArgs;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{self, Printer};
use crate::settings::Settings;
use crate::wire;

/// The format of the document that `run --json` prints.
const RUN_FORMAT: &str = "orchestrate.run/1";

/// What `run --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunDocument {
    /// `orchestrate.run/1`.
    schema: String,
    /// The run.
    run_id: Option<RunId>,
    /// Digest of the plan that was run.
    plan_digest: String,
    /// The task as the user wrote it.
    task: String,
    /// What it came to.
    #[serde(flatten)]
    result: StrategyResult,
}

pub(crate) fn run(args: &RunArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let models = wire::Models::of(&call.settings.services)?;
    let plan = match (&args.plan, &args.task) {
        (Some(path), _) => saved(path)?,
        (None, Some(task)) => {
            let plan = compose(task, &args.about, call)?;
            if !sure(&plan, args.yes, printer, &models)? {
                printer.note("not run");
                return Ok(Exit::Cancelled);
            }
            plan.plan
        }
        (None, None) => {
            return Err(CliError::arguments(
                "there is nothing to run",
                "give a task in words, or `--plan FILE`",
            )
            .into());
        }
    };
    let limits = limits::limits(&args.about.limits, &call.settings);
    models.check_prices(&plan, limits)?;
    let journal = store::for_run(&args.record, &args.path, printer)?;
    let about = Recipe::of_call(call, None).about();
    let executor = executor(args, &call.settings, limits, journal.clone(), about)?;
    for assignment in executor.assignments(&plan) {
        let agent = &assignment.agent;
        match assignment.backend {
            Some(backend) if printer.verbose(1) => {
                printer.note(&format!("{agent} is run by {backend}"));
            }
            Some(_) => {}
            None => printer.note(&format!(
                "nothing here can run {agent}: it will not be executed; a model for it can be named in orchestrate.toml"
            )),
        }
    }
    if args.detach {
        let journal = journal.ok_or_else(|| {
            CliError::arguments(
                "a run that is not recorded cannot go on by itself",
                "name a place for its record with `--store sqlite:FILE`",
            )
        })?;
        let run = wait_for(executor.record(&plan))?;
        return detach::detach(&run, journal.url(), &args.path, printer);
    }
    let watched = watch(&executor, Begin::Plan(&plan), printer, None)?;
    conclude(&plan, watched, printer)
}

/// The executor that a run needs.
pub(crate) fn executor(
    args: &RunArgs,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    let models = wire::Models::of(&settings.services)?;
    let options = measure::options(&args.measure, settings, &args.path)?;
    wire::executor(&args.path, options, limits, &models, journal, about)
}

/// Says what a run came to.
pub(crate) fn conclude(plan: &Plan, watched: Watched, printer: &Printer) -> Result<Exit, Failure> {
    let document = RunDocument {
        schema: RUN_FORMAT.to_owned(),
        run_id: watched.report.run_id.clone(),
        plan_digest: plan.digest(),
        task: plan.task.clone(),
        result: watched.report.into_strategy_result(),
    };
    printer.answer(
        || render::run(&document.task, &document.result, printer.width()),
        &document,
    )?;
    Ok(watched.stopped.unwrap_or_else(|| exit(&document.result)))
}

/// Whether a plan is to be run. One that the planner is not sure of is shown to a person first, if there is one.
fn sure(
    plan: &ExecutionPlan,
    yes: bool,
    printer: &Printer,
    models: &wire::Models,
) -> Result<bool, Failure> {
    if plan.confidence >= wire::ASK_BELOW {
        return Ok(true);
    }
    let (confidence, least) = (plan.confidence, wire::ASK_BELOW);
    let words = format!(
        "the planner is not sure of this plan (confidence {confidence:.2}, below {least:.2})"
    );
    if yes || !printer.can_ask() {
        printer.note(&format!(
            "{words}; it is run all the same, `orchestrate plan` shows it"
        ));
        return Ok(true);
    }
    printer.note(&render::plan(plan, printer.width(), |agent| {
        models.run_by(agent)
    }));
    printer.ask(&format!("{words}. Run it?"))
}

/// How a run that nobody stopped ends. An agent that failed outweighs what its group made of it
/// only when the group did not succeed: a join may need no more than one of its agents.
fn exit(result: &StrategyResult) -> Exit {
    match &result.outcome {
        Outcome::Partial { .. } | Outcome::Skipped { .. } => result
            .outputs
            .iter()
            .map(|agent| Exit::of_outcome(&agent.outcome))
            .find(|exit| !matches!(exit, Exit::Yes | Exit::StepFailed))
            .unwrap_or(Exit::StepFailed),
        outcome => Exit::of_outcome(outcome),
    }
}

/// Reads a saved plan. It runs exactly as it was saved, or not at all.
pub(crate) fn saved(path: &Path) -> Result<Plan, CliError> {
    let form = |source| CliError::PlanForm {
        path: path.to_owned(),
        source,
    };
    let document: Value = serde_json::from_slice(&files::read(path)?).map_err(form)?;
    // The format is asked first: a plan of another version need not have the fields of this one.
    let format = document.pointer("/plan/format").and_then(Value::as_str);
    if let Some(format) = format.filter(|format| *format != PLAN_FORMAT) {
        return Err(CliError::PlanFormat {
            path: path.to_owned(),
            format: format.to_owned(),
        });
    }
    let saved: ExecutionPlan = serde_json::from_value(document).map_err(form)?;
    let actual = saved.plan.digest();
    if actual == saved.digest {
        Ok(saved.plan)
    } else {
        Err(CliError::PlanChanged {
            path: path.to_owned(),
            saved: saved.digest,
            actual,
        })
    }
}
