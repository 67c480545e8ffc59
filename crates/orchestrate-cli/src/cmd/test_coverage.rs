//! `test-coverage`: measure what tests reach, have tests written, accept those that prove something.

use std::sync::Arc;

use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::programs::Progress;
use orchestrate_workflows::test_coverage::{
    BoostSubject, NotApplied, SkeletonBackend, TestFile, apply, patch,
};
use orchestrate_workflows::{AnalysisOptions, TestCoverage, TestCoverageReport};
use serde_json::Value;

use super::forms::Forms;
use super::recipe::Recipe;
use super::watch::{Begin, Watched, progress, watch};
use super::{files, learn, limits, measure, store};
use crate::app::Call;
use crate::args::{CoverageFormat, MeasureArgs, TestCoverageArgs};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{self, safe};
use crate::settings::{Settings, names};
use crate::wire;

/// The agent that writes.
const WRITER: &str = "test_generator";

pub(crate) fn run(args: &TestCoverageArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let workflow = workflow(args, &call.settings);
    let limits = limits::limits(&args.limits, &call.settings);
    let plan = workflow.plan(&wire::builtin_agents())?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    models(args, &call.settings)?.check_prices_of(&plan, WRITER, limits)?;
    let journal = store::for_run(&args.record, &args.path, &call.settings, printer)?;
    let place = learn::Place::of_run(&args.learning, &args.record, &args.path);
    let place = place.of_recorded(journal.is_some());
    let about = Recipe::of_call(call, None).of_test_coverage(&workflow);
    let (progress, told) = progress();
    let settings = &call.settings;
    let executor = executor(args, settings, limits, journal, about.about(), progress)?;
    let watched = watch(&executor, Begin::Plan(&plan), printer, Some(told))?;
    learn::record(&place, call, &plan, None, &watched.report);
    conclude(args, &workflow, &writer(&executor, &plan), &watched, call)
}

/// The models that may write.
fn models(args: &TestCoverageArgs, settings: &Settings) -> Result<wire::Models, Failure> {
    match args.no_model {
        true => Ok(wire::Models::default()),
        // Whoever writes a test needs no tool for it, and one that writes files would not keep to the copy.
        false => Ok(wire::Models::of(&settings.services)?.without_tools()),
    }
}

/// The executor that measures, and asks a model for tests if there is one.
pub(crate) fn executor(
    args: &TestCoverageArgs,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
    progress: Progress,
) -> Result<LocalExecutor, Failure> {
    let options = AnalysisOptions {
        progress,
        ..measure::options(&MeasureArgs::default(), settings, &args.path)?
    };
    let models = models(args, settings)?;
    wire::coverage_executor(&args.path, options, limits, &models, journal, about)
}

/// Who writes, by the name of what runs the agent.
pub(crate) fn writer(executor: &LocalExecutor, plan: &Plan) -> String {
    let assignments = executor.assignments(plan);
    let mut assigned = assignments.into_iter();
    assigned
        .find(|it| it.agent.as_str() == WRITER)
        .and_then(|it| it.backend)
        .map_or_else(|| SkeletonBackend::NAME.to_owned(), |it| it.to_string())
}

/// Says what a run came to, and hands over what was asked for.
pub(crate) fn conclude(
    args: &TestCoverageArgs,
    workflow: &TestCoverage,
    writer: &str,
    watched: &Watched,
    call: &Call,
) -> Result<Exit, Failure> {
    let subject = BoostSubject {
        path: args.path.display().to_string(),
        timestamp: measure::now(),
        writer: writer.to_owned(),
    };
    let mut report = workflow.report(&watched.report, subject)?;
    if watched.stopped.is_some() {
        let note = "stopped before its end: the report holds what was measured until then";
        call.printer.note(note);
    } else if args.apply {
        let files: Vec<TestFile> = handed_over(&report, args).cloned().collect();
        (report.applied, report.not_applied) = match report.is_whole() {
            true => apply(&args.path, &files),
            false => (Vec::new(), left_out(&files)),
        };
    }
    if !report.is_whole() {
        let note = "the accepted tests were not measured together, or do not go together: the report says which";
        call.printer.note(note);
    }
    present(&report, args, call)?;
    let limited = matches!(watched.report.outcome, Some(Outcome::LimitReached { .. }));
    if let Some(Outcome::LimitReached { limit }) = watched.report.outcome
        && let Some(advice) = limits::advice(limit, &watched.report.limits)
    {
        call.printer.note(&safe(&advice));
    }
    let answer = match report.reached {
        _ if !report.not_applied.is_empty() => Exit::StepFailed,
        Some(true) => Exit::Yes,
        _ if limited => Exit::Limit,
        Some(false) if args.exit_zero => Exit::Yes,
        Some(false) => Exit::No,
        None => Exit::NotMeasured,
    };
    Ok(watched.stopped.unwrap_or(answer))
}

/// Files of which nobody knows how they go together.
fn left_out(files: &[TestFile]) -> Vec<NotApplied> {
    let left = files.iter().map(|file| NotApplied {
        path: file.path.clone(),
        why: "how the accepted tests go together was not measured, or they do not".to_owned(),
    });
    left.collect()
}

/// The files that are handed over: accepted tests, and skeletons only where they were asked for by name.
fn handed_over<'a>(
    report: &'a TestCoverageReport,
    args: &TestCoverageArgs,
) -> impl Iterator<Item = &'a TestFile> {
    let skeletons = args.with_skeletons.then(|| report.skeletons());
    report.accepted().chain(skeletons.into_iter().flatten())
}

/// Shows and writes the report in the form that was asked for.
fn present(
    report: &TestCoverageReport,
    args: &TestCoverageArgs,
    call: &Call,
) -> Result<(), Failure> {
    let printer = &call.printer;
    let forms = Forms {
        format: args.format,
        out: args.out.as_deref(),
        by_ending: |ending| match ending {
            "json" => Some(CoverageFormat::Json),
            "patch" | "diff" => Some(CoverageFormat::Patch),
            _ => None,
        },
        text: CoverageFormat::Text,
        json: CoverageFormat::Json,
    };
    forms.present(report, printer, |format| match format {
        CoverageFormat::Text => Ok(render::coverage(report, printer.width())),
        CoverageFormat::Json => render::json(report),
        CoverageFormat::Patch => Ok(patch(handed_over(report, args))),
    })
}

/// What the workflow is told: flags over settings over its own defaults.
fn workflow(args: &TestCoverageArgs, settings: &Settings) -> TestCoverage {
    let own = TestCoverage::default();
    let target = args.target.or_else(|| settings.number(names::TARGET));
    let seconds = args.test_timeout;
    let seconds = seconds.or_else(|| settings.count(names::TEST_TIMEOUT));
    TestCoverage {
        target: target.unwrap_or(own.target),
        gaps: args.gaps.unwrap_or(own.gaps),
        attempts: args.attempts.unwrap_or(own.attempts),
        tests_seconds: seconds.unwrap_or(own.tests_seconds),
    }
}
