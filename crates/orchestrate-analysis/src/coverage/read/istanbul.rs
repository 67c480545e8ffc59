//! `coverage-final.json` of istanbul, nyc and vitest: statements with positions and their counts.
//!
//! Lines are derived as istanbul's own reports derive them: a line has the largest count of the statements that start
//! on it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::{ReadError, excerpt, line_number};
use crate::coverage::model::{FileBuilder, Format, RawReport, Unit, build_files};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    statement_map: BTreeMap<String, Span>,
    #[serde(default)]
    fn_map: BTreeMap<String, Function>,
    #[serde(default)]
    branch_map: BTreeMap<String, Branch>,
    s: BTreeMap<String, u64>,
    #[serde(default)]
    f: BTreeMap<String, u64>,
    #[serde(default)]
    b: BTreeMap<String, Vec<u64>>,
}

#[derive(Deserialize)]
struct Span {
    start: Position,
    end: Position,
}

/// Some generators write `null` where the code has no position of its own.
#[derive(Deserialize)]
struct Position {
    line: Option<u64>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    loc: Span,
}

#[derive(Deserialize)]
struct Branch {
    loc: Option<Span>,
    line: Option<u64>,
}

/// Reads a report.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let report: BTreeMap<String, File> = serde_json::from_str(text)?;
    let mut builders = BTreeMap::new();
    for (path, file) in report {
        let builder = build(&file).map_err(|what| ReadError::entry(&path, what))?;
        builders.insert(path, builder);
    }
    Ok(RawReport {
        format: Format::IstanbulJson,
        unit: Unit::Lines,
        files: build_files(builders),
        source_roots: Vec::new(),
        own_summary: None,
        own_percent: None,
        notes: Vec::new(),
    })
}

fn build(file: &File) -> Result<FileBuilder, String> {
    let mut builder = FileBuilder::default();
    for (id, span) in &file.statement_map {
        let hits = file
            .s
            .get(id)
            .ok_or_else(|| format!("no count of statement `{}`", excerpt(id)))?;
        if let Some(line) = span.start.line {
            builder.max_line(line_number(line)?, *hits);
        }
    }
    for (id, function) in &file.fn_map {
        let hits = file
            .f
            .get(id)
            .ok_or_else(|| format!("no count of function `{}`", excerpt(id)))?;
        if let Some(line) = function.loc.start.line {
            let end = function.loc.end.line.map(line_number).transpose()?;
            let name = function.name.clone().unwrap_or_default();
            builder.add_function(name, line_number(line)?, end, *hits);
        }
    }
    builder.branches_known();
    for (id, branch) in &file.branch_map {
        let hits = file
            .b
            .get(id)
            .ok_or_else(|| format!("no counts of branch `{}`", excerpt(id)))?;
        let line = branch
            .loc
            .as_ref()
            .and_then(|loc| loc.start.line)
            .or(branch.line);
        if let Some(line) = line {
            let size = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let covered = hits.iter().filter(|hits| **hits > 0).count();
            builder.add_branches(line_number(line)?, size(covered), size(hits.len()));
        }
    }
    Ok(builder)
}
