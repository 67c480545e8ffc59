//! Rust modules that one file declares for tests only and another file holds.
//!
//! `#[cfg(test)] mod tests;` makes `tests.rs` test code whatever its path says, so this can be
//! told only when all files were seen.

use std::collections::BTreeSet;

use super::run::Gathered;
use crate::language::Language;
use crate::source::Role;

/// Marks the files of such modules, and everything below them, as tests.
pub(super) fn apply(gathered: &mut Gathered) {
    let mut files = BTreeSet::new();
    let mut directories = BTreeSet::new();
    for (declared_in, module) in &gathered.test_modules {
        let base = module_directory(declared_in);
        files.insert(format!("{base}{module}.rs"));
        directories.insert(format!("{base}{module}/"));
    }
    if files.is_empty() {
        return;
    }
    let is_test = |path: &str| {
        files.contains(path)
            || path
                .match_indices('/')
                .filter_map(|(at, _)| path.get(..=at))
                .any(|directory| directories.contains(directory))
    };
    for file in &mut gathered.files {
        if file.language == Language::Rust && file.role == Role::Product && is_test(&file.path) {
            file.role = Role::Test;
            file.test_code_lines += file.code_lines;
            file.code_lines = 0;
            for function in &mut file.functions {
                function.is_test = true;
            }
            for marker in &mut file.markers {
                marker.in_test = true;
            }
            for hazard in &mut file.hazards {
                hazard.in_test = true;
            }
        }
    }
    gathered.drop_product_facts(&is_test);
    for finding in &mut gathered.findings {
        if Language::of_path(&finding.path) == Some(Language::Rust) && is_test(&finding.path) {
            finding.in_test = true;
        }
    }
}

/// Where the modules that a file declares lie: `a/b.rs` keeps them in `a/b/`, but `lib.rs`,
/// `main.rs` and `mod.rs` beside themselves.
pub(crate) fn module_directory(path: &str) -> String {
    let (directory, name) = match path.rsplit_once('/') {
        Some((directory, name)) => (format!("{directory}/"), name),
        None => (String::new(), path),
    };
    match name.strip_suffix(".rs") {
        Some("lib" | "main" | "mod") | None => directory,
        Some(stem) => format!("{directory}{stem}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::module_directory;

    #[test]
    fn modules_lie_beside_roots_and_below_others() {
        assert_eq!(module_directory("src/lib.rs"), "src/");
        assert_eq!(module_directory("src/a/mod.rs"), "src/a/");
        assert_eq!(module_directory("src/a.rs"), "src/a/");
        assert_eq!(module_directory("lib.rs"), "");
    }
}
