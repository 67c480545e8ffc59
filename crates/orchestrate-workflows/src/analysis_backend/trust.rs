//! How much of the product was understood, which decides whether a figure over it may be stated.
//!
//! Files that cannot be parsed may hold anything. A few bytes that the parser trips over say
//! little about the whole; but when more than a twentieth of the product is dark, a count of
//! nought is no finding and an average is no average.

use std::path::Path;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::inventory::{SkipReason, role_of_path};
use orchestrate_analysis::language::Language;
use orchestrate_analysis::scan::Syntax;
use orchestrate_analysis::source::Role;

use crate::report::NotMeasured;

/// The share of product bytes that may be dark before figures are withheld.
const MAX_DARK: f64 = 0.05;
/// How many files are named.
const NAMED: usize = 3;

/// What was understood of the product.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Trust {
    /// Bytes of product files.
    bytes: u64,
    /// Of these, bytes in files that could not be analysed and in syntax errors.
    dark: u64,
    /// Product files that were parsed.
    files: usize,
    /// The files with dark bytes, by path, with the reason.
    dark_files: Vec<(String, String)>,
    /// Directories that could not be read. Nobody knows how much source they hold, or in which role.
    closed: Vec<String>,
}

impl Trust {
    /// Weighs a scan. Sizes of files that could not be read as text are asked of the file system.
    pub(super) fn of(root: &Path, snapshot: &Snapshot) -> Self {
        let mut trust = Self::default();
        for file in snapshot.product() {
            trust.files += 1;
            trust.bytes += file.bytes as u64;
            if let Syntax::Partial { error_bytes } = file.syntax {
                trust.dark += error_bytes as u64;
                let why = format!("syntax errors in {error_bytes} of {} bytes", file.bytes);
                trust.dark_files.push((file.path.clone(), why));
            }
        }
        trust.closed = snapshot
            .unreadable_directories()
            .map(str::to_owned)
            .collect();
        for file in &snapshot.skipped {
            if file.why == SkipReason::UnreadableDirectory {
                continue;
            }
            if role_of_path(&file.path, Language::of_path(&file.path)) != Role::Product {
                continue;
            }
            // A file whose size nobody knows still counts for something.
            let size = std::fs::metadata(root.join(&file.path)).map_or(1, |found| found.len());
            trust.bytes += size.max(1);
            trust.dark += size.max(1);
            trust
                .dark_files
                .push((file.path.clone(), file.why.text().to_owned()));
        }
        trust.dark_files.sort();
        trust
    }

    /// The share of product bytes that were understood, from 0 to 1; 0 when there are none. This
    /// is what the agents that read sources state as their confidence.
    pub(super) fn share(&self) -> f64 {
        if self.bytes == 0 {
            return 0.0;
        }
        1.0 - self.dark as f64 / self.bytes as f64
    }

    /// How the share is defined, for the evidence.
    pub(super) fn definition(&self) -> String {
        format!(
            "confidence is the share of product source bytes that were read and parsed without error: {:.4} of {} bytes in {} files",
            self.share(),
            self.bytes,
            self.files
        ) + &match self.closed.len() {
            0 => String::new(),
            count => format!(", not counting what {count} unreadable directories hold"),
        }
    }

    /// Why nobody knows how much there was to look at, if a directory could not be read.
    pub(super) fn unknown_size(&self) -> Option<String> {
        (!self.closed.is_empty()).then(|| {
            format!(
                "directories that cannot be read hold an unknown amount of source: {}",
                named(self.closed.iter().map(|path| format!("`{path}`")))
            )
        })
    }

    /// How many product files were parsed.
    pub(super) fn files(&self) -> usize {
        self.files
    }

    /// Why figures over the product are withheld, if they are.
    pub(super) fn too_dark(&self) -> Option<String> {
        if let Some(why) = self.unknown_size() {
            return Some(why);
        }
        (self.bytes > 0 && self.dark as f64 > MAX_DARK * self.bytes as f64).then(|| {
            format!(
                "{:.1} % of the product source could not be parsed: {}",
                100.0 - 100.0 * self.share(),
                self.names()
            )
        })
    }

    /// The dark files as something that was not measured, if there are any.
    pub(super) fn gap(&self) -> Option<NotMeasured> {
        (!self.dark_files.is_empty()).then(|| NotMeasured {
            what: match self.dark_files.len() {
                1 => "1 product file in whole or in part".to_owned(),
                count => format!("{count} product files in whole or in part"),
            },
            why: format!("they could not be parsed: {}", self.names()),
            how_to_measure: Self::HOW.to_owned(),
        })
    }

    /// What to do about dark files.
    pub(super) const HOW: &str = "mend the syntax of these files and the permissions of what cannot be read, or list it in `.gitignore` if it is no source";

    fn names(&self) -> String {
        let files = self.dark_files.iter();
        named(files.map(|(path, why)| format!("`{path}` ({why})")))
    }
}

/// The first few of these, and how many more there are.
pub(super) fn named(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(NAMED);
    let mut names: Vec<String> = all.take(NAMED).collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use orchestrate_analysis::inventory::Skipped;
    use orchestrate_analysis::{ScanOptions, scan};

    use super::*;
    use crate::analysis_backend::backend::Job;
    use crate::analysis_backend::{AnalysisOptions, documentation, quality};

    #[test]
    fn figures_are_withheld_next_to_an_unreadable_directory() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::write(root.join("a.py"), "def a():\n    return 1\n").unwrap();
        let mut snapshot = scan(root, &ScanOptions::default()).unwrap();
        let whole = Trust::of(root, &snapshot);
        assert_eq!((whole.too_dark(), whole.unknown_size()), (None, None));
        let path = "tests/closed".to_owned();
        let why = SkipReason::UnreadableDirectory;
        snapshot.skipped.push(Skipped { path, why });
        let job = Job {
            root,
            snapshot: &snapshot,
            options: &AnalysisOptions::default(),
            trust: Trust::of(root, &snapshot),
            tests: None,
            tools: Vec::new(),
        };
        assert!(
            job.trust
                .definition()
                .ends_with("not counting what 1 unreadable directories hold")
        );
        for (metric, mut answer) in [
            ("quality_score", quality::review(&job)),
            ("doc_coverage_percent", documentation::check(&job)),
        ] {
            let told = answer.not_measured.iter().find(|it| it.what == metric);
            assert!(
                told.is_some_and(|it| it.why.contains("`tests/closed`")),
                "{metric}"
            );
            assert!(answer.output().get(metric).is_none(), "{metric}");
        }
    }
}
