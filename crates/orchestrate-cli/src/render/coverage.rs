//! The report on test coverage for people. It shows what was measured, and adds nothing.

use anstyle::Style;
use orchestrate_workflows::TestCoverageReport;
use orchestrate_workflows::test_coverage::{Attempt, Fate, Figures, GapOutcome, GapReport, spans};
use serde_json::Value;

use super::measured::{list, measured_by, not_measured};
use super::page::Page;
use super::style::{BAD, DIM, GOOD, WARN};
use super::text::{counted, duration, spent};

/// How many pieces of a gap are shown by their lines.
const SPANS: usize = 6;
/// How many lines are shown of what tests said.
const SAID: usize = 15;

/// The report as a page of so many columns.
pub(crate) fn coverage(report: &TestCoverageReport, width: usize) -> String {
    let mut page = Page::new(width, "TEST COVERAGE");
    page.gap();
    let target = report.target;
    let (style, sign, words) = match report.reached {
        Some(true) => (GOOD, "[ok]", format!("TARGET REACHED ({target} %)")),
        Some(false) => (BAD, "[FAIL]", format!("TARGET NOT REACHED ({target} %)")),
        None if report.before.is_some() => (WARN, "[ ?? ]", "UNDECIDED".to_owned()),
        None => (WARN, "[ ?? ]", "NOT MEASURED".to_owned()),
    };
    page.state(style, sign, &words);
    page.text(9, &report.summary);
    if let Some(before) = &report.before {
        page.section("MEASURED");
        figures(&mut page, "before", before);
        match &report.after {
            Some(after) => figures(&mut page, "after", after),
            None if report.accepted().next().is_some() => {
                page.line(2, "after   not measured, as told below");
            }
            None => page.line(2, "after   not measured: no test was accepted"),
        }
        page.text(2, &format!("Counted: {}.", report.definition));
    }
    gaps(&mut page, report);
    handed_over(&mut page, report);
    list(&mut page, "WARNINGS", &report.warnings);
    not_measured(&mut page, &report.not_measured);
    said(&mut page, report);
    measured_by(&mut page, &report.agent_results, &report.path);
    if let Some(used) = spent(&report.usage) {
        page.text(2, &format!("Models: {used}"));
    }
    let wall = duration(report.wall_duration);
    page.text(2, &format!("Time: {wall} by the clock"));
    page.finish()
}

/// The last lines of tests that did not pass.
fn said(page: &mut Page, report: &TestCoverageReport) {
    let agents = report.agent_results.values();
    let runs = agents.filter_map(|agent| agent.output.get("test_runs")?.as_array());
    for run in runs.flatten() {
        let text = |name: &str| run.get(name).and_then(Value::as_str).unwrap_or_default();
        let lines: Vec<&str> = text("tail").lines().collect();
        if !lines.is_empty() {
            page.section(&format!("WHAT THE TESTS SAID LAST ({})", text("what")));
            for line in lines.iter().skip(lines.len().saturating_sub(SAID)) {
                page.line(2, line);
            }
        }
    }
}

fn figures(page: &mut Page, when: &str, figures: &Figures) {
    let Figures {
        percent,
        least,
        covered,
        total,
        unit,
    } = figures;
    let least = least.map_or(String::new(), |least| {
        format!(", or as little as {least:.1} % if what no report names counts as not covered")
    });
    let words = format!("{percent:.1} %  ({covered} of {total} {unit}{least})");
    page.hanging(2, &format!("{when:<8}"), &words);
}

fn gaps(page: &mut Page, report: &TestCoverageReport) {
    if report.gaps.is_empty() {
        return;
    }
    let shown = report.gaps.len();
    let all = report.gaps_count.unwrap_or(shown);
    page.section(&format!("FIRST GAPS ({shown} of {all})"));
    let mut told = None;
    for gap in &report.gaps {
        one(page, gap);
        // What is the same for all that follow is told once.
        let why = gap
            .why
            .as_ref()
            .filter(|_| gap.outcome == GapOutcome::NotWritten);
        if why.is_some() && why != told {
            page.text(6, &format!("no test: {}", why.map_or("", String::as_str)));
        }
        told = why;
    }
}

fn one(page: &mut Page, report: &GapReport) {
    let gap = &report.gap;
    let rank = format!("{:>2}. ", gap.rank);
    page.hanging(
        2,
        &rank,
        &format!("`{}` {}:{}", gap.function, gap.path, gap.start),
    );
    let never = match gap.uncovered == gap.total {
        true => String::new(),
        false => format!("; not reached: {}", first_spans(&gap.uncovered_lines)),
    };
    page.text(6, &format!("{}{never}", gap.reason));
    if report.outcome == GapOutcome::NotWritten {
        return;
    }
    let (style, sign) = state(report.outcome);
    let told = match (&report.test, report.attempts.last()) {
        (Some(test), Some(last)) => format!("{}: {}", test.path, last.reason),
        (Some(test), None) => test.path.clone(),
        (None, _) => report.why.clone().unwrap_or_default(),
    };
    page.state(style, sign, report.outcome.as_str());
    // The attempts say by themselves why they were not accepted.
    if report.outcome != GapOutcome::Rejected || report.attempts.is_empty() {
        page.text(9, &told);
    }
    for attempt in &report.attempts {
        faults(page, attempt);
    }
}

/// Lines in words, the first few where there are many.
fn first_spans(lines: &[u32]) -> String {
    let all = spans(lines);
    let parts: Vec<&str> = all.split(", ").collect();
    match parts.get(..SPANS) {
        Some(first) if parts.len() > SPANS => format!("{}, …", first.join(", ")),
        _ => all,
    }
}

fn faults(page: &mut Page, attempt: &Attempt) {
    if !attempt.accepted {
        let words = format!("{}: {}", attempt.path, attempt.reason);
        page.hanging(9, &format!("attempt {}: ", attempt.number), &words);
    }
    let faults = attempt.faults.iter();
    let noticed = faults.filter(|fault| fault.fate.as_ref().is_some_and(Fate::is_noticed));
    let noticed: Vec<String> = noticed
        .map(|fault| format!("line {}: {}", fault.line, fault.what))
        .collect();
    if !noticed.is_empty() {
        page.hanging(9, "notices ", &noticed.join("; "));
    }
}

fn state(outcome: GapOutcome) -> (Style, &'static str) {
    match outcome {
        GapOutcome::Accepted => (GOOD, "[ok]"),
        GapOutcome::Rejected => (BAD, "[FAIL]"),
        GapOutcome::Skeleton | GapOutcome::NotWritten => (DIM, "[skip]"),
    }
}

/// What is handed over, and how.
fn handed_over(page: &mut Page, report: &TestCoverageReport) {
    let (accepted, skeletons) = (report.accepted().count(), report.skeletons().count());
    if accepted == 0 && skeletons == 0 {
        return;
    }
    page.section("NEW FILES");
    for path in &report.applied {
        page.hanging(2, "written: ", path);
    }
    for left in &report.not_applied {
        page.hanging(2, "not written: ", &format!("{}: {}", left.path, left.why));
    }
    let nothing = report.applied.is_empty() && report.not_applied.is_empty();
    if accepted > 0 && nothing {
        let tests = counted(accepted, "accepted test");
        page.text(
            2,
            &format!("{tests}: `--apply` writes what was accepted into the repository, `--out tests.patch` makes a patch."),
        );
    }
    if skeletons > 0 && nothing {
        let files = counted(skeletons, "skeleton");
        page.text(
            2,
            &format!(
                "{files}, ignored by the runner: `--format patch --with-skeletons` shows them, `--apply --with-skeletons` writes them. \
                 With a model for `test_generator` in orchestrate.toml real tests are written; `orchestrate init` shows how."
            ),
        );
    }
}
