//! `release-prep`: measure a repository, judge it, say so.

use std::sync::Arc;

use jiff::Timestamp;
use orchestrate_core::journal::RunJournal;
use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::gates::Thresholds;
use orchestrate_workflows::report::Verdict;
use orchestrate_workflows::scope::{Baseline, Change, Scope};
use orchestrate_workflows::verdict;
use orchestrate_workflows::{AnalysisOptions, ReleasePrep, Subject};
use serde_json::Value;

use super::recipe::Recipe;
use super::watch::{Begin, Watched, watch};
use super::{files, limits, measure, publish, store};
use crate::app::Call;
use crate::args::{FailOn, ReleasePrepArgs};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::safe;
use crate::settings::{Settings, names};
use crate::wire;

pub(crate) fn run(args: &ReleasePrepArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let workflow = workflow(args, &call.settings);
    let limits = limits::limits(&args.limits, &call.settings);
    let plan = workflow.plan(&wire::builtin_agents())?;
    let scope = scope(args)?;
    publish::check(args)?;
    let journal = store::for_run(&args.record, &args.path, printer)?;
    let about = Recipe::of_call(call, Some(&workflow)).about();
    let executor = executor(args, &call.settings, limits, journal, about)?;
    for file in call.settings.files.iter().filter(|_| printer.verbose(1)) {
        printer.note(&safe(&format!("settings from {}", file.display())));
    }
    let watched = watch(&executor, Begin::Plan(&plan), printer)?;
    conclude(args, &workflow, scope, &watched, call)
}

/// The executor that measures.
pub(crate) fn executor(
    args: &ReleasePrepArgs,
    settings: &Settings,
    limits: Limits,
    journal: Option<Arc<dyn RunJournal>>,
    about: Value,
) -> Result<LocalExecutor, Failure> {
    let options = AnalysisOptions {
        coverage_reports: files::readable(&args.coverage_report)?,
        ..measure::options(&args.measure, settings, &args.path)?
    };
    let models = wire::Models::default();
    wire::executor(
        &args.path,
        options,
        limits,
        &models,
        Vec::new(),
        journal,
        about,
    )
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
        timestamp: now(),
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

/// What the workflow is told: flags over settings over its own defaults.
fn workflow(args: &ReleasePrepArgs, settings: &Settings) -> ReleasePrep {
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
    ReleasePrep {
        thresholds,
        agents,
        fail_on,
    }
}

/// This moment in RFC 3339, to the second.
fn now() -> String {
    let seconds = Timestamp::now().as_second();
    // Every second that a clock gives is a valid moment.
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |now| now.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_whole_seconds_in_utc() {
        let now = now();
        assert_eq!(now.len(), "2026-01-01T00:00:00Z".len(), "{now}");
        assert!(now.ends_with('Z'), "{now}");
    }
}
