//! Gaps of coverage as whoever writes tests is told of them: the first ones, each with its reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::coverage::{CoverageReport, FileCoverage, Gap};
use orchestrate_analysis::language::Language;
use orchestrate_analysis::scan::FileFacts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::area::{Area, area};

/// Lines of a function that are shown to whoever writes a test for it.
const SOURCE_LINES: usize = 300;
/// Lines of an existing test that are shown as an example of how tests look here.
const EXAMPLE_LINES: usize = 60;

/// A function of which lines were not executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageGap {
    /// Its place among the gaps, from 1.
    pub rank: usize,
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its name with the type that holds it.
    pub function: String,
    /// First line.
    pub start: u32,
    /// Last line.
    pub end: u32,
    /// Executable units in it (lines; Go: statements).
    pub total: u64,
    /// Of these, those that were not executed.
    pub uncovered: u64,
    /// The lines that were not executed.
    pub uncovered_lines: Vec<u32>,
    /// Cyclomatic complexity, where it is known.
    pub cyclomatic: Option<u32>,
    /// How often it is called, by name, where that was counted.
    pub callers: Option<u32>,
    /// What it weighs in the ranking: change risk × √(units that never ran) × log₂(2 + callers).
    pub importance: Option<f64>,
    /// Why it stands where it stands, in words.
    pub reason: String,
    /// Why no test for it can be checked here; null where one can.
    pub cannot: Option<String>,
}

/// What is told to whoever writes the test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Brief {
    #[serde(flatten)]
    pub(super) gap: CoverageGap,
    /// The source of the function, each line with its number; `!` marks those that never ran.
    pub(super) source: String,
    /// Where its test may lie, and how tests are written there.
    pub(super) tests: Area,
    /// The name of its package, in Go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) package: Option<String>,
    /// The beginning of a test that exists, as an example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<Example>,
}

/// The beginning of a test of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Example {
    pub(super) path: String,
    pub(super) text: String,
}

/// The first gaps of a ranking, in its order. `text` gives the source of a file.
pub(super) fn briefs(
    snapshot: &Snapshot,
    report: &CoverageReport,
    ranked: &[Gap],
    most: usize,
    text: &dyn Fn(&str) -> Option<String>,
    is_there: &dyn Fn(&str) -> bool,
) -> Vec<Brief> {
    let mut taken = BTreeSet::new();
    let functions = ranked.iter().filter(|gap| gap.function.is_some());
    let briefs = functions.zip(1..).take(most).filter_map(|(gap, rank)| {
        let file = snapshot.files.iter().find(|file| file.path == gap.path)?;
        let covered = file_coverage(report, &gap.path)?;
        let mut gap = of(rank, gap, file, covered);
        let whole = text(&gap.path)?;
        let source = numbered(&whole, &gap);
        let package = package(&whole, gap.language);
        let is_free = |path: &str| !is_there(path) && !taken.contains(path);
        let tests = area(&gap, snapshot, is_there, &is_free);
        taken.extend(tests.path.clone());
        gap.cannot.clone_from(&tests.cannot);
        let example = example(snapshot, &gap, text);
        Some(Brief {
            gap,
            source,
            tests,
            package,
            example,
        })
    });
    briefs.collect()
}

/// What a report says of a file.
pub(super) fn file_coverage<'a>(
    report: &'a CoverageReport,
    path: &str,
) -> Option<&'a FileCoverage> {
    let mut files = report.languages.iter().flat_map(|language| &language.files);
    files.find(|file| file.path == path)
}

fn of(rank: usize, gap: &Gap, file: &FileFacts, covered: &FileCoverage) -> CoverageGap {
    let function = gap.function.clone().unwrap_or_default();
    CoverageGap {
        rank,
        path: gap.path.clone(),
        language: file.language,
        function,
        start: gap.start,
        end: gap.end,
        total: gap.counts.total,
        uncovered: gap.uncovered,
        uncovered_lines: uncovered_lines(gap, file, covered),
        cyclomatic: gap.cyclomatic,
        callers: gap.callers,
        importance: gap.importance.map(|weight| (weight * 10.0).round() / 10.0),
        reason: reason(gap, file.language),
        cannot: None,
    }
}

/// The lines of a function that were not executed, those of functions inside of it left out.
fn uncovered_lines(gap: &Gap, file: &FileFacts, covered: &FileCoverage) -> Vec<u32> {
    let inner = file.functions.iter().filter(|function| {
        (function.line, function.end_line) != (gap.start, gap.end)
            && function.line >= gap.start
            && function.end_line <= gap.end
    });
    let inner: Vec<(u32, u32)> = inner.map(|it| (it.line, it.end_line)).collect();
    let is_own = |line: u32| {
        (gap.start..=gap.end).contains(&line)
            && !inner
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&line))
    };
    let probes = covered.probes.iter().filter(|probe| probe.hits == 0);
    let lines = probes.flat_map(|probe| probe.line..=probe.last_line.max(probe.line));
    let hit: BTreeSet<u32> = hit_lines(covered);
    let lines: BTreeSet<u32> = lines
        .filter(|line| is_own(*line) && !hit.contains(line))
        .collect();
    lines.into_iter().collect()
}

/// The lines of a file that were executed.
pub(super) fn hit_lines(covered: &FileCoverage) -> BTreeSet<u32> {
    let hit = covered.probes.iter().filter(|probe| probe.hits > 0);
    hit.flat_map(|probe| probe.line..=probe.last_line.max(probe.line))
        .collect()
}

fn package(text: &str, language: Language) -> Option<String> {
    let mut lines = text.lines().filter(|_| language == Language::Go);
    let name = lines.find_map(|line| line.strip_prefix("package "))?;
    name.split_whitespace().next().map(str::to_owned)
}

fn reason(gap: &Gap, language: Language) -> String {
    let total = gap.counts.total;
    let units = match (language, total) {
        (Language::Go, 1) => "statement",
        (Language::Go, _) => "statements",
        (_, 1) => "line",
        _ => "lines",
    };
    let mut reason = match (gap.counts.covered, total) {
        (0, 1) => format!("its only {units} never ran"),
        (0, _) => format!("none of its {total} {units} ever ran"),
        _ => format!("{} of its {total} {units} never ran", gap.uncovered),
    };
    if let Some(cyclomatic) = gap.cyclomatic {
        // Writing to a string cannot fail.
        let _ = write!(reason, ", complexity {cyclomatic}");
    }
    match gap.callers {
        Some(1) => reason.push_str(", called in 1 place"),
        Some(callers) if callers > 1 => {
            let _ = write!(reason, ", called in {callers} places");
        }
        _ => {}
    }
    reason
}

/// The source of a function, each line with its number, those marked that never ran.
pub(super) fn numbered(text: &str, gap: &CoverageGap) -> String {
    let mut source = String::new();
    let first = gap.start.saturating_sub(1) as usize;
    let lines = text.lines().enumerate().skip(first);
    let count = (gap.end.saturating_sub(gap.start) as usize).saturating_add(1);
    for (at, line) in lines.take(count.min(SOURCE_LINES)) {
        let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let mark = match gap.uncovered_lines.binary_search(&number) {
            Ok(_) => '!',
            Err(_) => ' ',
        };
        // Writing to a string cannot fail.
        let _ = writeln!(source, "{number:>5}{mark} {line}");
    }
    if count > SOURCE_LINES {
        let _ = writeln!(source, "(cut: {SOURCE_LINES} of {count} lines)");
    }
    source
}

/// The test of the same language whose path has most in common with that of the gap.
fn example(
    snapshot: &Snapshot,
    gap: &CoverageGap,
    text: &dyn Fn(&str) -> Option<String>,
) -> Option<Example> {
    let tests = snapshot.tests.iter().filter(|test| {
        Language::of_path(&test.path) == Some(gap.language) && test.path != gap.path
    });
    let paths: BTreeSet<&str> = tests.map(|test| test.path.as_str()).collect();
    let stem = |path: &str| -> String {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split('.').next().unwrap_or(name).to_owned()
    };
    let wanted = stem(&gap.path);
    // `max_by_key` gives the last of equals; reversed, that is the first by path.
    let path = paths
        .into_iter()
        .rev()
        .max_by_key(|path| stem(path).contains(&wanted))?;
    let text = text(path)?;
    let lines: Vec<&str> = text.lines().take(EXAMPLE_LINES).collect();
    Some(Example {
        path: path.to_owned(),
        text: lines.join("\n"),
    })
}
