//! Scans a directory and prints what was measured as JSON: `cargo run --example scan -- DIR [THREADS]`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use orchestrate_analysis::{ScanOptions, documentation, quality, scan};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(arguments.next().ok_or("give a directory")?);
    let mut options = ScanOptions::default();
    if let Some(threads) = arguments.next() {
        options.threads = threads.parse()?;
    }
    let snapshot = scan(&root, &options)?;
    let report = serde_json::json!({
        "documentation": documentation(&snapshot),
        "quality": quality(&snapshot),
        "snapshot": snapshot,
    });
    serde_json::to_writer_pretty(std::io::stdout().lock(), &report)?;
    writeln!(std::io::stdout())?;
    Ok(())
}
