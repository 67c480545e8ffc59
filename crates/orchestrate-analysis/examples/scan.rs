//! Scans a directory and prints what was measured as JSON: `cargo run --example scan -- DIR [THREADS [GITLEAKS_TOML]]`.

use std::error::Error;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    if let Some(config) = arguments.next() {
        options.rules = Arc::new(UserRules::load(Some(Path::new(&config)), &[]));
    }
    let snapshot = scan(&root, &options)?;
    let known = |rule: &security::Rule| Known {
        id: rule.id,
        known_as: rule.known_as,
        cwe: rule.cwe,
    };
    let report = Report {
        rules: security::rules().into_iter().map(known).collect(),
        documentation: documentation(&snapshot),
        quality: quality(&snapshot),
        snapshot,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, &report)?;
    writeln!(out)?;
    Ok(())
}
