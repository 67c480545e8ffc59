//! `release-prep`: measure a repository, judge it, say so.

use std::sync::Arc;

use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::external::ExternalTool;
use orchestrate_workflows::gates::Thresholds;
use orchestrate_workflows::programs::{Programs, Progress};
use orchestrate_workflows::report::Verdict;
use orchestrate_workflows::scope::{Baseline, Change, Scope};
use orchestrate_workflows::verdict;
use orchestrate_workflows::{ReleasePrep, Subject};
use serde_json::Value;

use super::recipe::Recipe;
use super::watch::{Begin, Watched, progress, watch};
use super::{files, learn, limits, measure, publish, store};
use crate::app::Call;
use crate::args::{FailOn, ReleasePrepArgs};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::safe;
use crate::settings::{Settings, names};
use crate::wire;

pub(crate) fn run(args: &ReleasePrepArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let workflow = workflow(args, &call.settings)?;
    let limits = limits::limits(&args.limits, &call.settings);
    let plan = workflow.plan(&wire::builtin_agents())?;
    let scope = scope(args)?;
    publish::check(args)?;
    let journal = store::for_run(&args.record, &args.path, &call.settings, printer)?;
    let place = learn::Place::of_run(&args.learning, &args.record, &args.path);
    let place = place.of_recorded(journal.is_some());
    let agents = workflow.agents.iter().map(String::as_str);
    let composition = learn::side_by_side("release_prep", agents, &plan);
    let about = Recipe::of_call(call, Some(&composition))
        .of_release_prep(&workflow)
        .about();
    let (progress, told) = progress();
    let executor = executor(args, &call.settings, limits, journal, about, progress)?;
    for file in call.settings.files.iter().filter(|_| printer.verbose(1)) {
        printer.note(&safe(&format!("settings from {}", file.display())));
    }
    let watched = watch(&executor, Begin::Plan(&plan), printer, Some(told))?;
    learn::record(&place, call, &plan, Some(&composition), &watched.report);
    conclude(args, &workflow, scope, &watched, call)
}

/// The executor that measures.
pub(crate) fn executor(
    args: &ReleasePrepArgs,
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
        programs: programs(args, settings)?,
    };
    measure::executor(job, settings, limits, journal, about, progress)
}

/// Judges what a run measured, and says so.
pub(crate) fn conclude(
    args: &ReleasePrepArgs,
    workflow: &ReleasePrep,
    scope: Scope,
    watched: &Watched,
    call: &Call,
) -> Result<Exit, Failure> {
    let subject = Subject {
        path: args.path.display().to_string(),
        timestamp: measure::now(),
        scope,
    };
    let report = workflow.report(&watched.report, subject)?;
    if watched.stopped.is_some() {
        let note = "stopped before its end: the report holds what was measured until then";
        call.printer.note(note);
    }
    publish::present(&report, args, call)?;
    let limited = matches!(watched.report.outcome, Some(Outcome::LimitReached { .. }));
    let answer = match report.verdict {
        Verdict::Ready => Exit::Yes,
        Verdict::NotReady if args.exit_zero => Exit::Yes,
        Verdict::NotReady => Exit::No,
        Verdict::Undecided if limited => Exit::Limit,
        Verdict::Undecided => Exit::NotMeasured,
    };
    Ok(watched.stopped.unwrap_or(answer))
}

/// What the report is to be limited to.
pub(crate) fn scope(args: &ReleasePrepArgs) -> Result<Scope, Failure> {
    let baseline = match &args.baseline {
        Some(path) => {
            let text = String::from_utf8_lossy(&files::read(path)?).into_owned();
            Some(Baseline::read(&path.display().to_string(), &text)?)
        }
        None => None,
    };
    let change = match &args.diff {
        Some(revision) => Some(Change::since(&args.path, revision)?),
        None => None,
    };
    Ok(Scope { baseline, change })
}

/// The external tools that are to be run: those of the flag, or those of the settings.
fn tools(args: &ReleasePrepArgs, settings: &Settings) -> Result<Vec<ExternalTool>, Failure> {
    let mut tools = args.with.clone();
    if tools.is_empty() {
        for name in settings.names(names::WITH).unwrap_or_default() {
            tools.push(
                ExternalTool::named(&name).ok_or_else(|| CliError::Settings {
                    problems: vec![format!(
                        "`{}` names the unknown tool `{name}`; possible: {}",
                        names::WITH,
                        ExternalTool::ALL.map(ExternalTool::name).join(", ")
                    )],
                })?,
            );
        }
    }
    tools.sort_unstable();
    tools.dedup();
    Ok(tools)
}

/// The programs that may be started: none unless the call or the settings name some.
fn programs(args: &ReleasePrepArgs, settings: &Settings) -> Result<Programs, Failure> {
    let programs = Programs {
        tests_seconds: measure::tests_seconds(&args.tests, settings),
        tools: tools(args, settings)?,
        tool_seconds: args
            .tool_timeout
            .or_else(|| settings.count(names::TOOL_TIMEOUT)),
    };
    let starts_none = programs.tests_seconds.is_none() && programs.tools.is_empty();
    Ok(if starts_none {
        Programs::default()
    } else {
        programs
    })
}

/// What the workflow is told: flags over settings over its own defaults.
fn workflow(args: &ReleasePrepArgs, settings: &Settings) -> Result<ReleasePrep, Failure> {
    let own = ReleasePrep::default();
    let number =
        |flag: Option<f64>, name, own| flag.or_else(|| settings.number(name)).unwrap_or(own);
    let thresholds = Thresholds {
        min_coverage: number(
            args.min_coverage,
            names::MIN_COVERAGE,
            own.thresholds.min_coverage,
        ),
        min_quality: number(
            args.min_quality,
            names::MIN_QUALITY,
            own.thresholds.min_quality,
        ),
        max_critical: number(
            args.max_critical.map(f64::from),
            names::MAX_CRITICAL,
            own.thresholds.max_critical,
        ),
        min_docs: number(args.min_docs, names::MIN_DOCS, own.thresholds.min_docs),
    };
    let agents = match &*args.agents {
        [] => settings.names(names::AGENTS).unwrap_or(own.agents),
        given => given.to_vec(),
    };
    let fail_on = match args.fail_on.or_else(|| settings.word(names::FAIL_ON)) {
        Some(FailOn::Warn) => verdict::FailOn::Warn,
        Some(FailOn::Critical) | None => verdict::FailOn::Critical,
    };
    Ok(ReleasePrep {
        thresholds,
        agents,
        fail_on,
        programs: programs(args, settings)?,
    })
}
