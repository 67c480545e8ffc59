//! Documentation: two definitions of what has to be documented, so the difference is counted and named.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::below;
use crate::measured::{list, number, percent, text};
use crate::process::output;

/// Public items of Python files of the product: all, and the places of those without documentation.
fn ours(scanned: &Value) -> (usize, BTreeSet<(String, u64)>) {
    let mut all = 0;
    let mut missing = BTreeSet::new();
    for file in list(scanned, "/snapshot/files").filter(|file| text(file, "language") == "python") {
        for item in list(file, "/public_items") {
            all += 1;
            if item.get("documented") == Some(&Value::Bool(false)) {
                missing.insert((text(file, "path").to_owned(), number(item, "line")));
            }
        }
    }
    (all, missing)
}

pub(super) fn interrogate(directory: &str, scanned: &Value) -> Result<String, String> {
    let (all, missing) = ours(scanned);
    if all == 0 {
        return Err("there is nothing of this language".to_owned());
    }
    let printed = output("interrogate", &["-v", "--fail-under", "0", directory])?;
    let total = printed
        .lines()
        .find(|line| line.contains("TOTAL"))
        .ok_or("it printed no total")?;
    let figures: Vec<&str> = total
        .split('|')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let theirs = figures.get(1..).unwrap_or_default().join(", ");
    Ok(format!(
        "here {} of {all} public items of the product ({}), there total, missing, covered, share: {theirs}; it counts private items, nested functions and tests as well",
        all - missing.len(),
        percent(all - missing.len(), all),
    ))
}

pub(super) fn ruff(directory: &str, scanned: &Value) -> Result<String, String> {
    let (all, missing) = ours(scanned);
    if all == 0 {
        return Err("there is nothing of this language".to_owned());
    }
    let select = "D100,D101,D102,D103,D104,D105,D106,D107";
    let arguments = [
        "check",
        "--isolated",
        "--exit-zero",
        "--select",
        select,
        "--output-format",
        "json",
        directory,
    ];
    let printed = output("ruff", &arguments)?;
    let found: Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let product: BTreeSet<&str> = list(scanned, "/snapshot/files")
        .filter(|file| text(file, "role") == "product")
        .map(|file| text(file, "path"))
        .collect();
    let mut theirs = BTreeSet::new();
    let mut elsewhere = 0;
    for it in list(&found, "") {
        let path = below(directory, text(it, "filename"));
        if product.contains(path.as_str()) {
            theirs.insert((
                path,
                it.pointer("/location/row")
                    .and_then(Value::as_u64)
                    .unwrap_or(1),
            ));
        } else {
            elsewhere += 1;
        }
    }
    let both = missing.intersection(&theirs).count();
    let mut text = format!(
        "{both} places missing in both; {} only here, {} only there, {elsewhere} there in files that are no product",
        missing.len() - both,
        theirs.len() - both
    );
    for (what, places) in [
        ("here", missing.difference(&theirs)),
        ("there", theirs.difference(&missing)),
    ] {
        for (path, line) in places.take(3) {
            text += &format!("\n    only {what}: {path}:{line}");
        }
    }
    Ok(text)
}
