//! Copied code, by the share of lines. The copies counted are the later ones in both.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::measured::{list, number, text};
use crate::process::output;

/// The formats of jscpd by our languages.
const FORMATS: [(&str, &str); 5] = [
    ("rust", "rust"),
    ("python", "python"),
    ("javascript", "javascript"),
    ("typescript", "typescript"),
    ("go", "go"),
];

pub(super) fn jscpd(directory: &str, scanned: &Value) -> Result<String, String> {
    let mut lines: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let copied = scanned.pointer("/snapshot/duplication/copied_lines");
    let mut product = Vec::new();
    for file in list(scanned, "/snapshot/files").filter(|file| text(file, "role") == "product") {
        let path = text(file, "path");
        let of_file = copied.map_or(0, |copied| number(copied, path));
        let sums = lines.entry(text(file, "language")).or_default();
        sums.0 += of_file;
        sums.1 += number(file, "lines");
        product.push(path);
    }
    let out = std::env::temp_dir().join(format!("orchestrate-jscpd-{}", std::process::id()));
    let copy = out.join("product");
    for path in product {
        let target = copy.join(path);
        let failed = |error: std::io::Error| format!("cannot copy `{path}`: {error}");
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::copy(std::path::Path::new(directory).join(path), target).map_err(failed)?;
    }
    let compared = compare(&copy.to_string_lossy(), &out.to_string_lossy(), &lines);
    // What is left in the temporary directory harms nobody.
    let _ = std::fs::remove_dir_all(&out);
    compared
}

/// Runs it over a copy of the product files only: what is a test differs too much between the two.
fn compare(copy: &str, out: &str, lines: &BTreeMap<&str, (u64, u64)>) -> Result<String, String> {
    let formats: Vec<&str> = FORMATS.iter().map(|(_, format)| *format).collect();
    let formats = formats.join(",");
    let arguments = [
        "--silent",
        "--mode",
        "weak",
        "--min-tokens",
        "50",
        "--min-lines",
        "5",
        "--max-lines",
        "100000",
        "--max-size",
        "2mb",
        "--format",
        &formats,
        "--reporters",
        "json",
        "--output",
        out,
        copy,
    ];
    output("jscpd", &arguments)?;
    let report = std::path::Path::new(out).join("jscpd-report.json");
    let report = std::fs::read_to_string(report).map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_str(&report).map_err(|error| error.to_string())?;
    let mut parts = Vec::new();
    for (language, format) in FORMATS {
        let Some((copied, all)) = lines.get(language) else {
            continue;
        };
        let total = report.pointer(&format!("/statistics/formats/{format}/total"));
        let (theirs, of) = total.map_or((0, 0), |it| {
            (number(it, "duplicatedLines"), number(it, "lines"))
        });
        let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        parts.push(format!(
            "{language} {:.2} % here ({copied} of {all} lines), {:.2} % there ({theirs} of {of})",
            share(*copied, *all),
            share(theirs, of)
        ));
    }
    Ok(parts.join("; "))
}
