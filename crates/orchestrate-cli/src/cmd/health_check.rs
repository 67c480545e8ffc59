//! `health-check`: measure a project, grade it, hold it beside earlier checks, keep the check.

use std::sync::Arc;

use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_runtime::LocalExecutor;
use orchestrate_store::Store;
use orchestrate_workflows::formats::health_markdown;
use orchestrate_workflows::programs::{Programs, Progress};
use orchestrate_workflows::{CheckSubject, HealthCheck, HealthReport};
use serde_json::Value;

use super::check_history::{self, Kept};
use super::forms::Forms;
use super::recipe::Recipe;
use super::watch::{Begin, Watched, progress, watch};
use super::{files, learn, limits, measure, store};
use crate::app::Call;
use crate::args::{HealthCheckArgs, HealthFormat, Mode};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render;
use crate::settings::{Settings, names};
use crate::wire;

pub(crate) fn run(args: &HealthCheckArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    if args.history {
        return check_history::list(args, call);
    }
    let workflow = workflow(args, &call.settings);
    let limits = limits::limits(&args.limits, &call.settings);
    let plan = workflow.plan(&wire::builtin_agents())?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let journal = store::for_run(&args.record, &args.path, &call.settings, printer)?;
    let recorded = journal.is_some();
    let place = learn::Place::of_run(&args.learning, &args.record, &args.path);
    let place = place.of_recorded(recorded);
    let agents = workflow.agents().into_iter();
    let composition = learn::side_by_side("health_check", agents, &plan);
    let about = Recipe::of_call(call, Some(&composition)).of_health_check(&workflow);
    let (progress, told) = progress();
    let executor = executor(
        args,
        &call.settings,
        limits,
        journal,
        about.about(),
        progress,
    )?;
    let watched = watch(&executor, Begin::Plan(&plan), printer, Some(told))?;
    learn::record(&place, call, &plan, Some(&composition), &watched.report);
    let store = match recorded {
        true => Some(store::named(
            args.record.store.as_deref(),
            &args.path,
            &call.settings,
        )?),
        false => None,
    };
    conclude(args, &workflow, store.as_ref(), &watched, call)
}

/// The executor that measures.
pub(crate) fn executor(
    args: &HealthCheckArgs,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
    progress: Progress,
) -> Result<LocalExecutor, Failure> {
    let job = measure::Job {
        path: &args.path,
        measure: &args.measure,
        tests: &args.tests,
        programs: programs(args, settings),
    };
    measure::executor(job, settings, limits, journal, about, progress)
}

/// Grades what a run measured, says so, and keeps the check in the store of the run.
pub(crate) fn conclude(
    args: &HealthCheckArgs,
    workflow: &HealthCheck,
    store: Option<&Store>,
    watched: &Watched,
    call: &Call,
) -> Result<Exit, Failure> {
    let kept = Kept::of(store, &args.path, workflow.mode, &watched.report, call);
    let subject = CheckSubject {
        path: args.path.display().to_string(),
        timestamp: measure::now(),
        history: kept.history.clone(),
    };
    let report = workflow.report(&watched.report, subject)?;
    if watched.stopped.is_some() {
        let note = "stopped before its end: the report holds what was measured until then, and is not kept as a check";
        call.printer.note(note);
    } else {
        kept.keep(&report, call);
    }
    present(&report, args, call)?;
    let limited = matches!(watched.report.outcome, Some(Outcome::LimitReached { .. }));
    let answer = match report.passed {
        Some(true) => Exit::Yes,
        Some(false) if args.exit_zero => Exit::Yes,
        Some(false) => Exit::No,
        None if limited => Exit::Limit,
        None => Exit::NotMeasured,
    };
    Ok(watched.stopped.unwrap_or(answer))
}

/// Shows and writes the report in the form that was asked for.
fn present(report: &HealthReport, args: &HealthCheckArgs, call: &Call) -> Result<(), Failure> {
    let printer = &call.printer;
    let forms = Forms {
        format: args.format,
        out: args.out.as_deref(),
        by_ending: |ending| match ending {
            "json" => Some(HealthFormat::Json),
            "md" => Some(HealthFormat::Markdown),
            _ => None,
        },
        text: HealthFormat::Text,
        json: HealthFormat::Json,
    };
    forms.present(report, printer, |format| match format {
        HealthFormat::Text => Ok(render::health(report, printer.width())),
        HealthFormat::Json => render::json(report),
        HealthFormat::Markdown => Ok(health_markdown(report)),
    })
}

/// The programs that may be started: the project's tests, if they are to be run.
fn programs(args: &HealthCheckArgs, settings: &Settings) -> Programs {
    Programs {
        tests_seconds: measure::tests_seconds(&args.tests, settings),
        ..Programs::default()
    }
}

/// What the workflow is told: flags over settings over its own defaults.
fn workflow(args: &HealthCheckArgs, settings: &Settings) -> HealthCheck {
    let own = HealthCheck::default();
    let mode = args.mode.or_else(|| settings.word::<Mode>(names::MODE));
    let least = args
        .fail_under
        .or_else(|| settings.number(names::FAIL_UNDER));
    HealthCheck {
        mode: mode.map_or(own.mode, Into::into),
        fail_under: least.unwrap_or(own.fail_under),
        programs: programs(args, settings),
    }
}
