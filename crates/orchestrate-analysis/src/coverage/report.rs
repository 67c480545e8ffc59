//! What a measurement of coverage says, with its evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measure::LineSpan;
use super::model::{Counts, Format, FunctionHits, Probe, Unit};
use crate::language::Language;

/// Coverage of the product sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoverageReport {
    /// The figures, one per unit: lines and statements are not added up. Never empty.
    pub totals: Vec<Totals>,
    /// The figures by language.
    pub languages: Vec<LanguageCoverage>,
    /// Languages with product sources that no usable report speaks of.
    pub languages_not_measured: Vec<UnmeasuredLanguage>,
    /// The reports that the figures come from.
    pub evidence: Vec<ReportEvidence>,
    /// Reports that were found and not used.
    pub rejected: Vec<RejectedReport>,
    /// What a reader should know beside the figures.
    pub notes: Vec<String>,
}

/// Units executed of units that there are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// What is counted.
    pub unit: Unit,
    /// Units executed at least once, in product files that a report names.
    pub covered: u64,
    /// Units in those files.
    pub total: u64,
    /// The share in percent.
    pub percent: f64,
    /// The share in percent if every line of every product file that no report names were code and uncovered. The
    /// share over all product files lies between this and `percent`; the two are equal when no file is missing.
    pub floor_percent: f64,
    /// Branches taken of branches known; `None` where no report speaks of branches.
    pub branches: Option<Counts>,
}

/// Coverage of one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LanguageCoverage {
    /// The language.
    pub language: Language,
    /// Its figures.
    pub totals: Totals,
    /// Its product files that a report names, by path.
    pub files: Vec<FileCoverage>,
    /// Its product files that no report names, by path. They do not count in `percent`: a file without executable
    /// code is never named, and neither is one that no test loads.
    pub sources_missing_from_report: Vec<MissingSource>,
}

/// Coverage of one product file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FileCoverage {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Units executed, and units there are.
    pub counts: Counts,
    /// Branches taken, and branches known.
    pub branches: Option<Counts>,
    /// Functions entered, and functions named in the report; `None` where it names none.
    pub functions: Option<Counts>,
    /// The lines that were not executed, in order.
    pub uncovered: Vec<LineSpan>,
    /// What the report says line by line, for rankings. Not part of the serialised form.
    #[serde(skip)]
    pub probes: Vec<Probe>,
    /// The functions as the report names them. Not part of the serialised form.
    #[serde(skip)]
    pub function_hits: Vec<FunctionHits>,
}

/// A product file that no report names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingSource {
    /// Path relative to the repository, with forward slashes.
    pub path: String,
    /// Its lines, comments and blank ones included.
    pub lines: u32,
}

/// A language that could not be measured while others could.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmeasuredLanguage {
    /// The language.
    pub language: Language,
    /// How many product files it has.
    pub files: usize,
    /// Why there is no figure.
    pub why: String,
    /// The command that would give one.
    pub how: String,
}

/// How old a report is beside the sources it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "age", rename_all = "snake_case")]
pub enum Age {
    /// No product source that it covers was changed after it was written.
    NotOlderThanSources {
        /// When the report was written.
        written: String,
        /// When the newest of its sources was changed.
        newest_source: String,
    },
    /// The file system gives no times, so nobody knows.
    Unknown,
}

/// A report that was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportEvidence {
    /// The report, relative to the repository where it lies inside.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// Its age beside that of the sources.
    #[serde(flatten)]
    pub age: Age,
    /// The figure in percent that the tool itself prints for the whole report, product or not, where the report has it.
    /// That of coverage.py adds branches to lines when branches were measured.
    pub own_percent: Option<f64>,
    /// Languages whose figures come from it.
    pub used_for: Vec<Language>,
    /// Files that it names.
    pub files: usize,
    /// Of these, product files of the repository.
    pub files_product: usize,
    /// Of these, files of the repository that are no product: tests, examples, generated and vendored code.
    pub files_not_product: usize,
    /// Of these, files that are not in the repository.
    pub files_unmatched: usize,
    /// Up to three of the unmatched.
    pub unmatched_examples: Vec<String>,
    /// How its paths were turned into those of the repository, where they were not the same.
    pub path_mapping: Option<String>,
    /// What the reader and the comparison noticed.
    pub notes: Vec<String>,
}

/// A report that was found and not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RejectedReport {
    /// The report, relative to the repository where it lies inside.
    pub path: String,
    /// Why not.
    pub why: String,
}

impl CoverageReport {
    /// The figure to hold against a threshold: the lowest of the units, because each has to reach it by itself.
    #[must_use]
    pub fn percent(&self) -> f64 {
        let shares = self.totals.iter().map(|totals| totals.percent);
        shares.fold(100.0, f64::min)
    }

    /// The lowest that [`percent`](Self::percent) could be if the files that no report names were counted as well.
    #[must_use]
    pub fn floor_percent(&self) -> f64 {
        let shares = self.totals.iter().map(|totals| totals.floor_percent);
        shares.fold(100.0, f64::min)
    }

    /// Whether every product file of every language is in a report.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let missing =
            |language: &LanguageCoverage| !language.sources_missing_from_report.is_empty();
        self.languages_not_measured.is_empty() && !self.languages.iter().any(missing)
    }

    /// What the figures mean, to be printed beside them.
    #[must_use]
    pub fn definition(&self) -> &'static str {
        "executed lines (Go: statements) of all executable ones, in product files that a report names; tests, examples, generated and vendored files are left out, and branches are stated apart"
    }
}
