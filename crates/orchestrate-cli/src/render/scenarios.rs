//! The report of scenarios for people. It shows what was measured, and adds nothing.

use anstyle::Style;
use orchestrate_workflows::scenarios::{
    Growth, Pattern, Scaling, ScenarioReport, ScenariosReport, TimeOf,
};

use super::columns::Columns;
use super::measured::{ITEMS, not_measured};
use super::page::Page;
use super::style::{BAD, GOOD, WARN};
use super::text::{counted, duration, spent};

/// How many columns a line of time has.
const LINE: usize = 48;
/// How many numbers of items are listed with their times.
const SIZES: usize = 20;

/// The report as a page of so many columns.
pub(crate) fn scenarios(report: &ScenariosReport, width: usize) -> String {
    let mut page = Page::new(width, &format!("SCENARIOS: {}", report.skill));
    page.gap();
    let (style, sign, words) = match report.passed {
        Some(true) => (GOOD, "[ok]", "ALL HELD"),
        Some(false) => (BAD, "[FAIL]", "NOT ALL HELD"),
        None => (WARN, "[ ?? ]", "UNDECIDED"),
    };
    page.state(style, sign, words);
    page.text(9, &report.summary);
    let recommended = &report.recommendation;
    let name = recommended.difficulty.as_deref().unwrap_or("none");
    page.text(9, &format!("Recommended: {name}; {}.", recommended.reason));

    page.section("SCENARIOS");
    for scenario in &report.scenarios {
        one(&mut page, scenario);
    }
    timeline(&mut page, report);
    compared(&mut page, report);
    scaling(&mut page, report);
    quality(&mut page, report);
    patterns(&mut page, "WHAT SUCCEEDED", &report.successes);
    patterns(&mut page, "WHAT FAILED", &report.failures);
    not_measured(&mut page, &report.not_measured);
    spent_on(&mut page, report);
    page.finish()
}

fn one(page: &mut Page, it: &ScenarioReport) {
    let (style, sign): (Style, &str) = match it.held {
        Some(true) => (GOOD, "[ok]"),
        Some(false) => (BAD, "[FAIL]"),
        None => (WARN, "[ ?? ]"),
    };
    let words = format!(
        "{:<10} {:>7} items  {:<11} {} of {} s",
        it.name,
        it.items,
        it.status.as_str(),
        duration(it.time_s),
        it.time_budget_s
    );
    page.state(style, sign, &words);
    let portions = it.portions.len();
    let done = (it.progress * portions as f64).round();
    let mut facts = vec![format!(
        "{done} of {} succeeded",
        counted(portions, "portion")
    )];
    if it.retries > 0 {
        facts.push(counted(it.retries, "further attempt"));
    }
    if it.error_tolerance > 0.0 {
        facts.push(format!("{:.0} % may fail", 100.0 * it.error_tolerance));
    }
    if let Some(peak) = it.peak_memory_mb.value {
        let limit = it.memory_limit_mb;
        let limit = limit.map_or_else(String::new, |limit| format!(" of {limit} MB"));
        facts.push(format!("{peak:.1} MB{limit}"));
    }
    page.text(9, &facts.join("; "));
    for reason in &it.reasons {
        page.hanging(9, "- ", reason);
    }
}

/// When each scenario worked: a sign for each stretch of time, a dot where it waited.
fn timeline(page: &mut Page, report: &ScenariosReport) {
    let wall = report.parallel.wall_s;
    if wall <= 0.0 {
        return;
    }
    page.section(&format!("TIMELINE (0 to {})", duration(wall)));
    for it in &report.scenarios {
        let mut line = vec!['.'; LINE];
        for portion in &it.portions {
            let (Some(began), Some(ended)) = (portion.began_s, portion.ended_s) else {
                continue;
            };
            let column = |seconds: f64| ((seconds / wall * LINE as f64) as usize).min(LINE - 1);
            let sign = match (portion.error.is_some(), portion.number % 2) {
                (true, _) => 'x',
                (false, 1) => '#',
                (false, _) => '=',
            };
            let (from, to) = (column(began), column(ended));
            line.iter_mut()
                .take(to + 1)
                .skip(from)
                .for_each(|it| *it = sign);
        }
        let line: String = line.into_iter().collect();
        page.line(2, &format!("{:<10} |{line}|", it.name));
    }
    page.text(2, "Portions are # and = in turn, x where one failed.");
}

fn compared(page: &mut Page, report: &ScenariosReport) {
    if report.comparison.is_empty() {
        return;
    }
    page.section("COMPARISON (times that of the first)");
    let mut columns = Columns::default();
    let names = report.scenarios.iter().map(|it| it.name.to_uppercase());
    columns.row(std::iter::once("METRIC".to_owned()).chain(names));
    for it in &report.comparison {
        let unit = match &*it.unit {
            "" => String::new(),
            unit => format!(" ({unit})"),
        };
        let cells = report.scenarios.iter().enumerate().map(|(at, scenario)| {
            let value = it.values.get(&scenario.name).copied().flatten();
            let ratio = it.ratios.get(&scenario.name).copied().flatten();
            let ratio = ratio.filter(|_| at > 0);
            let ratio = ratio.map_or_else(String::new, |ratio| format!(" (x{ratio:.2})"));
            value.map_or_else(
                || "-".to_owned(),
                |value| format!("{}{ratio}", figure(value)),
            )
        });
        let name = format!("{}{unit}", it.metric);
        columns.row(std::iter::once(name).chain(cells));
    }
    for line in columns.render().lines() {
        page.line(2, line);
    }
}

/// A number with as many places as tell something.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 1.0 => format!("{value:.2}"),
        it if it >= 0.01 => format!("{value:.4}"),
        it if it >= 1e-6 => format!("{value:.7}").trim_end_matches('0').to_owned(),
        _ => format!("{value:.2e}"),
    }
}

fn scaling(page: &mut Page, report: &ScenariosReport) {
    page.section("HOW TIME GROWS WITH THE NUMBER OF ITEMS");
    if let Some(cpu) = &report.cpu_scaling {
        grows(page, TimeOf::Processor, cpu);
        page.gap();
    }
    grows(page, TimeOf::Clock, &report.scaling);
}

/// How one time grows.
fn grows(page: &mut Page, of: TimeOf, it: &Scaling) {
    page.line(2, &format!("The {}:", of.as_str()));
    match it.growth {
        Some(growth) => page.text(
            2,
            &format!("{}, {}: {}.", growth.as_str(), growth.notation(), it.why),
        ),
        None => page.text(2, &format!("{}.", it.why)),
    }
    if let Some(fit) = &it.fit {
        let explained = fit.r_squared;
        let explained = explained.map_or_else(String::new, |it| format!(", R^2 {it:.4}"));
        let lie = format!("times lie {:.1} % from it{explained}", 100.0 * fit.error);
        let name = fit.growth.as_str();
        let (fixed, growing) = (figure(fit.fixed_ms), figure(fit.growing_ms));
        page.text(
            2,
            &match (it.growth, fit.growth) {
                (Some(_), Growth::Constant) => format!("One invocation takes {fixed} ms; {lie}."),
                (Some(_), _) => format!(
                    "{fixed} ms are the same for any number of items, {growing} ms come with the most; {lie}."
                ),
                (None, _) => format!("The nearest curve is {name}; {lie}."),
            },
        );
    }
    if it.points.is_empty() {
        return;
    }
    let shown = it.points.iter().take(SIZES);
    let shown = shown.map(|it| format!("{}: {}", it.items, figure(it.ms)));
    let shown: Vec<String> = shown.collect();
    page.hanging(2, "items: ms  ", &shown.join(", "));
    page.rest(it.points.len().saturating_sub(SIZES));
}

/// How each metric went from milestone to milestone.
fn quality(page: &mut Page, report: &ScenariosReport) {
    let mut metrics: Vec<&String> = report
        .scenarios
        .iter()
        .flat_map(|it| it.metrics.keys())
        .collect();
    metrics.sort_unstable();
    metrics.dedup();
    if metrics.is_empty() {
        return;
    }
    page.section("QUALITY, PORTION BY PORTION");
    for metric in metrics {
        for it in &report.scenarios {
            let values = it.portions.iter().map(|portion| {
                let value = portion.metrics.get(metric);
                value.map_or_else(|| "-".to_owned(), |value| figure(*value))
            });
            let values: Vec<String> = values.collect();
            page.line(
                2,
                &format!("{metric} {:<10} {}", it.name, values.join("  ")),
            );
        }
    }
}

fn patterns(page: &mut Page, heading: &str, patterns: &[Pattern]) {
    if patterns.is_empty() {
        return;
    }
    page.section(heading);
    for it in patterns.iter().take(ITEMS) {
        let portions = counted(it.portions, "portion");
        let words = format!("{} ({portions} of {})", it.what, it.scenarios.join(", "));
        page.hanging(2, "- ", &words);
    }
    page.rest(patterns.len().saturating_sub(ITEMS));
}

fn spent_on(page: &mut Page, report: &ScenariosReport) {
    page.gap();
    let it = &report.parallel;
    let efficiency = it.efficiency.map_or_else(
        || "efficiency not known".to_owned(),
        |share| format!("{:.0} % of {} places busy", 100.0 * share, it.width),
    );
    page.text(
        2,
        &format!(
            "Time: {} by the clock, {} of work, {efficiency}",
            duration(it.wall_s),
            duration(it.busy_s)
        ),
    );
    let path = &report.critical_path;
    if let (Some(first), Some(last)) = (path.steps.first(), path.steps.last()) {
        page.text(
            2,
            &format!(
                "Critical path: {} in {}, from {} to {}",
                counted(path.steps.len(), "portion"),
                duration(path.seconds),
                first.step,
                last.step
            ),
        );
    }
    let used = report.usage.as_ref().and_then(spent);
    let used = used.unwrap_or_else(|| "no model was asked".to_owned());
    page.text(2, &format!("Cost: {used}"));
}
