//! What our own analysis says of a directory, as the JSON that its example prints.

use serde_json::Value;

use crate::process::output;

/// Scans a directory with the release build of the analysis.
pub(crate) fn scan(directory: &str) -> Result<Value, String> {
    scan_with(directory, None)
}

/// The same with the rules of a `gitleaks.toml` besides.
pub(crate) fn scan_with(directory: &str, gitleaks: Option<&str>) -> Result<Value, String> {
    let mut command = "run --release --quiet --package orchestrate-analysis --example scan --"
        .split(' ')
        .chain([directory])
        .collect::<Vec<_>>();
    if let Some(config) = gitleaks {
        command.extend(["2", config]);
    }
    let text = output("cargo", &command)?;
    serde_json::from_str(&text).map_err(|error| format!("the scan printed no JSON: {error}"))
}

/// The items of a list somewhere in a document; none where there is no list.
pub(crate) fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// A text of an object; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number of an object; nought where there is none.
pub(crate) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A share in percent, and `-` of nothing.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        "-".to_owned()
    } else {
        format!("{:.2} %", 100.0 * part as f64 / whole as f64)
    }
}
