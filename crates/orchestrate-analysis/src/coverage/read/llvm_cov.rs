//! The JSON export of `llvm-cov` (`cargo llvm-cov --json`): segments per file, unfolded into lines as llvm-cov does.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{ReadError, line_number};
use crate::coverage::model::{Counts, FileBuilder, Format, RawFile, RawReport, Unit, build_files};

#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
    #[serde(default)]
    functions: Vec<Function>,
    totals: Option<Summary>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    segments: Option<Vec<Segment>>,
    branches: Option<Vec<Branch>>,
    summary: Option<Summary>,
}

/// Where a region begins or ends: line, column, count, whether it has a count, whether a region begins here, and, from
/// LLVM 10 on, whether it is a gap between statements.
#[derive(Deserialize)]
#[serde(try_from = "Vec<Cell>")]
struct Segment {
    line: u64,
    count: u64,
    has_count: bool,
    is_entry: bool,
    starts_region: bool,
}

/// Old exports write flags as 0 and 1.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Flag(bool),
    Number(u64),
}

impl TryFrom<Vec<Cell>> for Segment {
    type Error = &'static str;

    fn try_from(cells: Vec<Cell>) -> Result<Self, Self::Error> {
        let flag = |cell: &Cell| matches!(cell, Cell::Flag(true) | Cell::Number(1..));
        let [
            Cell::Number(line),
            _,
            Cell::Number(count),
            has_count,
            entry,
            rest @ ..,
        ] = cells.as_slice()
        else {
            return Err("a segment needs line, column, count and two flags");
        };
        let (has_count, is_entry) = (flag(has_count), flag(entry));
        let is_gap = rest.first().is_some_and(flag);
        Ok(Self {
            line: *line,
            count: *count,
            has_count,
            is_entry,
            starts_region: !is_gap && has_count && is_entry,
        })
    }
}

/// Line, columns and end, then how often the condition was true and false; what follows is not needed.
#[derive(Deserialize)]
struct Branch(
    u64,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
    u64,
    u64,
    IgnoredAny,
    IgnoredAny,
    IgnoredAny,
);

#[derive(Deserialize)]
struct Summary {
    lines: Option<LineSummary>,
}

#[derive(Deserialize)]
struct LineSummary {
    count: u64,
    covered: u64,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    count: u64,
    #[serde(default)]
    regions: Vec<Vec<u64>>,
    #[serde(default)]
    filenames: Vec<String>,
}

/// How many lines a report may unfold into: more than any repository has, and few enough to keep in memory.
const MAX_LINES: u64 = 20_000_000;

/// Reads an export. One made with `-summary-only` gives counts per file and no lines.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let export: Export = serde_json::from_str(text)?;
    let mut lines = 0_u64;
    for file in export.data.iter().flat_map(|data| &data.files) {
        let segments = file.segments.iter().flatten();
        lines = lines.saturating_add(segments.map(|segment| segment.line).max().unwrap_or(0));
        if lines > MAX_LINES {
            return Err(ReadError::entry(
                &file.filename,
                format!("more than {MAX_LINES} lines"),
            ));
        }
    }
    let mut builders: BTreeMap<String, FileBuilder> = BTreeMap::new();
    let mut summaries: BTreeMap<String, Counts> = BTreeMap::new();
    let mut own_summary = None;
    for data in export.data {
        for file in data.files {
            let place = |what: String| ReadError::entry(&file.filename, what);
            let builder = builders.entry(file.filename.clone()).or_default();
            if let Some(segments) = &file.segments {
                unfold(segments, builder).map_err(place)?;
            } else if let Some(lines) = file.summary.and_then(|summary| summary.lines) {
                summaries.insert(file.filename.clone(), lines.into());
            } else {
                return Err(place("neither segments nor a summary".to_owned()));
            }
            for branch in file.branches.iter().flatten() {
                let taken = u32::from(branch.4 > 0) + u32::from(branch.5 > 0);
                builder.add_branches(line_number(branch.0).map_err(place)?, taken, 2);
            }
        }
        for function in data.functions {
            add_function(&function, &mut builders)?;
        }
        if let Some(lines) = data.totals.and_then(|totals| totals.lines) {
            own_summary
                .get_or_insert_with(Counts::default)
                .add(lines.into());
        }
    }
    let files = build_files(builders).into_iter().map(|file| RawFile {
        summary_only: summaries.get(&file.path).copied(),
        ..file
    });
    Ok(RawReport {
        format: Format::LlvmCovJson,
        unit: Unit::Lines,
        files: files.collect(),
        source_roots: Vec::new(),
        own_summary,
        own_percent: None,
        notes: Vec::new(),
    })
}

impl From<LineSummary> for Counts {
    fn from(lines: LineSummary) -> Self {
        Self {
            covered: lines.covered.min(lines.count),
            total: lines.count,
        }
    }
}

/// Counts lines by the rules of LLVM's `LineCoverageStats`: a line belongs to the report when a counted region starts on
/// it or reaches over it, and its count is the largest of those regions.
fn unfold(segments: &[Segment], builder: &mut FileBuilder) -> Result<(), String> {
    let mut wrapped: Option<&Segment> = None;
    let mut rest = segments;
    let mut previous = 0_u32;
    while let Some(first) = rest.first() {
        let line = line_number(first.line)?;
        if line <= previous {
            return Err(format!("segments out of order at line {line}"));
        }
        // The lines between two segments have the count of the region around them.
        if let Some(around) = wrapped.filter(|segment| segment.has_count) {
            for between in previous + 1..line {
                builder.max_line(between, around.count);
            }
        }
        let here = rest
            .iter()
            .take_while(|segment| segment.line == first.line)
            .count();
        let (here, after) = rest.split_at(here);
        let skipped = !first.has_count && first.is_entry;
        let starts = || here.iter().filter(|segment| segment.starts_region);
        let around = wrapped.filter(|segment| segment.has_count);
        let mapped = !skipped && (around.is_some() || starts().next().is_some())
            || here
                .iter()
                .any(|segment| segment.is_entry && segment.has_count);
        if mapped {
            let most = starts().map(|segment| segment.count).max().unwrap_or(0);
            builder.max_line(line, most.max(around.map_or(0, |segment| segment.count)));
        }
        previous = line;
        wrapped = here.last();
        rest = after;
    }
    Ok(())
}

/// Adds a function to the file that its first region stands in.
fn add_function(
    function: &Function,
    builders: &mut BTreeMap<String, FileBuilder>,
) -> Result<(), ReadError> {
    let lines = function
        .regions
        .iter()
        .filter_map(|region| match region.as_slice() {
            // Regions of macros that stand in other files have another file index.
            [from, _, to, _, _, 0, ..] => Some((*from, *to)),
            _ => None,
        });
    let span =
        lines.reduce(|(from, to), (other_from, other_to)| (from.min(other_from), to.max(other_to)));
    let (Some((from, to)), Some(builder)) = (
        span,
        function
            .filenames
            .first()
            .and_then(|file| builders.get_mut(file)),
    ) else {
        return Ok(());
    };
    let place = |what| ReadError::entry(&function.name, what);
    let line = |line| line_number(line).map_err(place);
    let (from, to) = (line(from)?, line(to)?);
    builder.add_function(function.name.clone(), from, Some(to), function.count);
    Ok(())
}
