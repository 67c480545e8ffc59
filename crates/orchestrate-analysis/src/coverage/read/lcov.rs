//! lcov tracefiles, as lcov 1 and 2, cargo-llvm-cov, c8, vitest, node and coverage.py write them.

use std::collections::BTreeMap;

use super::error::{ReadError, excerpt, line_number};
use crate::coverage::model::{Counts, FileBuilder, Format, RawReport, Unit};

/// What all records of one file say. A branch that is taken in one of them is taken, so they are kept by identity.
#[derive(Default)]
struct Contents {
    builder: FileBuilder,
    branches: BTreeMap<(u32, String), bool>,
}

/// One `SF:` … `end_of_record`. Functions name their hits in a later line, so they wait here.
#[derive(Default)]
struct Record {
    path: String,
    contents: Contents,
    functions: BTreeMap<String, (u32, Option<u32>)>,
    entered: BTreeMap<String, u64>,
    /// lcov 2 gives functions an index: `FNL:<index>,<line>[,<end>]` and `FNA:<index>,<hits>,<name>`.
    indexed: BTreeMap<String, (u32, Option<u32>)>,
}

/// Reads a tracefile. Several records of one file are runs of the same lines: their hits are added.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let mut files: BTreeMap<String, Contents> = BTreeMap::new();
    let mut stated = Counts::default();
    let mut repeated = false;
    let mut open: Option<Record> = None;
    let mut last = 0;
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        last = number;
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "end_of_record" {
            let record = open
                .take()
                .ok_or_else(|| ReadError::line(number, "`end_of_record` without `SF:`"))?;
            let (path, contents) = close(record);
            files.insert(path, contents);
            continue;
        }
        let (tag, value) = line.split_once(':').ok_or_else(|| {
            ReadError::line(number, format!("`{}` is no lcov line", excerpt(line)))
        })?;
        if tag == "SF" {
            if open.is_some() {
                return Err(ReadError::line(
                    number,
                    "`SF:` before the `end_of_record` of the file above",
                ));
            }
            if value.is_empty() {
                return Err(ReadError::line(number, "`SF:` without a path"));
            }
            let known = files.remove(value);
            repeated |= known.is_some();
            open = Some(Record {
                path: value.to_owned(),
                contents: known.unwrap_or_default(),
                ..Record::default()
            });
            continue;
        }
        if matches!(tag, "TN" | "KF" | "VER") {
            continue;
        }
        let record = open.as_mut().ok_or_else(|| {
            ReadError::line(number, format!("`{}:` outside a record", excerpt(tag)))
        })?;
        entry(tag, value, record, &mut stated).map_err(|what| ReadError::line(number, what))?;
    }
    if let Some(record) = open {
        let what = format!(
            "the report is cut off in the record of `{}`",
            excerpt(&record.path)
        );
        return Err(ReadError::line(last, what));
    }
    let files = files.into_iter().map(|(path, mut contents)| {
        for ((line, _), taken) in contents.branches {
            contents.builder.add_branches(line, u32::from(taken), 1);
        }
        contents.builder.build(path)
    });
    Ok(RawReport {
        format: Format::Lcov,
        unit: Unit::Lines,
        files: files.collect(),
        source_roots: Vec::new(),
        // With several records per file their `LF` count the same lines again and again.
        own_summary: (stated.total > 0 && !repeated).then_some(stated),
        own_percent: None,
        notes: Vec::new(),
    })
}

/// One line inside a record.
fn entry(tag: &str, value: &str, record: &mut Record, stated: &mut Counts) -> Result<(), String> {
    match tag {
        "DA" => {
            let mut parts = value.split(',');
            let line = line_number(number(parts.next(), "line")?)?;
            let hits = number(parts.next(), "hits")?;
            record.contents.builder.add_line(line, hits);
        }
        "BRDA" => {
            // `<line>,<block>,<branch>,<taken>`; coverage.py writes a sentence as the branch, so the ends decide.
            let (line, rest) = value.split_once(',').ok_or("`BRDA:` needs four values")?;
            let (branch, taken) = rest.rsplit_once(',').ok_or("`BRDA:` needs four values")?;
            let line = line_number(number(Some(line), "line")?)?;
            let taken = taken != "-" && number(Some(taken), "taken")? > 0;
            let known = record
                .contents
                .branches
                .entry((line, branch.to_owned()))
                .or_default();
            *known |= taken;
        }
        // Many tools write `BRF:0` when they measured no branches, so only a count above that speaks of branches.
        "BRF" if number(Some(value), "branches found")? > 0 => {
            record.contents.builder.branches_known();
        }
        "LF" => {
            let count = number(Some(value), "lines found")?;
            stated.total = stated.total.saturating_add(count);
        }
        "LH" => {
            let count = number(Some(value), "lines hit")?;
            stated.covered = stated.covered.saturating_add(count);
        }
        "FN" => {
            // `FN:<line>,<name>` or, from lcov 2 and coverage.py, `FN:<line>,<end>,<name>`; a name may hold commas.
            let (line, rest) = value
                .split_once(',')
                .ok_or("`FN:` needs a line and a name")?;
            let line = line_number(number(Some(line), "line")?)?;
            let (end, name) = rest
                .split_once(',')
                .and_then(|(end, name)| Some((end.parse::<u32>().ok()?, name)))
                .map_or((None, rest), |(end, name)| (Some(end), name));
            record.functions.insert(name.to_owned(), (line, end));
        }
        "FNDA" => {
            let (hits, name) = value
                .split_once(',')
                .ok_or("`FNDA:` needs hits and a name")?;
            let hits = number(Some(hits), "hits")?;
            let sum = record.entered.entry(name.to_owned()).or_default();
            *sum = sum.saturating_add(hits);
        }
        "FNL" => {
            let mut parts = value.split(',');
            let index = parts.next().unwrap_or_default().to_owned();
            let line = line_number(number(parts.next(), "line")?)?;
            let end = parts.next().and_then(|end| end.parse().ok());
            record.indexed.insert(index, (line, end));
        }
        "FNA" => {
            let mut parts = value.splitn(3, ',');
            let index = parts.next().unwrap_or_default();
            let hits = number(parts.next(), "hits")?;
            let name = parts.next().ok_or("`FNA:` needs a name")?;
            if let Some(place) = record.indexed.get(index) {
                record.functions.insert(name.to_owned(), *place);
                record.entered.insert(name.to_owned(), hits);
            }
        }
        // Totals of functions, MC/DC and what later versions add: nothing here is computed from them.
        _ => {}
    }
    Ok(())
}

/// Joins the functions of a finished record with their hits.
fn close(record: Record) -> (String, Contents) {
    let mut contents = record.contents;
    for (name, (line, end)) in record.functions {
        let hits = record.entered.get(&name).copied().unwrap_or(0);
        contents.builder.add_function(name, line, end, hits);
    }
    (record.path, contents)
}

fn number(text: Option<&str>, what: &str) -> Result<u64, String> {
    let text = text.unwrap_or_default().trim();
    text.parse()
        .map_err(|_| format!("`{}` is no number of {what}", excerpt(text)))
}
