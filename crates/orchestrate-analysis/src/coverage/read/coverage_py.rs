//! The JSON report of coverage.py, formats 2 and 3 (older ones lack only parts that are optional here).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{ReadError, line_number};
use crate::coverage::model::{Counts, FileBuilder, Format, RawReport, Unit, build_files};

#[derive(Deserialize)]
struct Report {
    meta: Meta,
    files: BTreeMap<String, File>,
    totals: Option<Summary>,
}

#[derive(Deserialize)]
struct Meta {
    format: Option<u32>,
    #[serde(default)]
    branch_coverage: bool,
}

#[derive(Deserialize)]
struct File {
    executed_lines: Vec<u64>,
    missing_lines: Vec<u64>,
    executed_branches: Option<Vec<(i64, i64)>>,
    missing_branches: Option<Vec<(i64, i64)>>,
    #[serde(default)]
    functions: BTreeMap<String, Region>,
}

#[derive(Deserialize)]
struct Region {
    executed_lines: Vec<u64>,
    missing_lines: Vec<u64>,
    start_line: Option<u64>,
}

#[derive(Deserialize)]
struct Summary {
    covered_lines: u64,
    num_statements: u64,
    percent_covered: Option<f64>,
    num_branches: Option<u64>,
}

/// The newest `meta.format` that this reader was written for.
const NEWEST_FORMAT: u32 = 3;

/// Reads a report. Hits are 1 or 0: coverage.py does not count.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let report: Report = serde_json::from_str(text)?;
    let mut notes = Vec::new();
    if let Some(format) = report.meta.format.filter(|format| *format > NEWEST_FORMAT) {
        notes.push(format!("coverage.py JSON format {format} is newer than {NEWEST_FORMAT}, which this reader knows"));
    }
    let mut builders = BTreeMap::new();
    for (path, file) in report.files {
        let builder = build(&file, report.meta.branch_coverage)
            .map_err(|what| ReadError::entry(&path, what))?;
        builders.insert(path, builder);
    }
    let totals = report.totals.as_ref();
    // With branches the figure that coverage.py prints adds them to the lines, which is no share of either.
    let own_percent = totals
        .filter(|totals| totals.num_branches.is_some_and(|branches| branches > 0))
        .and_then(|totals| totals.percent_covered);
    if let Some(percent) = own_percent {
        notes.push(format!(
            "coverage.py prints {percent:.1} % for this report, which adds branches to lines"
        ));
    }
    Ok(RawReport {
        format: Format::CoveragePyJson,
        unit: Unit::Lines,
        files: build_files(builders),
        source_roots: Vec::new(),
        own_summary: totals.map(|totals| Counts {
            covered: totals.covered_lines,
            total: totals.num_statements,
        }),
        own_percent,
        notes,
    })
}

fn build(file: &File, branches_known: bool) -> Result<FileBuilder, String> {
    let mut builder = FileBuilder::default();
    for (lines, hits) in [(&file.executed_lines, 1), (&file.missing_lines, 0)] {
        for line in lines {
            builder.max_line(line_number(*line)?, hits);
        }
    }
    if branches_known {
        builder.branches_known();
    }
    for (branches, covered) in [(&file.executed_branches, 1), (&file.missing_branches, 0)] {
        for (from, _) in branches.iter().flatten() {
            // A branch that leaves the file as a whole has no line of its own; there is none to name in a gap either.
            let line = u64::try_from(*from).map_err(|_| format!("`{from}` is no line number"))?;
            builder.add_branches(line_number(line)?, covered, 1);
        }
    }
    for (name, region) in &file.functions {
        // The region without a name is the code outside functions.
        let lines = || region.executed_lines.iter().chain(&region.missing_lines);
        let (Some(last), false) = (lines().max(), name.is_empty()) else {
            continue;
        };
        let first = region
            .start_line
            .or_else(|| lines().min().copied())
            .unwrap_or(*last);
        let entered = u64::from(!region.executed_lines.is_empty());
        builder.add_function(
            name.clone(),
            line_number(first)?,
            Some(line_number(*last)?),
            entered,
        );
    }
    Ok(builder)
}
