//! The health report and the list of checks for people. They show what was kept or measured, and add nothing.

use std::collections::BTreeSet;

use anstyle::Style;
use orchestrate_core::check::CheckRecord;
use orchestrate_workflows::HealthReport;
use orchestrate_workflows::formats::trend_told;
use orchestrate_workflows::health_check::{CategoryReport, Grade};

use super::columns::Columns;
use super::measured::{ITEMS, finding_at, list, measured_by, not_measured, spent};
use super::page::Page;
use super::style::{BAD, GOOD, WARN};

/// How many findings of a weak category the text shows.
const FINDINGS: usize = 3;
/// How many figures of a category the text shows.
const FIGURES: usize = 4;
/// How wide a bar is; each sign is so many points.
const BAR: usize = 20;

/// The report as a page of so many columns.
pub(crate) fn health(report: &HealthReport, width: usize) -> String {
    let title = format!("HEALTH CHECK ({})", report.mode.as_str());
    let mut page = Page::new(width, &title);
    page.gap();
    let least = report.fail_under;
    let (style, sign, words) = match (report.grade, report.score, report.passed) {
        (Some(grade), Some(_), passed) => {
            let (style, sign) = match passed {
                Some(true) => (GOOD, "[ok]"),
                _ => (BAD, "[FAIL]"),
            };
            let grade = grade.as_str();
            let words = format!("GRADE {grade} (passes from {least} on)");
            (style, sign, words)
        }
        _ => (WARN, "[ ?? ]", "NO GRADE".to_owned()),
    };
    page.state(style, sign, &words);
    page.text(9, &report.summary);

    page.section("CATEGORIES");
    for category in best_first(report) {
        bar(&mut page, category);
    }
    page.section("TREND");
    for line in trend_told(&report.trend) {
        page.text(2, &line);
    }
    do_first(&mut page, report);
    weak(&mut page, report);
    list(&mut page, "WARNINGS", &report.warnings());
    not_measured(&mut page, &report.not_measured());
    page.section("HOW THE SCORES ARE MADE");
    for category in report.categories.iter().filter(|it| it.score.is_some()) {
        page.hanging(
            2,
            "- ",
            &format!("{}: {}", category.name, category.definition),
        );
    }
    measured_by(&mut page, &report.agent_results, &report.path);
    spent(&mut page, report.wall_duration, report.summed_duration);
    page.finish()
}

/// Those with the highest scores first, and those without any last.
fn best_first(report: &HealthReport) -> Vec<&CategoryReport> {
    let mut all: Vec<&CategoryReport> = report.categories.iter().collect();
    all.sort_by(|a, b| {
        b.score
            .partial_cmp(&a.score)
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    all
}

fn bar(page: &mut Page, category: &CategoryReport) {
    let (style, sign) = state(category.score);
    let name = &category.name;
    let share = format!("weight {:.0} %", 100.0 * category.share);
    let Some(score) = category.score else {
        let words = format!("{name:<14} {:<BAR$}         {share}", "not measured");
        return page.state(style, sign, &words);
    };
    // A whole bar is a whole score: rounding down never shows more than there is.
    let full = (score / 100.0 * BAR as f64) as usize;
    let bar = format!(
        "{}{}",
        "#".repeat(full),
        ".".repeat(BAR.saturating_sub(full))
    );
    page.state(
        style,
        sign,
        &format!("{name:<14} {bar}  {score:>5.1}  {share}"),
    );
    // The first is what the score is about; of the others nought says little.
    let figures = category.figures.iter().enumerate();
    let figures = figures.filter(|(at, it)| *at == 0 || it.value != 0.0);
    let figures = figures.take(FIGURES).map(|(_, it)| it.to_string());
    let figures: Vec<String> = figures.collect();
    page.text(9, &figures.join("; "));
}

/// The sign of a score: as good as a grade B, worse, or failing.
fn state(score: Option<f64>) -> (Style, &'static str) {
    match score.map(Grade::of) {
        Some(Grade::A | Grade::B) => (GOOD, "[ok]"),
        Some(Grade::C | Grade::D) => (WARN, "[warn]"),
        Some(Grade::F) => (BAD, "[FAIL]"),
        None => (WARN, "[ ?? ]"),
    }
}

fn do_first(page: &mut Page, report: &HealthReport) {
    if report.do_first.is_empty() {
        return;
    }
    page.section("WHAT TO DO FIRST (points that it adds to the score)");
    for advice in report.do_first.iter().take(ITEMS) {
        let gain = format!("{:+5.1}  ", advice.gain);
        page.hanging(2, &gain, &format!("{}: {}", advice.category, advice.what));
    }
}

/// The first findings of each category below an A.
fn weak(page: &mut Page, report: &HealthReport) {
    for category in &report.categories {
        let is_good = category
            .score
            .is_none_or(|score| Grade::of(score) == Grade::A);
        if is_good || category.findings.is_empty() {
            continue;
        }
        let shown = category.findings.len().min(FINDINGS);
        let heading = category.name.to_uppercase();
        let all = category.findings_count;
        page.section(&format!("TOP FINDINGS OF {heading} ({shown} of {all})"));
        for finding in category.findings.iter().take(shown) {
            finding_at(page, finding);
        }
    }
}

/// Checks that were kept, newest first, of so many.
pub(crate) fn checks(checks: &[CheckRecord], all: usize) -> String {
    if checks.is_empty() {
        return "no check was kept yet: `orchestrate health-check` makes one\n".to_owned();
    }
    let names: BTreeSet<&String> = checks.iter().flat_map(|it| it.categories.keys()).collect();
    let mut columns = Columns::default();
    let heading = |name: &String| -> String { name.chars().take(4).collect() };
    let headings = ["WHEN (UTC)", "MODE", "SCORE", "MEASURED"].map(str::to_owned);
    let more = names.iter().map(|name| heading(name).to_uppercase());
    columns.row(headings.into_iter().chain(more));
    for check in checks {
        let score = check.score.map_or("-".to_owned(), |score| {
            let grade = check.grade.as_deref().unwrap_or("-");
            format!("{score:5.1} {grade}")
        });
        let when = check.at.replace('T', " ");
        let when = when.get(..16).unwrap_or(&when).to_owned();
        let share = format!("{:.0} %", 100.0 * check.measured_share);
        let scores = names.iter().map(|name| {
            let score = check.categories.get(*name);
            score.map_or("-".to_owned(), |score| format!("{score:.0}"))
        });
        let row = [when, check.mode.clone(), score, share];
        columns.row(row.into_iter().chain(scores));
    }
    let mut out = columns.render();
    let rest = all.saturating_sub(checks.len());
    if rest > 0 {
        out.push_str(&format!("and {rest} more; `--limit` lists them\n"));
    }
    out
}
