//! Coverage, as read from a report that lies in the directory, beside what the tool that wrote it says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::compare::below;
use crate::measured::{list, number, text};

/// Units that were executed, and units there are.
type Counts = (u64, u64);

/// Our figure of one language, file by file.
fn ours(scanned: &Value, language: &str) -> Vec<(String, Counts)> {
    list(scanned, "/coverage/value/languages")
        .filter(|of| text(of, "language") == language)
        .flat_map(|of| list(of, "/files"))
        .map(|file| {
            let counts = file.get("counts").unwrap_or(&Value::Null);
            let counts = (number(counts, "covered"), number(counts, "total"));
            (text(file, "path").to_owned(), counts)
        })
        .collect()
}

fn share((covered, all): Counts) -> f64 {
    100.0 * covered as f64 / all.max(1) as f64
}

/// The summary that coverage.py wrote for each file, for the files that ship.
pub(super) fn coverage_py(directory: &str, scanned: &Value) -> Result<String, String> {
    let report = json(directory, "coverage.json")?;
    let files = report.get("files").and_then(Value::as_object);
    let theirs = |path: &str| {
        let (_, file) = files?
            .iter()
            .find(|(name, _)| same(directory, name, path))?;
        let summary = file.get("summary")?;
        Some((
            number(summary, "covered_lines"),
            number(summary, "num_statements"),
        ))
    };
    compare(&ours(scanned, "python"), &theirs)
}

/// The summary that llvm-cov wrote for each file, for the files that ship.
pub(super) fn llvm_cov(directory: &str, scanned: &Value) -> Result<String, String> {
    let report =
        json(directory, "coverage.json").or_else(|_| json(directory, "target/llvm-cov.json"))?;
    if report.pointer("/data/0/files").is_none() {
        return Err("`coverage.json` is not of llvm-cov".to_owned());
    }
    let theirs = |path: &str| {
        let file = list(&report, "/data/0/files")
            .find(|file| same(directory, text(file, "filename"), path))?;
        let lines = file.pointer("/summary/lines")?;
        Some((number(lines, "covered"), number(lines, "count")))
    };
    compare(&ours(scanned, "rust"), &theirs)
}

/// The total that Go's own tool makes of the profile; it counts every file that the profile names.
pub(super) fn go_tool_cover(directory: &str, scanned: &Value) -> Result<String, String> {
    if !Path::new(directory).join("cover.out").is_file() {
        return Err("there is no `cover.out`".to_owned());
    }
    let printed = Command::new("go")
        .args(["tool", "cover", "-func=cover.out"])
        .current_dir(directory)
        .output()
        .map_err(|error| format!("cannot start `go`: {error}"))?;
    let said = String::from_utf8_lossy(&printed.stdout);
    let total = said
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().last())
        .and_then(|share| share.strip_suffix('%')?.parse::<f64>().ok())
        .ok_or_else(|| String::from_utf8_lossy(&printed.stderr).trim().to_owned())?;
    let files = ours(scanned, "go");
    let sum = sum(files.iter().map(|(_, counts)| *counts));
    Ok(format!(
        "{:.2} % here, {total:.1} % there, which is told to a tenth",
        share(sum)
    ))
}

fn sum(counts: impl Iterator<Item = Counts>) -> Counts {
    counts.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
}

fn json(directory: &str, name: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(Path::new(directory).join(name))
        .map_err(|_| format!("there is no `{name}`"))?;
    serde_json::from_str(&text).map_err(|error| format!("`{name}`: {error}"))
}

fn same(directory: &str, theirs: &str, ours: &str) -> bool {
    let theirs = below(directory, theirs);
    theirs == ours || theirs.ends_with(&format!("/{ours}"))
}

fn compare(
    files: &[(String, Counts)],
    theirs: &dyn Fn(&str) -> Option<Counts>,
) -> Result<String, String> {
    let both: Vec<_> = files
        .iter()
        .filter_map(|(path, ours)| Some((path, *ours, theirs(path)?)))
        .collect();
    if both.is_empty() {
        return Err("the report and the scan have no file in common".to_owned());
    }
    let (ours, theirs) = (
        sum(both.iter().map(|it| it.1)),
        sum(both.iter().map(|it| it.2)),
    );
    let mut text = format!(
        "{:.2} % here ({} of {}), {:.2} % there ({} of {}), in {} files",
        share(ours),
        ours.0,
        ours.1,
        share(theirs),
        theirs.0,
        theirs.1,
        both.len()
    );
    for (path, ours, theirs) in both.iter().filter(|(_, a, b)| a != b).take(5) {
        text += &format!(
            "\n    {path}: here {} of {}, there {} of {}",
            ours.0, ours.1, theirs.0, theirs.1
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn files_that_differ_are_named() {
        let files = [
            ("a.py".to_owned(), (1, 2)),
            ("b.py".to_owned(), (3, 4)),
            ("c.py".to_owned(), (5, 5)),
        ];
        let theirs = |path: &str| match path {
            "a.py" => Some((1, 2)),
            "b.py" => Some((2, 4)),
            _ => None,
        };
        assert_eq!(
            compare(&files, &theirs).unwrap(),
            "66.67 % here (4 of 6), 50.00 % there (3 of 6), in 2 files\n    b.py: here 3 of 4, there 2 of 4"
        );
        assert!(compare(&files, &|_| None).is_err());
    }
}
