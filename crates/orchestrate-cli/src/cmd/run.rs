//! `run`: a task composed on the spot, a workflow in a file, or a plan exactly as it was saved.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use orchestrate_core::gate::QualityGate;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::learning::AgentConfiguration;
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{ExecutionPlan, PLAN_FORMAT, Plan, StepKind};
use orchestrate_core::report::RunReport;
use orchestrate_core::result::StrategyResult;
use orchestrate_runtime::recorded::{RECORDING_FORMAT, Recorder, Recording};
use orchestrate_runtime::{Assignment, LocalExecutor};
use orchestrate_strategies::definition::{WORKFLOW_OUTPUTS, says_no};
use orchestrate_strategies::graph::read_plan;
use orchestrate_workflows::analysis_backend;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::gates::{self, Gates};
use super::plan::{Planned, plan_of};
use super::recipe::Recipe;
use super::traces::Tracing;
use super::watch::{Begin, Watched, wait_for, watch_with};
use super::{detach, files, learn, limits, measure, store};
use crate::app::Call;
use crate::args::RunArgs;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{self, Printer, safe};
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
    /// Calls of the recording that was played back which this run did not make; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    unplayed_calls: Option<usize>,
    /// The quality gates that the task was given, judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    quality_gates: Vec<QualityGate>,
    /// What it came to.
    #[serde(flatten)]
    result: StrategyResult,
}

pub(crate) fn run(args: &RunArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let place = learn::Place::of_run(&args.about.learning, &args.record, &args.path);
    let recorder = args.record_traffic.as_ref().map(|_| Recorder::default());
    if let Some(path) = &args.record_traffic {
        files::writable(path)?;
    }
    let models = models(args, &call.settings, recorder.as_ref())?;
    let (plan, composition, planning) = match (&args.plan, &args.task) {
        (Some(path), _) => {
            let (plan, composition) = saved(path)?;
            (plan, composition, Usage::default())
        }
        (None, Some(task)) => {
            let about = &args.about;
            let Planned { plan, planning } =
                plan_of(task, &args.path, &args.inputs, about, call, &models, &place)?;
            if !sure(&plan, args.yes, printer, &models)? {
                printer.note("not run");
                return Ok(Exit::Cancelled);
            }
            let composition = AgentConfiguration::of(&plan);
            (plan.plan, Some(composition), planning)
        }
        (None, None) => {
            return Err(CliError::arguments(
                "there is nothing to run",
                "give a task in words, a workflow file, or `--plan FILE`",
            )
            .into());
        }
    };
    let limits = limits::limits(&args.about.limits, &call.settings);
    models.check_prices(&plan, limits)?;
    let journal = store::for_run(&args.record, &args.path, &call.settings, printer)?;
    let recorded = journal.is_some();
    let place = place.of_recorded(recorded);
    let about = Recipe::of_call(call, composition.as_ref()).about();
    let executor = executor_of(
        args,
        &call.settings,
        limits,
        &models,
        journal.clone(),
        about,
        planning,
    )?;
    let assignments = executor.assignments(&plan);
    if composition.is_some() {
        warn_of_analysis(&assignments, printer);
    }
    let gates = Gates::of(composition.as_ref(), &assignments);
    let mut alone = Vec::new();
    for assignment in &assignments {
        let agent = assignment.agent.as_str();
        match &assignment.backend {
            Some(backend) if printer.verbose(1) => {
                printer.note(&format!("{agent} is run by {backend}"));
            }
            Some(_) => {}
            None => alone.push(agent),
        }
    }
    if !alone.is_empty() {
        printer.note(&format!(
            "nothing here can run {}: what is theirs will not be executed; name a model for it under `[models]` in \
             orchestrate.toml, `orchestrate init` writes one with examples",
            alone.join(", ")
        ));
    }
    for (agent, program) in models.unrepeated(&plan) {
        printer.note(&format!(
            "the `retry` of {agent} does not repeat program {program} after a failure: it may have changed something before"
        ));
    }
    if args.detach {
        let journal = journal.ok_or_else(|| {
            CliError::arguments(
                "a run that is not recorded cannot go on by itself",
                "name a place for its record with `--store sqlite:FILE`",
            )
        })?;
        let run = wait_for(executor.record(&plan))?;
        return detach::detach(
            &run,
            journal.url(),
            args.record.store.as_deref(),
            &args.path,
            printer,
        );
    }
    let mut traces = Tracing::of(&call.settings);
    let watched = watch_with(&executor, Begin::Plan(&plan), printer, None, |event| {
        traces.apply(None, event);
    })?;
    traces.send(printer);
    if let (Some(recorder), Some(path)) = (&recorder, &args.record_traffic) {
        files::write(path, &render::json(&recorder.recording())?)?;
        let path = safe(&path.display().to_string());
        printer.note(&format!(
            "what models and tools said is in `{path}`; `--replay-traffic` plays it back"
        ));
    }
    learn::record(&place, call, &plan, composition.as_ref(), &watched.report);
    conclude(&plan, &gates, watched, recorded, models.unplayed(), printer)
}

/// Says who only measures: whoever gave a task in words may want more than that.
fn warn_of_analysis(assignments: &[Assignment], printer: &Printer) {
    let measuring = assignments
        .iter()
        .filter(|it| it.backend.as_deref() == Some(analysis_backend::NAME));
    let names: Vec<&str> = measuring.map(|it| it.agent.as_str()).collect();
    if !names.is_empty() {
        printer.note(&format!(
            "no model is set up for {}: the built-in analysis measures the repository and writes nothing; \
             `orchestrate init` shows how to set one up",
            names.join(", ")
        ));
    }
}

/// The models of a run: those of the settings, or a recording that answers for them.
fn models(
    args: &RunArgs,
    settings: &Settings,
    recorder: Option<&Recorder>,
) -> Result<wire::Models, Failure> {
    let models = match &args.replay_traffic {
        Some(path) => {
            wire::Models::recorded(recording(path)?).with_agents(&settings.services.agents)
        }
        None => wire::Models::of(&settings.services)?,
    };
    let models = if args.record.no_store {
        models
    } else {
        let store = args.record.store.as_deref();
        let store = store::named(store, &args.path, settings)?;
        models.remembering(Arc::new(store.memory()), args.session.clone())
    };
    Ok(match recorder {
        Some(recorder) => models.recorded_by(recorder.clone()),
        None => models,
    })
}

/// The executor that a run needs.
pub(crate) fn executor(
    args: &RunArgs,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    let models = models(args, settings, None)?;
    // What planned a recorded run is recorded with it.
    let planning = Usage::default();
    executor_of(args, settings, limits, &models, journal, about, planning)
}

fn executor_of(
    args: &RunArgs,
    settings: &Settings,
    limits: Limits,
    models: &wire::Models,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
    planning: Usage,
) -> Result<LocalExecutor, Failure> {
    let options = measure::options(&args.measure, settings, &args.path)?;
    let decisions = args.decide.clone();
    let executor = wire::executor(
        &args.path, options, limits, models, decisions, journal, about,
    )?;
    Ok(executor.with_planning(planning))
}

/// Says what a run came to. One that left calls of a recording unmade is another run than the recorded
/// one, and so no success, whatever it came to.
pub(crate) fn conclude(
    plan: &Plan,
    gates: &Gates,
    watched: Watched,
    recorded: bool,
    unplayed: Option<NonZeroUsize>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    say_what_waits(&watched.report, recorded, printer);
    if let Some(Outcome::LimitReached { limit }) = watched.report.outcome
        && let Some(advice) = limits::advice(limit, &watched.report.limits)
    {
        printer.note(&advice);
    }
    if let Some(before) = render::spent(&watched.before) {
        printer.note(&format!(
            "of what the run used, {before} had been used before it was gone on with"
        ));
    }
    let run_id = watched.report.run_id.clone();
    let result = watched.report.into_strategy_result();
    let document = RunDocument {
        schema: RUN_FORMAT.to_owned(),
        run_id,
        plan_digest: plan.digest(),
        task: plan.task.clone(),
        unplayed_calls: unplayed.map(NonZeroUsize::get),
        quality_gates: gates.judge(&result.outputs),
        result,
    };
    printer.answer(
        || {
            render::run(
                &document.task,
                &document.result,
                &document.quality_gates,
                is_workflow(plan),
                printer.width(),
            )
        },
        &document,
    )?;
    let ended = || gates::exit(exit(&document.result), &document.quality_gates);
    let exit = watched.stopped.unwrap_or_else(ended);
    let Some(calls) = unplayed else {
        return Ok(exit);
    };
    let failure = Failure::from(CliError::Unplayed { calls });
    printer.stderr(&render::error(&failure));
    Ok(match exit {
        Exit::Yes => failure.exit,
        exit => exit,
    })
}

/// Says how to decide what a recorded run waits for, and how to go on then.
pub(crate) fn say_what_waits(report: &RunReport, recorded: bool, printer: &Printer) {
    if let (true, Some(run), Some(first)) = (recorded, &report.run_id, report.pending.first()) {
        let (step, decision) = (&first.step, first.decisions.first());
        let decision = decision.map_or("DECISION", String::as_str);
        printer.note(&format!(
            "`orchestrate approvals decide {run} {step} {decision}` decides, and `orchestrate runs resume {run}` goes on"
        ));
    }
}

/// Whether a plan was made from a definition, whose outputs are what it is run for.
fn is_workflow(plan: &Plan) -> bool {
    matches!(&plan.root.kind, StepKind::Graph { collect: Some(collect), .. } if collect.strategy == WORKFLOW_OUTPUTS)
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
    printer.note(&render::plan(
        plan,
        printer.width(),
        |agent| models.run_by(agent),
        |agent| models.charge(agent),
    ));
    printer.ask(&format!("{words}. Run it?"))
}

/// How a run that nobody stopped ends. An agent that failed outweighs what its group made of it
/// only when the group did not succeed: a join may need no more than one of its agents.
fn exit(result: &StrategyResult) -> Exit {
    match &result.outcome {
        Outcome::Succeeded if says_no(&result.aggregated_output) => Exit::No,
        Outcome::Partial { .. } | Outcome::Skipped { .. } => result
            .outputs
            .iter()
            .map(|agent| Exit::of_outcome(&agent.outcome))
            .find(|exit| !matches!(exit, Exit::Yes | Exit::StepFailed))
            .unwrap_or(Exit::StepFailed),
        outcome => Exit::of_outcome(outcome),
    }
}

/// Reads a recording.
fn recording(path: &Path) -> Result<Recording, CliError> {
    let recording = serde_json::from_slice::<Recording>(&files::read(path)?);
    let known = recording.ok().filter(|it| it.format == RECORDING_FORMAT);
    known.ok_or_else(|| CliError::Recording {
        path: path.to_owned(),
    })
}

/// Reads a saved plan, with the composition that is learned from if a planner made it. It runs
/// exactly as it was saved, or not at all.
pub(crate) fn saved(path: &Path) -> Result<(Plan, Option<AgentConfiguration>), Failure> {
    let form = |source| CliError::PlanForm {
        path: path.to_owned(),
        source,
    };
    let document: Value = serde_json::from_slice(&files::read(path)?).map_err(form)?;
    // A plan that was written by hand stands alone and has no digest to keep to.
    if document.get("root").is_some() {
        return Ok((read_plan(&document)?, None));
    }
    // The format is asked first: a plan of another version need not have the fields of this one.
    let format = document.pointer("/plan/format").and_then(Value::as_str);
    if let Some(format) = format.filter(|format| *format != PLAN_FORMAT) {
        return Err(CliError::PlanFormat {
            path: path.to_owned(),
            format: format.to_owned(),
        }
        .into());
    }
    let saved: ExecutionPlan = serde_json::from_value(document).map_err(form)?;
    let actual = saved.plan.digest();
    if actual == saved.digest {
        let composition = AgentConfiguration::of(&saved);
        Ok((saved.plan, Some(composition)))
    } else {
        Err(CliError::PlanChanged {
            path: path.to_owned(),
            saved: saved.digest,
            actual,
        }
        .into())
    }
}
