//! What the scan read and left out, in a form that fits into every agent's answer.

use std::collections::BTreeMap;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::language::Language;
use orchestrate_analysis::source::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many paths a list names; the counts beside it are whole.
const NAMED: usize = 20;

/// A file and why it was left out or read in part only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Path relative to the repository.
    pub path: String,
    /// Why, as a lowercase fragment.
    pub why: String,
}

/// What the scan read and left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanSummary {
    /// Source files that were parsed, tests and examples included.
    pub files_analysed: usize,
    /// Of these, by language and by role.
    pub by_language: BTreeMap<Language, BTreeMap<Role, u32>>,
    /// Lines of these files, blank ones and comments included.
    pub lines: u64,
    /// Lines of code that ships.
    pub product_code_lines: u64,
    /// Source files that could not be analysed, and directories that could not be read.
    pub skipped_count: usize,
    /// The first of them.
    pub skipped: Vec<LeftOut>,
    /// Source files with syntax errors, whose figures are partial.
    pub syntax_error_count: usize,
    /// The first of them.
    pub syntax_errors: Vec<String>,
    /// Text files with bytes that are not valid in their encoding, read with replacement characters there.
    #[serde(default)]
    pub decoded_lossily_count: usize,
    /// The first of them.
    #[serde(default)]
    pub decoded_lossily: Vec<String>,
    /// Files of languages that are not analysed, by name.
    pub other_languages: BTreeMap<String, u32>,
    /// Vendored source files, which are never read.
    pub vendored: u32,
    /// Directories of installed or built things that were not entered.
    pub pruned: Vec<String>,
    /// Symbolic links that were not followed.
    pub links: u32,
    /// Wall time in milliseconds.
    pub wall_ms: u64,
}

impl ScanSummary {
    /// Sums a scan up.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let skipped = snapshot.skipped.iter().take(NAMED).map(|file| LeftOut {
            path: file.path.clone(),
            why: file.why.text().to_owned(),
        });
        Self {
            files_analysed: snapshot.files.len(),
            by_language: snapshot.languages(),
            lines: snapshot
                .files
                .iter()
                .map(|file| u64::from(file.lines))
                .sum(),
            product_code_lines: snapshot.product_code_lines(),
            skipped_count: snapshot.skipped.len(),
            skipped: skipped.collect(),
            syntax_error_count: snapshot.files_with_syntax_errors().count(),
            syntax_errors: snapshot
                .files_with_syntax_errors()
                .take(NAMED)
                .map(|file| file.path.clone())
                .collect(),
            decoded_lossily_count: snapshot.decoded_lossily.len(),
            decoded_lossily: snapshot
                .decoded_lossily
                .iter()
                .take(NAMED)
                .cloned()
                .collect(),
            other_languages: snapshot.other_languages.clone(),
            vendored: snapshot.vendored,
            pruned: snapshot.pruned.iter().take(NAMED).cloned().collect(),
            links: snapshot.links,
            wall_ms: snapshot.elapsed_ms,
        }
    }
}
