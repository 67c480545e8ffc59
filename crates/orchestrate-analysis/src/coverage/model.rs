//! What every report format is read into: files with probes. It knows nothing of the repository.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The formats that are read.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// `lcov.info` of lcov, cargo-llvm-cov, c8, node and others.
    Lcov,
    /// The JSON export of `llvm-cov`.
    LlvmCovJson,
    /// The JSON report of coverage.py.
    CoveragePyJson,
    /// The `coverage-final.json` of istanbul and nyc.
    IstanbulJson,
    /// Cobertura XML.
    Cobertura,
    /// The profile of `go test -coverprofile`.
    GoProfile,
}

impl Format {
    /// The name as reports print it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lcov => "lcov",
            Self::LlvmCovJson => "llvm-cov JSON",
            Self::CoveragePyJson => "coverage.py JSON",
            Self::IstanbulJson => "istanbul JSON",
            Self::Cobertura => "Cobertura XML",
            Self::GoProfile => "Go cover profile",
        }
    }
}

/// What a figure counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Executable lines.
    Lines,
    /// Statements; Go counts these, several may stand on a line.
    Statements,
}

impl Unit {
    /// The plural noun.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Statements => "statements",
        }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// How many were executed at least once.
    pub covered: u64,
    /// How many there are.
    pub total: u64,
}

impl Counts {
    /// The share in percent; `None` of nothing, because nothing is neither covered nor uncovered.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts are far below 2^52, where a float is still exact"
    )]
    pub fn percent(self) -> Option<f64> {
        (self.total > 0).then(|| self.covered as f64 * 100.0 / self.total as f64)
    }

    /// Adds another count of the same unit.
    pub fn add(&mut self, other: Self) {
        self.covered = self.covered.saturating_add(other.covered);
        self.total = self.total.saturating_add(other.total);
    }
}

/// One place in a file of which it is known how often it ran: a line, or a block of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// First line, from 1.
    pub line: u32,
    /// Last line; the first one again for a probe of a line.
    pub last_line: u32,
    /// How many units it stands for: 1 for a line, the number of statements for a block.
    pub weight: u32,
    /// How often it ran.
    pub hits: u64,
}

/// The branches that leave one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BranchProbe {
    /// The line, from 1.
    pub line: u32,
    /// Branches taken at least once.
    pub covered: u32,
    /// Branches there are.
    pub total: u32,
}

/// A function as the report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionHits {
    /// Its name as written in the report, possibly mangled.
    pub name: String,
    /// First line, from 1.
    pub line: u32,
    /// Last line, where the format tells it.
    pub last_line: Option<u32>,
    /// How often it was entered; 1 where the format only says whether.
    pub hits: u64,
}

/// One file of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawFile {
    /// The path as the report writes it.
    pub path: String,
    /// The probes, sorted by position. Empty for a file without code, and for a report that holds summaries only.
    pub probes: Vec<Probe>,
    /// The count of a file whose report holds no probes but a summary.
    pub summary_only: Option<Counts>,
    /// The branches by line; `None` where the report does not speak of branches.
    pub branches: Option<Vec<BranchProbe>>,
    /// The functions, sorted by line; empty where the report does not name them.
    pub functions: Vec<FunctionHits>,
}

impl RawFile {
    /// Units covered and known in this file.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.summary_only
            .unwrap_or_else(|| count(self.probes.iter()))
    }
}

/// So many files, as a sentence says it.
pub(super) fn file_count(files: usize) -> String {
    format!("{files} {}", if files == 1 { "file" } else { "files" })
}

/// Units covered and known by some probes.
pub(super) fn count<'a>(probes: impl Iterator<Item = &'a Probe>) -> Counts {
    probes.fold(Counts::default(), |mut counts, probe| {
        let weight = u64::from(probe.weight);
        counts.add(Counts {
            covered: if probe.hits > 0 { weight } else { 0 },
            total: weight,
        });
        counts
    })
}

/// Branches covered and known by some lines.
pub(super) fn count_branches<'a>(branches: impl Iterator<Item = &'a BranchProbe>) -> Counts {
    branches.fold(Counts::default(), |mut counts, branch| {
        counts.add(Counts {
            covered: u64::from(branch.covered),
            total: u64::from(branch.total),
        });
        counts
    })
}

/// A report as read, before anybody asked whether it fits the sources.
#[derive(Debug, Clone, PartialEq)]
pub struct RawReport {
    /// Its format.
    pub format: Format,
    /// What its figures count.
    pub unit: Unit,
    /// Its files, sorted by path, each path once.
    pub files: Vec<RawFile>,
    /// The directories that its relative paths may start from (`<sources>` of Cobertura).
    pub source_roots: Vec<String>,
    /// The total that the report itself states. It is compared, never used as a result.
    pub own_summary: Option<Counts>,
    /// The headline figure of the tool in percent, where that is not the share of `own_summary`.
    pub own_percent: Option<f64>,
    /// What the reader noticed.
    pub notes: Vec<String>,
}

impl RawReport {
    /// Units covered and known in all files, product or not.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.files.iter().fold(Counts::default(), |mut sum, file| {
            sum.add(file.counts());
            sum
        })
    }
}

/// Collects the lines of one file; a line that is met twice is joined.
#[derive(Debug, Default)]
pub(super) struct FileBuilder {
    lines: BTreeMap<u32, u64>,
    branches: Option<BTreeMap<u32, (u32, u32)>>,
    functions: BTreeMap<(u32, String), (Option<u32>, u64)>,
}

impl FileBuilder {
    /// Adds hits of a line that was measured by several runs.
    pub(super) fn add_line(&mut self, line: u32, hits: u64) {
        let sum = self.lines.entry(line).or_default();
        *sum = sum.saturating_add(hits);
    }

    /// Notes hits of a line that the report may state more than once for the same run.
    pub(super) fn max_line(&mut self, line: u32, hits: u64) {
        let most = self.lines.entry(line).or_default();
        *most = (*most).max(hits);
    }

    /// Says that the report speaks of branches in this file, even if there are none.
    pub(super) fn branches_known(&mut self) {
        self.branches.get_or_insert_default();
    }

    /// Adds branches to a line.
    pub(super) fn add_branches(&mut self, line: u32, covered: u32, total: u32) {
        let entry = self.branches.get_or_insert_default().entry(line);
        let counts = entry.or_default();
        counts.0 = counts.0.saturating_add(covered);
        counts.1 = counts.1.saturating_add(total);
    }

    /// Notes the branches of a line that the report may state more than once.
    pub(super) fn max_branches(&mut self, line: u32, covered: u32, total: u32) {
        let entry = self.branches.get_or_insert_default().entry(line);
        let counts = entry.or_default();
        counts.0 = counts.0.max(covered);
        counts.1 = counts.1.max(total);
    }

    /// Adds a function; one that is met twice keeps its larger count and its later end.
    pub(super) fn add_function(
        &mut self,
        name: String,
        line: u32,
        last_line: Option<u32>,
        hits: u64,
    ) {
        let known = self.functions.entry((line, name)).or_default();
        known.0 = known.0.max(last_line);
        known.1 = known.1.max(hits);
    }

    /// The file with everything in order.
    pub(super) fn build(self, path: String) -> RawFile {
        RawFile {
            path,
            probes: self
                .lines
                .into_iter()
                .map(|(line, hits)| Probe {
                    line,
                    last_line: line,
                    weight: 1,
                    hits,
                })
                .collect(),
            summary_only: None,
            branches: self.branches.map(|lines| {
                let lines = lines.into_iter();
                lines
                    .map(|(line, (covered, total))| BranchProbe {
                        line,
                        covered,
                        total,
                    })
                    .collect()
            }),
            functions: self
                .functions
                .into_iter()
                .map(|((line, name), (last_line, hits))| FunctionHits {
                    name,
                    line,
                    last_line,
                    hits,
                })
                .collect(),
        }
    }
}

/// Builds the files of a report from builders by path.
pub(super) fn build_files(builders: BTreeMap<String, FileBuilder>) -> Vec<RawFile> {
    let builders = builders.into_iter();
    builders
        .map(|(path, builder)| builder.build(path))
        .collect()
}
