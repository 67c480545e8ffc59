//! What a scan gives: facts per file, and what was left out and why.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::architecture::Import;
use crate::documentation::{ProjectDocuments, PublicItem};
use crate::duplication::Duplication;
use crate::finding::Finding;
use crate::inventory::{SkipReason, Skipped};
use crate::language::Language;
use crate::measured::Measured;
use crate::metrics::{FunctionFacts, Hazard, Marker};
use crate::source::Role;
use crate::test_quality::TestFunction;

/// A set of rules that looks for findings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Engine {
    /// Security rules over syntax trees.
    Security,
    /// Credentials in text.
    Secrets,
}

/// Whether a file was understood as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Syntax {
    /// No syntax error.
    Whole,
    /// The parser recovered from errors: the figures of the file are partial.
    Partial {
        /// Bytes inside the errors; less than half of the file.
        error_bytes: usize,
    },
}

/// The facts of one source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileFacts {
    /// Path relative to the root, with forward slashes.
    pub path: String,
    /// Its language.
    pub language: Language,
    /// Its part in the repository.
    pub role: Role,
    /// Its size.
    pub bytes: usize,
    /// Its lines, blank ones and comments included.
    pub lines: u32,
    /// Lines with code that is not test code. In a file of the role `Test` there are none.
    pub code_lines: u32,
    /// Lines with test code.
    pub test_code_lines: u32,
    /// Whether it was understood as a whole.
    pub syntax: Syntax,
    /// Its functions in the order in which they start.
    pub functions: Vec<FunctionFacts>,
    /// Markers of unfinished work.
    pub markers: Vec<Marker>,
    /// Places that end the program or swallow errors.
    pub hazards: Vec<Hazard>,
    /// Public items outside test code.
    pub public_items: Vec<PublicItem>,
    /// What it imports, outside of its tests.
    pub imports: Vec<Import>,
    /// Whether the file itself opens with documentation (Rust `//!`).
    pub opens_with_documentation: bool,
}

/// What a scan found. Everything in it is sorted; two scans of the same files differ in `elapsed_ms`
/// and `from_cache` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The root as it was given.
    pub root: String,
    /// Facts of the source files that could be measured, sorted by path.
    pub files: Vec<FileFacts>,
    /// Source files that could not, and directories that could not be read, sorted by path.
    pub skipped: Vec<Skipped>,
    /// Files of no analysed language that were left out, counted by reason.
    pub skipped_other: BTreeMap<SkipReason, u32>,
    /// Files, source or not, that may hold text and were not read, and directories that could not be: not even
    /// credentials were looked for there. Sorted by path.
    pub unsearched: Vec<Skipped>,
    /// Files of languages that are not analysed, by name.
    pub other_languages: BTreeMap<String, u32>,
    /// Vendored source files, which are never read.
    pub vendored: u32,
    /// Directories of installed or built things that were not entered.
    pub pruned: Vec<String>,
    /// Symbolic links that were not followed.
    pub links: u32,
    /// Text files that were looked at, source or not.
    pub text_files: u32,
    /// Of these, the ones with bytes that are not valid in their encoding, or zeros in source: they were read with
    /// replacement characters there. Sorted by path.
    pub decoded_lossily: Vec<String>,
    /// The engines whose findings are in `findings`. Without an engine here, nothing was looked for.
    pub engines: Vec<Engine>,
    /// What the rules found, sorted by path, line, column and rule.
    pub findings: Vec<Finding>,
    /// Slow patterns in product code, sorted like the findings. Hints: nothing was timed.
    pub hints: Vec<Finding>,
    /// Product code that stands more than once.
    pub duplication: Duplication,
    /// The tests and what they claim, sorted by path and line.
    pub tests: Vec<TestFunction>,
    /// Lock files and others that pin dependencies, outside of tests and vendored code, sorted.
    pub lock_files: Vec<String>,
    /// README, changelog, licence and links.
    pub documents: ProjectDocuments,
    /// Whether the scan was stopped before its end; then everything here is partial.
    pub cancelled: bool,
    /// Files of which the result was kept from an earlier scan of the same content.
    pub from_cache: u32,
    /// Why the results of this scan could not be kept for the next one.
    pub cache_problem: Option<String>,
    /// Threads that worked.
    pub threads: usize,
    /// Wall time in milliseconds.
    pub elapsed_ms: u64,
}

impl Snapshot {
    /// The files that ship.
    pub fn product(&self) -> impl Iterator<Item = &FileFacts> {
        self.files.iter().filter(|file| file.role == Role::Product)
    }

    /// Directories that could not be read; nobody knows how much source they hold.
    pub fn unreadable_directories(&self) -> impl Iterator<Item = &str> {
        self.skipped
            .iter()
            .filter(|skipped| skipped.why == SkipReason::UnreadableDirectory)
            .map(|skipped| skipped.path.as_str())
    }

    /// Files with syntax errors: their figures are partial.
    pub fn files_with_syntax_errors(&self) -> impl Iterator<Item = &FileFacts> {
        self.files
            .iter()
            .filter(|file| matches!(file.syntax, Syntax::Partial { .. }))
    }

    /// How many files of each language were measured, by role.
    #[must_use]
    pub fn languages(&self) -> BTreeMap<Language, BTreeMap<Role, u32>> {
        let mut languages: BTreeMap<Language, BTreeMap<Role, u32>> = BTreeMap::new();
        for file in &self.files {
            *languages
                .entry(file.language)
                .or_default()
                .entry(file.role)
                .or_default() += 1;
        }
        languages
    }

    /// Lines of code that ships.
    #[must_use]
    pub fn product_code_lines(&self) -> u64 {
        self.product().map(|file| u64::from(file.code_lines)).sum()
    }

    /// Product files with syntax errors.
    #[must_use]
    pub fn partial_product_files(&self) -> u32 {
        let partial = self
            .files_with_syntax_errors()
            .filter(|file| file.role == Role::Product)
            .count();
        u32::try_from(partial).unwrap_or(u32::MAX)
    }

    /// What every measure of a scan that was stopped comes to.
    pub(crate) fn cancelled_measure<T>(&self) -> Measured<T> {
        Measured::Failed {
            why: format!(
                "the scan was cancelled after {} source files",
                self.files.len()
            ),
            how: "run it again and let it finish".to_owned(),
        }
    }

    /// Why there is no `what` to measure: an empty directory, other languages, or no such thing.
    pub(crate) fn nothing_measured(&self, what: &str) -> String {
        if !self.files.is_empty() {
            let files = self.files.len();
            return format!("no {what} in product code (source files: {files})");
        }
        let closed = self.unreadable_directories().count();
        if closed > 0 {
            return format!("no source file was read (directories that cannot be read: {closed})");
        }
        if !self.skipped.is_empty() {
            return format!("all source files were skipped ({})", self.skipped.len());
        }
        if !self.other_languages.is_empty() {
            let names: Vec<_> = self.other_languages.keys().map(String::as_str).collect();
            return format!("only languages that are not analysed: {}", names.join(", "));
        }
        if self.vendored > 0 {
            return format!("only vendored code (source files: {})", self.vendored);
        }
        "no source files".to_owned()
    }
}
