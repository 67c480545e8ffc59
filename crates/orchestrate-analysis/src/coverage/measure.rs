//! Measures coverage: takes the reports that there are, and believes those that fit the sources.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::age::{self, is_outdated, span, utc};
use super::combine::{Accepted, combine};
use super::find::{Candidate, find};
use super::matching::{Matches, Repository};
use super::model::{Counts, RawReport, file_count};
use super::report::{Age, CoverageReport, RejectedReport};
use super::{advice, read};
use crate::inventory::{ReadFailure, read_bytes};
use crate::language::Language;
use crate::measured::Measured;
use crate::source::{Role, SourceFile};

/// The sources of a repository, as far as coverage has to know them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceIndex {
    /// All files of a known language, whatever their part.
    pub files: Vec<IndexedSource>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedSource {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its part in the repository. Only product files count.
    pub role: Role,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    /// How many lines its text has, comments and blank ones included.
    pub lines: u32,
    /// Lines that are test code inside a product file, such as `#[cfg(test)]` modules. They are left out of the
    /// figures; leave it empty to count them as the language's own tool does.
    pub test_lines: Vec<LineSpan>,
}

impl IndexedSource {
    /// What coverage has to know of a file as it was read; `test_ranges` are the byte ranges of test code inside it, as
    /// a [`ParsedFile`](crate::source::ParsedFile) has them.
    #[must_use]
    pub fn of(source: &SourceFile, test_ranges: &[Range<usize>]) -> Self {
        let line_of = |byte: usize| {
            let before = source
                .text
                .as_bytes()
                .get(..byte)
                .unwrap_or(source.text.as_bytes());
            number(before.iter().filter(|byte| **byte == b'\n').count()).saturating_add(1)
        };
        let spans = test_ranges.iter().filter(|range| !range.is_empty());
        Self {
            path: source.path.clone(),
            language: source.language,
            role: source.role,
            modified: source.modified,
            lines: number(source.text.lines().count()),
            test_lines: spans
                .map(|range| LineSpan {
                    first: line_of(range.start),
                    last: line_of(range.end - 1),
                })
                .collect(),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Lines from `first` to `last`, both included, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct LineSpan {
    /// The first line.
    pub first: u32,
    /// The last line.
    pub last: u32,
}

impl LineSpan {
    /// Whether the line is one of these.
    #[must_use]
    pub fn contains(self, line: u32) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

/// What to measure with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoverageOptions {
    /// Reports named by the user, relative to the repository or absolute. If there are any, no others are looked for,
    /// and one that cannot be read is a failure.
    pub reports: Vec<PathBuf>,
    /// Other places at which the same tree lies, which absolute paths in reports may begin with.
    pub roots: Vec<PathBuf>,
}

/// The largest report that is read. It is held in memory while it is.
const MAX_BYTES: u64 = 256 << 20;

/// How far two figures that should be the same may lie apart, in points.
pub(super) const SAME_WITHIN: f64 = 0.2;

/// Measures the coverage of the product sources of `root` from the reports that exist.
///
/// `NotMeasured` when there is no report, or none that fits the sources: it is of other paths, older than what it
/// covers, of another version of the files, or counts nothing. `Failed` when reports cannot be read.
#[must_use]
pub fn measure(
    root: &Path,
    sources: &SourceIndex,
    options: &CoverageOptions,
) -> Measured<CoverageReport> {
    let languages: BTreeSet<Language> = product(sources).map(|source| source.language).collect();
    let how = advice::how(&languages);
    if languages.is_empty() {
        return Measured::NotMeasured {
            why: "there are no product sources of a known language".to_owned(),
            how: "name a directory with Rust, Python, JavaScript, TypeScript or Go sources"
                .to_owned(),
        };
    }
    let named = !options.reports.is_empty();
    let candidates = if named {
        named_candidates(root, &options.reports)
    } else {
        find(root)
    };
    if candidates.is_empty() {
        return Measured::NotMeasured {
            why: "there is no coverage report".to_owned(),
            how,
        };
    }
    let repository = Repository::new(root, &options.roots, sources);
    let mut accepted = Vec::new();
    let mut rejections = Vec::new();
    for candidate in candidates {
        match judge(&candidate, &repository, sources) {
            Ok(report) => accepted.push(report),
            Err(rejection) => rejections.push((candidate.relative, rejection)),
        }
    }
    // A file that the user pointed at and that is no readable report is an error of its own, whatever else there is.
    let unreadable = rejections
        .iter()
        .any(|(_, rejection)| rejection.kind >= Kind::NoReport);
    if accepted.is_empty() || (named && unreadable) {
        return none_usable(rejections, how, named);
    }
    let rejected: Vec<RejectedReport> = rejections
        .into_iter()
        .map(|(path, rejection)| RejectedReport {
            path,
            why: rejection.why,
        })
        .collect();
    match combine(sources, accepted, rejected) {
        Some(report) => Measured::Measured { value: report },
        None => Measured::NotMeasured {
            why: "the reports count no lines of product code".to_owned(),
            how,
        },
    }
}

/// Product sources that hold anything at all.
pub(super) fn product(sources: &SourceIndex) -> impl Iterator<Item = &IndexedSource> {
    sources
        .files
        .iter()
        .filter(|source| source.role == Role::Product && source.lines > 0)
}

fn named_candidates(root: &Path, reports: &[PathBuf]) -> Vec<Candidate> {
    let candidates = reports.iter().map(|report| {
        let path = root.join(report);
        Candidate {
            relative: report.to_string_lossy().replace('\\', "/"),
            modified: fs::metadata(&path)
                .and_then(|metadata| metadata.modified())
                .ok(),
            path,
        }
    });
    candidates.collect()
}

/// Why a report is not used. The order is that of how much the reason helps a reader who has no figure at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Outdated,
    OtherVersion,
    OtherPaths,
    Empty,
    NoReport,
    Unreadable,
}

#[derive(Debug)]
struct Rejection {
    kind: Kind,
    why: String,
}

impl Rejection {
    fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self {
            kind,
            why: why.into(),
        }
    }
}

fn none_usable(
    mut rejections: Vec<(String, Rejection)>,
    how: String,
    named: bool,
) -> Measured<CoverageReport> {
    // Of reports that were only found, a broken one decides if there is nothing better to say. One that the user named
    // always decides.
    let broken = |rejection: &Rejection| match rejection.kind {
        Kind::Unreadable => true,
        Kind::NoReport => named,
        Kind::Outdated | Kind::OtherVersion | Kind::OtherPaths | Kind::Empty => false,
    };
    rejections.sort_by(|(a_path, a), (b_path, b)| {
        let key = |rejection: &Rejection| (named && !broken(rejection), rejection.kind);
        key(a).cmp(&key(b)).then_with(|| a_path.cmp(b_path))
    });
    let failed = rejections.first().is_some_and(|(_, first)| broken(first));
    let reasons: Vec<String> = rejections
        .iter()
        .take(3)
        .map(|(path, rejection)| format!("`{path}` {}", rejection.why))
        .collect();
    let mut why = reasons.join("; ");
    if rejections.len() > reasons.len() {
        why.push_str(&format!(
            "; and {} more reports",
            rejections.len() - reasons.len()
        ));
    }
    if failed {
        Measured::Failed { why, how }
    } else {
        Measured::NotMeasured { why, how }
    }
}

/// Reads a report and asks whether it fits the sources.
fn judge(
    candidate: &Candidate,
    repository: &Repository<'_>,
    sources: &SourceIndex,
) -> Result<Accepted, Rejection> {
    let raw = load(&candidate.path)?;
    if raw.counts().total == 0 {
        return Err(Rejection::new(
            Kind::Empty,
            format!("is empty: it counts no {}", raw.unit.name()),
        ));
    }
    let matches = repository.matches(&raw, &candidate.relative);
    if matches.files.is_empty() {
        return Err(Rejection::new(
            Kind::OtherPaths,
            other_paths(&raw, &matches, sources),
        ));
    }
    let covered = || {
        let pairs = matches.files.iter();
        pairs
            .filter_map(|(source, file)| Some((sources.files.get(*source)?, raw.files.get(*file)?)))
    };
    let product = || covered().filter(|(source, _)| source.role == Role::Product);
    if product()
        .fold(Counts::default(), |mut sum, (_, file)| {
            sum.add(file.counts());
            sum
        })
        .total
        == 0
    {
        let why = format!(
            "names no product code: {} that the repository has, all tests, examples, generated or vendored",
            file_count(matches.files.len())
        );
        return Err(Rejection::new(Kind::Empty, why));
    }
    let age = compare_ages(candidate.modified, product().map(|(source, _)| source))?;
    for (source, file) in product() {
        // One line more than the text has is what some tools make of the end of the file.
        let last = file
            .probes
            .iter()
            .map(|probe| probe.last_line)
            .max()
            .unwrap_or(0);
        if last > source.lines.saturating_add(1) {
            let why = format!(
                "is of another version: it speaks of line {last} of `{}`, which has {} lines",
                source.path, source.lines
            );
            return Err(Rejection::new(Kind::OtherVersion, why));
        }
    }
    let newer_test = candidate.modified.and_then(|written| {
        newer_test(
            written,
            sources,
            &product().map(|(source, _)| source.language).collect(),
        )
    });
    Ok(Accepted {
        path: candidate.relative.clone(),
        written: candidate.modified,
        age,
        raw,
        matches,
        newer_test,
    })
}

fn other_paths(raw: &RawReport, matches: &Matches, sources: &SourceIndex) -> String {
    let theirs = matches
        .unmatched
        .iter()
        .filter_map(|at| raw.files.get(*at))
        .take(2)
        .map(|file| format!("`{}`", file.path));
    let theirs: Vec<String> = theirs.collect();
    let ours = product(sources)
        .next()
        .map(|source| format!(", the repository has files such as `{}`", source.path));
    format!(
        "is of other paths: it names {} such as {}{}",
        file_count(raw.files.len()),
        theirs.join(" and "),
        ours.unwrap_or_default()
    )
}

fn compare_ages<'a>(
    written: Option<SystemTime>,
    covered: impl Iterator<Item = &'a IndexedSource>,
) -> Result<Age, Rejection> {
    let newest = covered
        .filter_map(|source| Some((source.modified?, &source.path)))
        .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    let (Some(written), Some((changed, path))) = (written, newest) else {
        return Ok(Age::Unknown);
    };
    if is_outdated(written, changed) {
        let later = changed.duration_since(written).unwrap_or(age::TOLERANCE);
        let why = format!(
            "is older than the sources: it was written {}, and `{path}` was changed {} later, {}",
            utc(written),
            span(later),
            utc(changed),
        );
        return Err(Rejection::new(Kind::Outdated, why));
    }
    Ok(Age::NotOlderThanSources {
        written: utc(written),
        newest_source: utc(changed),
    })
}

/// The first test, by path, of these languages that was changed after the report was written.
fn newer_test(
    written: SystemTime,
    sources: &SourceIndex,
    languages: &BTreeSet<Language>,
) -> Option<String> {
    let tests = sources
        .files
        .iter()
        .filter(|source| source.role == Role::Test && languages.contains(&source.language));
    let newer = tests.filter(|test| {
        test.modified
            .is_some_and(|changed| is_outdated(written, changed))
    });
    newer.map(|test| test.path.clone()).min()
}

fn load(path: &Path) -> Result<RawReport, Rejection> {
    let unreadable =
        |why: String| Rejection::new(Kind::Unreadable, format!("cannot be read: {why}"));
    let bytes = read_bytes(path, MAX_BYTES).map_err(|failure| {
        unreadable(match failure {
            ReadFailure::TooLarge { limit } => format!("it is larger than {} MiB", limit >> 20),
            failure => failure.to_string(),
        })
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        unreadable(format!(
            "no UTF-8 text at byte {}",
            error.utf8_error().valid_up_to()
        ))
    })?;
    if text.trim().is_empty() {
        return Err(Rejection::new(Kind::Empty, "is empty"));
    }
    read::read(&text).map_err(|error| {
        if error.unknown_format {
            Rejection::new(Kind::NoReport, format!("is no coverage report: {error}"))
        } else {
            unreadable(error.to_string())
        }
    })
}
