//! How much of the product was understood, which decides whether a figure over it may be stated.
//!
//! Files that cannot be parsed may hold anything. A few bytes that the parser trips over say
//! little about the whole; but when more than a twentieth of the product is dark, a count of
//! nought is no finding and an average is no average.

use std::path::Path;

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::inventory::role_of_path;
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
        for file in &snapshot.skipped {
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
        )
    }

    /// How many product files were parsed.
    pub(super) fn files(&self) -> usize {
        self.files
    }

    /// Why figures over the product are withheld, if they are.
    pub(super) fn too_dark(&self) -> Option<String> {
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
    pub(super) const HOW: &str =
        "mend the syntax of these files, or list them in `.gitignore` if they are no sources";

    fn names(&self) -> String {
        let mut names: Vec<String> = self
            .dark_files
            .iter()
            .take(NAMED)
            .map(|(path, why)| format!("`{path}` ({why})"))
            .collect();
        let more = self.dark_files.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        names.join(", ")
    }
}
