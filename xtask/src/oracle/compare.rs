//! Two tables of figures for the same functions, and how far they agree.

use std::collections::BTreeMap;

use crate::measured::percent;

/// Figures by file and line.
pub(super) type Figures = BTreeMap<(String, u64), u64>;

/// How many disagreements are shown.
const SHOWN: usize = 5;

/// How many of the functions that both know have the same figure.
pub(super) fn agreement(ours: &Figures, theirs: &Figures) -> Result<String, String> {
    if theirs.is_empty() {
        return Err("there is nothing of this language".to_owned());
    }
    let both: Vec<_> = theirs
        .iter()
        .filter_map(|(at, theirs)| Some((at, *ours.get(at)?, *theirs)))
        .collect();
    let same = both
        .iter()
        .filter(|(_, ours, theirs)| ours == theirs)
        .count();
    let mut text = format!(
        "{same} of {} functions equal ({}); {} only there, {} only here",
        both.len(),
        percent(same, both.len()),
        theirs.len() - both.len(),
        ours.len() - both.len(),
    );
    for ((path, line), ours, theirs) in both.iter().filter(|(_, a, b)| a != b).take(SHOWN) {
        text += &format!("\n    {path}:{line}: here {ours}, there {theirs}");
    }
    Ok(text)
}

/// A path relative to a directory.
pub(super) fn below(directory: &str, path: &str) -> String {
    let path = path.strip_prefix(directory).unwrap_or(path);
    path.trim_start_matches(['/', '.']).to_owned()
}
