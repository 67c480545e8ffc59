//! Go cover profiles: `file:line.column,line.column statements count` after a `mode:` line. Their unit is statements.

use std::collections::BTreeMap;

use super::error::{ReadError, excerpt, line_number};
use crate::coverage::model::{Format, Probe, RawFile, RawReport, Unit};

/// Start line, start column, end line, end column, statements: what makes a block the same block.
type Block = (u32, u32, u32, u32, u32);

/// Reads a profile. A block that stands in it twice (`-coverpkg` lists it once per test binary) is one block whose
/// counts are added, as `go tool cover` does.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let mut files: BTreeMap<&str, BTreeMap<Block, u64>> = BTreeMap::new();
    let mut blocks = 0_usize;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        if let Some(mode) = line.strip_prefix("mode:") {
            // Profiles joined with `cat` repeat the line.
            if !matches!(mode.trim(), "set" | "count" | "atomic") {
                let what = format!("`{}` is no mode (set, count, atomic)", excerpt(mode));
                return Err(ReadError::line(number, what));
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let (path, block, hits) = parse(line).map_err(|what| ReadError::line(number, what))?;
        let sum = files.entry(path).or_default().entry(block).or_default();
        *sum = sum.saturating_add(hits);
        blocks += 1;
    }
    // Every line of a profile ends in a newline; a last line without one may have lost digits of its count.
    if blocks > 0 && !text.ends_with('\n') {
        return Err(ReadError::line(
            text.lines().count(),
            "the report is cut off (its last line has no end)",
        ));
    }
    Ok(RawReport {
        format: Format::GoProfile,
        unit: Unit::Statements,
        files: files
            .into_iter()
            .map(|(path, blocks)| file(path, blocks))
            .collect(),
        source_roots: Vec::new(),
        own_summary: None,
        own_percent: None,
        notes: Vec::new(),
    })
}

fn file(path: &str, blocks: BTreeMap<Block, u64>) -> RawFile {
    let probes = blocks
        .into_iter()
        .map(|((line, _, last_line, _, weight), hits)| Probe {
            line,
            last_line,
            weight,
            hits,
        });
    RawFile {
        path: path.to_owned(),
        probes: probes.collect(),
        ..RawFile::default()
    }
}

fn parse(line: &str) -> Result<(&str, Block, u64), String> {
    let broken = || format!("`{}` is no block", excerpt(line));
    // From the right, because a path may hold colons and spaces.
    let (rest, hits) = line.rsplit_once(' ').ok_or_else(broken)?;
    let (rest, statements) = rest.rsplit_once(' ').ok_or_else(broken)?;
    let (path, range) = rest.rsplit_once(':').ok_or_else(broken)?;
    let (from, to) = range.split_once(',').ok_or_else(broken)?;
    let position = |text: &str| -> Option<(u32, u32)> {
        let (line, column) = text.split_once('.')?;
        Some((line_number(line.parse().ok()?).ok()?, column.parse().ok()?))
    };
    let (line_from, column_from) = position(from).ok_or_else(broken)?;
    let (line_to, column_to) = position(to).ok_or_else(broken)?;
    let statements = statements.parse().map_err(|_| broken())?;
    let hits = hits.parse().map_err(|_| broken())?;
    if path.is_empty() || line_to < line_from {
        return Err(broken());
    }
    Ok((
        path,
        (line_from, column_from, line_to, column_to, statements),
        hits,
    ))
}
