//! `release-prep`: measure a repository, judge it, say so.

use std::path::Path;

use jiff::Timestamp;
use orchestrate_core::outcome::Outcome;
use orchestrate_workflows::formats::{markdown, sarif};
use orchestrate_workflows::gates::Thresholds;
use orchestrate_workflows::report::{ReleaseReadinessReport, Verdict};
use orchestrate_workflows::verdict;
use orchestrate_workflows::{AnalysisOptions, ReleasePrep, Subject};

use super::watch::watch;
use super::{files, limits, measure};
use crate::app::Call;
use crate::args::{FailOn, Format, ReleasePrepArgs};
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{self, Printer, safe};
use crate::settings::{Settings, names};
use crate::wire;

pub(crate) fn run(args: &ReleasePrepArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let workflow = workflow(args, &call.settings);
    let limits = limits::limits(&args.limits, &call.settings);
    let plan = workflow.plan(&wire::registry())?;
    let reports = files::readable(&args.coverage_report)?;
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    let options = AnalysisOptions {
        coverage_reports: reports,
        ..measure::options(&args.measure, &call.settings, &args.path)?
    };
    let executor = wire::executor(&args.path, options, limits)?;
    for file in call.settings.files.iter().filter(|_| printer.verbose(1)) {
        printer.note(&safe(&format!("settings from {}", file.display())));
    }
    let watched = watch(&executor, &plan, printer)?;
    let subject = Subject {
        path: args.path.display().to_string(),
        timestamp: now(),
    };
    let report = workflow.report(&watched.report, subject)?;
    if watched.stopped.is_some() {
        printer.note("stopped before its end: the report holds what was measured until then");
    }
    present(&report, args, call)?;
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

fn present(
    report: &ReleaseReadinessReport,
    args: &ReleasePrepArgs,
    call: &Call,
) -> Result<(), Failure> {
    let printer = &call.printer;
    let set = || call.settings.word(names::FORMAT);
    match &args.out {
        None => {
            let format = args.format.or_else(set).unwrap_or(Format::Text);
            let format = if printer.json { Format::Json } else { format };
            printer.result(&text(report, format, printer)?)
        }
        Some(out) => {
            let format = args.format.or_else(|| by_ending(out)).or_else(set);
            let text = text(report, format.unwrap_or(Format::Text), printer)?;
            files::write(out, &anstream::adapter::strip_str(&text).to_string())?;
            printer.note(&safe(&format!("report written to {}", out.display())));
            printer.answer(|| render::release(report, printer.width()), report)
        }
    }
}

fn text(
    report: &ReleaseReadinessReport,
    format: Format,
    printer: &Printer,
) -> Result<String, Failure> {
    match format {
        Format::Text => Ok(render::release(report, printer.width())),
        Format::Json => render::json(report),
        Format::Markdown => Ok(markdown(report)),
        Format::Sarif => render::json(&sarif(report)),
    }
}

/// The format that the ending of a file name stands for.
fn by_ending(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "json" => Some(Format::Json),
        "md" => Some(Format::Markdown),
        "sarif" => Some(Format::Sarif),
        _ => None,
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
    fn a_file_name_says_its_format() {
        let format = |name: &str| by_ending(Path::new(name));
        assert_eq!(format("a/report.json"), Some(Format::Json));
        assert_eq!(format("x.sarif"), Some(Format::Sarif));
        assert_eq!(format("README.md"), Some(Format::Markdown));
        assert_eq!(format("report.txt"), None);
        assert_eq!(format("json"), None);
    }

    #[test]
    fn moments_are_whole_seconds_in_utc() {
        let now = now();
        assert_eq!(now.len(), "2026-01-01T00:00:00Z".len(), "{now}");
        assert!(now.ends_with('Z'), "{now}");
    }
}
