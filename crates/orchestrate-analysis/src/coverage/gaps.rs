//! Ranks what is not covered, so that the first test is written where it tells most.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Counts, Probe, count};
use super::report::{CoverageReport, FileCoverage};

/// A function as a parser found it, with its complexity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpan {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its name.
    pub name: String,
    /// First line, from 1.
    pub start: u32,
    /// Last line.
    pub end: u32,
    /// Its cyclomatic complexity.
    pub cyclomatic: u32,
}

/// A file or a function that is not fully covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// The function; `None` for a whole file.
    pub function: Option<String>,
    /// First line.
    pub start: u32,
    /// Last line.
    pub end: u32,
    /// Units executed, and units there are.
    pub counts: Counts,
    /// How many units were not executed.
    pub uncovered: u64,
    /// The cyclomatic complexity, where a parser gave it.
    pub cyclomatic: Option<u32>,
    /// Change risk `cc² · (1 − coverage)³ + cc` (the CRAP index), where the complexity is known.
    pub risk: Option<f64>,
    /// How often it is called, by name, where somebody counted.
    #[serde(default)]
    pub callers: Option<u32>,
    /// What it weighs in a ranking by risk, size and callers, where somebody counted.
    #[serde(default)]
    pub importance: Option<f64>,
}

/// The files with uncovered code, the ones with most of it first.
#[must_use]
pub fn rank_files(report: &CoverageReport) -> Vec<Gap> {
    let files = report.languages.iter().flat_map(|language| &language.files);
    let mut gaps: Vec<Gap> = files
        .filter_map(|file| {
            let (start, end) = (
                file.uncovered.first().map_or(1, |span| span.first),
                file.uncovered.last().map_or(1, |span| span.last),
            );
            gap(&file.path, None, (start, end), file.counts, None)
        })
        .collect();
    sort(&mut gaps);
    gaps
}

/// The functions with uncovered code: by change risk where complexities are given, then by uncovered units.
///
/// A line belongs to the innermost function around it. In files for which no functions are given, those that the report
/// itself names with both ends are ranked by their uncovered units. Files that are in no report are not ranked: nobody
/// knows what of them is covered.
#[must_use]
pub fn rank_gaps(report: &CoverageReport, complexities: &[FunctionSpan]) -> Vec<Gap> {
    let mut spans: BTreeMap<&str, Vec<&FunctionSpan>> = BTreeMap::new();
    for span in complexities {
        spans.entry(&span.path).or_default().push(span);
    }
    let mut gaps = Vec::new();
    for file in report.languages.iter().flat_map(|language| &language.files) {
        match spans.get(file.path.as_str()) {
            Some(functions) => {
                let lines: Vec<(u32, u32)> = functions
                    .iter()
                    .map(|function| (function.start, function.end))
                    .collect();
                for (function, counts) in functions.iter().zip(by_function(&file.probes, &lines)) {
                    let lines = (function.start, function.end);
                    gaps.extend(gap(
                        &file.path,
                        Some(&function.name),
                        lines,
                        counts,
                        Some(function.cyclomatic),
                    ));
                }
            }
            None => named_by_report(file, &mut gaps),
        }
    }
    sort(&mut gaps);
    gaps
}

fn named_by_report(file: &FileCoverage, gaps: &mut Vec<Gap>) {
    let functions: Vec<(&str, (u32, u32))> = file
        .function_hits
        .iter()
        .filter_map(|function| Some((function.name.as_str(), (function.line, function.last_line?))))
        .collect();
    let lines: Vec<(u32, u32)> = functions.iter().map(|(_, lines)| *lines).collect();
    for ((name, lines), counts) in functions.iter().zip(by_function(&file.probes, &lines)) {
        gaps.extend(gap(&file.path, Some(name), *lines, counts, None));
    }
}

/// What the probes of a file say of each function, a probe given to the innermost one around its first line.
fn by_function(probes: &[Probe], functions: &[(u32, u32)]) -> Vec<Counts> {
    // Functions are either apart or one inside the other, so a stack of those that are open finds the innermost.
    let mut order: Vec<usize> = (0..functions.len()).collect();
    let lines = |at: usize| functions.get(at).copied().unwrap_or_default();
    order.sort_by_key(|at| (lines(*at).0, std::cmp::Reverse(lines(*at).1)));
    let mut sums = vec![Counts::default(); functions.len()];
    let mut next = order.into_iter().peekable();
    let mut open: Vec<usize> = Vec::new();
    for probe in probes {
        while let Some(at) = next.next_if(|at| lines(*at).0 <= probe.line) {
            open.push(at);
        }
        while open.last().is_some_and(|at| lines(*at).1 < probe.line) {
            open.pop();
        }
        if let Some(sum) = open.last().and_then(|at| sums.get_mut(*at)) {
            sum.add(count(std::iter::once(probe)));
        }
    }
    sums
}

fn gap(
    path: &str,
    function: Option<&str>,
    (start, end): (u32, u32),
    counts: Counts,
    cyclomatic: Option<u32>,
) -> Option<Gap> {
    let uncovered = counts.total.saturating_sub(counts.covered);
    let covered = counts.percent()? / 100.0;
    (uncovered > 0).then(|| Gap {
        path: path.to_owned(),
        function: function.map(str::to_owned),
        start,
        end,
        counts,
        uncovered,
        cyclomatic,
        risk: cyclomatic.map(|cc| {
            let cc = f64::from(cc);
            cc * cc * (1.0 - covered).powi(3) + cc
        }),
        callers: None,
        importance: None,
    })
}

fn sort(gaps: &mut [Gap]) {
    gaps.sort_by(|a, b| {
        let risk = |gap: &Gap| gap.risk.unwrap_or(0.0);
        risk(b)
            .total_cmp(&risk(a))
            .then_with(|| b.uncovered.cmp(&a.uncovered))
            .then_with(|| (&a.path, a.start, &a.function).cmp(&(&b.path, b.start, &b.function)))
    });
}
