//! The health report as Markdown, short enough for a comment, and its trend in words.

use super::inline::{cell, code_cell, text};
use super::markdown::{list, not_measured, put};
use crate::health_check::{Direction, HealthReport, Trend, TrendState};

/// How many findings of a category are shown.
const FINDINGS: usize = 3;

/// Renders the report as Markdown.
#[must_use]
pub fn health_markdown(report: &HealthReport) -> String {
    let head = match (report.grade, report.score) {
        (Some(grade), Some(score)) => format!("grade {}, {score:.1} of 100", grade.as_str()),
        _ => "no grade".to_owned(),
    };
    let mut out = format!(
        "## Health ({}): {head}\n\n{}\n\n",
        report.mode.as_str(),
        text(&report.summary)
    );
    for line in trend_told(&report.trend) {
        put(&mut out, format_args!("{}\n", text(&line)));
    }
    out.push_str("\n| Category | Score | Weight | How it is made |\n|---|---:|---:|---|\n");
    for it in &report.categories {
        let score = it
            .score
            .map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"));
        put(
            &mut out,
            format_args!(
                "| {} | {score} | {:.0} % | {} |\n",
                it.name,
                100.0 * it.share,
                cell(&it.definition)
            ),
        );
    }
    let advice = report.do_first.iter();
    list(
        &mut out,
        "What to do first",
        advice.map(|it| format!("**+{:.1}** {}: {}", it.gain, it.category, text(&it.what))),
    );
    findings(&mut out, report);
    list(
        &mut out,
        "Warnings",
        report.warnings().iter().map(|it| text(it)),
    );
    not_measured(&mut out, &report.not_measured());
    out
}

/// Which way a project goes, a line for each thing there is to say.
#[must_use]
pub fn trend_told(trend: &Trend) -> Vec<String> {
    let since = trend.since.as_deref().unwrap_or("an earlier check");
    let before = match (trend.before, &trend.grade_before) {
        (Some(score), Some(grade)) => format!(" ({score:.1}, {grade})"),
        (Some(score), None) => format!(" ({score:.1})"),
        (None, _) => String::new(),
    };
    let change = trend.change.unwrap_or_default();
    let first = match trend.state {
        TrendState::FirstCheck => {
            return vec![
                "First check of this mode: there is nothing to compare it with yet.".to_owned(),
            ];
        }
        TrendState::Unknown => {
            let why = trend.why.as_deref().unwrap_or_default();
            return vec![format!("Not known: {why}.")];
        }
        TrendState::Improving => format!("Improving: {change:+.1} points since {since}{before}."),
        TrendState::Stable => format!("Stable: {change:+.1} points since {since}{before}."),
        TrendState::Declining => format!("Declining: {change:+.1} points since {since}{before}."),
        TrendState::NotComparable => format!(
            "Not comparable as a whole: no earlier check measured the same categories. The last one was on {since}{before}."
        ),
    };
    let moved = trend.categories.iter();
    let moved = moved.filter(|it| it.direction != Direction::Stable);
    let moved = moved.map(|it| {
        let (name, before, now) = (&it.category, it.before, it.now);
        format!("{name}: {before:.1} -> {now:.1} ({:+.1})", it.change)
    });
    std::iter::once(first).chain(moved).collect()
}

fn findings(out: &mut String, report: &HealthReport) {
    let shown: Vec<_> = report
        .categories
        .iter()
        .flat_map(|it| {
            it.findings
                .iter()
                .take(FINDINGS)
                .map(|finding| (&it.name, finding))
        })
        .collect();
    if shown.is_empty() {
        return;
    }
    out.push_str(
        "\n### Top findings\n\n| Category | Severity | Where | What |\n|---|---|---|---|\n",
    );
    for (name, it) in shown {
        put(
            out,
            format_args!(
                "| {name} | {} | {} | {} |\n",
                it.severity.as_str(),
                code_cell(&format!("{}:{}", it.path, it.line)),
                cell(&format!("{} ({})", it.message, it.names()))
            ),
        );
    }
}
