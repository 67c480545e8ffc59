//! Scans a directory and prints what was measured as JSON: `cargo run --example scan -- DIR [THREADS
//! [GITLEAKS_TOML [CACHE]]]`; `-` stands for no rules of gitleaks.

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_analysis::coverage::{
    CoverageOptions, CoverageReport, IndexedSource, SourceIndex, measure,
};
use orchestrate_analysis::measured::Measured;
use orchestrate_analysis::user_rules::UserRules;
use orchestrate_analysis::{
    DocumentationReport, QualityReport, ScanOptions, Snapshot, documentation, quality, scan,
    security,
};
use serde::Serialize;

/// What other tools call a rule.
#[derive(Serialize)]
struct Known {
    id: &'static str,
    known_as: &'static [&'static str],
    cwe: u16,
}

#[derive(Serialize)]
struct Report {
    rules: Vec<Known>,
    coverage: Measured<CoverageReport>,
    documentation: Measured<DocumentationReport>,
    quality: Measured<QualityReport>,
    snapshot: Snapshot,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().ok_or("give a directory")?);
    let mut options = ScanOptions::default();
    if let Some(threads) = arguments.next() {
        options.threads = threads.parse()?;
    }
    if let Some(config) = arguments.next().filter(|config| config != "-") {
        options.rules = Arc::new(UserRules::load(Some(Path::new(&config)), &[]));
    }
    options.cache = arguments.next().map(PathBuf::from);
    let snapshot = scan(&root, &options)?;
    // Lines of tests inside files that ship count, as they do for the tools of the languages.
    let sources = snapshot.files.iter().map(|file| IndexedSource {
        path: file.path.clone(),
        language: file.language,
        role: file.role,
        modified: None,
        lines: file.lines,
        test_lines: Vec::new(),
    });
    let sources = SourceIndex {
        files: sources.collect(),
    };
    let known = |rule: &security::Rule| Known {
        id: rule.id,
        known_as: rule.known_as,
        cwe: rule.cwe,
    };
    let report = Report {
        rules: security::rules().into_iter().map(known).collect(),
        coverage: measure(&root, &sources, &CoverageOptions::default()),
        documentation: documentation(&snapshot),
        quality: quality(&snapshot),
        snapshot,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, &report)?;
    writeln!(out)?;
    Ok(())
}
