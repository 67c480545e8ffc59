//! Finds the sources that the paths of a report mean.
//!
//! Direct ways come first: a path relative to the repository or to a directory above the report, an absolute path under
//! the repository, a path under one of the report's source directories, a Go import path under a module. Only if none of these finds anything is a common
//! replacement of the beginning looked for, as it is needed for a report that was made elsewhere
//! (`/build/project/src/a.rs`). A replacement must explain at least half of the paths that it applies to, so that a
//! few equal file names do not make a foreign report ours.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::{fs, iter};

use super::measure::SourceIndex;
use super::model::RawReport;
use crate::inventory::{Decoded, TextKind, read_text};
use crate::language::Language;
use crate::scan::ScanOptions;

/// Which file of a report is which source.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matches {
    /// Position in the index of sources, to position in the files of the report.
    pub(super) files: BTreeMap<usize, usize>,
    /// Files of the report that are no source, by position.
    pub(super) unmatched: Vec<usize>,
    /// How the paths were understood, where they are not simply those of the repository.
    pub(super) mapping: Option<String>,
}

/// What matching needs to know of a repository; made once for all reports.
#[derive(Debug)]
pub(super) struct Repository<'a> {
    by_path: HashMap<&'a str, usize>,
    by_name: HashMap<&'a str, Vec<&'a str>>,
    /// The root as given and as it really is, with a slash at the end.
    roots: Vec<String>,
    /// Go module paths and their directories, longest path first.
    modules: Vec<(String, String)>,
}

/// Parts of paths that belong to packages someone else wrote.
const THIRD_PARTY: [&str; 6] = [
    "/.cargo/registry/",
    "/.cargo/git/",
    "/rustc/",
    "/site-packages/",
    "node_modules/",
    "/pkg/mod/",
];

/// How many sources of one name are compared with a path.
const MAX_SAME_NAME: usize = 2_000;

/// How many replacements are tried; the real one is among the first.
const MAX_REPLACEMENTS: usize = 50;

impl<'a> Repository<'a> {
    pub(super) fn new(root: &Path, also: &[PathBuf], index: &'a SourceIndex) -> Self {
        let paths = || index.files.iter().map(|file| file.path.as_str());
        let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
        for path in paths() {
            by_name.entry(file_name(path)).or_default().push(path);
        }
        let roots: BTreeSet<PathBuf> = iter::once(root)
            .chain(also.iter().map(PathBuf::as_path))
            .flat_map(|root| iter::once(root.to_owned()).chain(fs::canonicalize(root).ok()))
            .collect();
        let roots = roots
            .iter()
            .filter_map(|root| root.to_str())
            .filter(|root| is_absolute(root));
        Self {
            by_path: paths()
                .enumerate()
                .map(|(position, path)| (path, position))
                .collect(),
            by_name,
            roots: roots
                .map(|root| format!("{}/", normalize(root).trim_end_matches('/')))
                .collect(),
            modules: modules(root, index),
        }
    }

    /// Matches the files of a report that lies at `report_path`.
    pub(super) fn matches(&self, report: &RawReport, report_path: &str) -> Matches {
        let paths: Vec<String> = report
            .files
            .iter()
            .map(|file| normalize(&file.path))
            .collect();
        let sources: Vec<String> = report
            .source_roots
            .iter()
            .map(|root| normalize(root))
            .filter(|root| !root.is_empty())
            .collect();
        // Relative paths start where the tool ran: one place for all of them, at or above the report. The one that
        // explains most is taken, of equals the nearest, so that a package is not mistaken for its neighbour.
        let at_root = self.starting_at(&paths, &sources, "");
        let mut matches = Matches::default();
        for base in bases(report_path) {
            let found = self.starting_at(&paths, &sources, &base);
            if found.files.len() > matches.files.len() {
                let differs = found.files != at_root.files;
                matches = found;
                matches.mapping = differs.then(|| format!("relative to `{base}`"));
            }
        }
        if matches.files.is_empty() {
            matches.unmatched = (0..paths.len()).collect();
            self.replace_beginnings(&paths, &mut matches);
        }
        matches
    }

    fn starting_at(&self, paths: &[String], sources: &[String], base: &str) -> Matches {
        let mut matches = Matches::default();
        for (position, path) in paths.iter().enumerate() {
            match self.direct(path, sources, base) {
                Some(source) => {
                    matches.files.entry(source).or_insert(position);
                }
                None => matches.unmatched.push(position),
            }
        }
        matches
    }

    fn direct(&self, path: &str, sources: &[String], base: &str) -> Option<usize> {
        let find = |path: &str| {
            if is_absolute(path) {
                self.roots
                    .iter()
                    .find_map(|root| self.get(path.strip_prefix(root.as_str())?))
            } else {
                self.get(&normalize(&format!("{base}{path}")))
            }
        };
        // A source directory is the more exact statement, so it goes before the bare path.
        let mut joined = sources.iter().filter(|_| !is_absolute(path));
        joined
            .find_map(|source| find(&format!("{}/{path}", source.trim_end_matches('/'))))
            .or_else(|| find(path))
            .or_else(|| {
                self.modules.iter().find_map(|(module, directory)| {
                    let rest = path.strip_prefix(module.as_str())?.strip_prefix('/')?;
                    self.get(&format!("{directory}{rest}"))
                })
            })
    }

    fn get(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    fn replace_beginnings(&self, paths: &[String], matches: &mut Matches) {
        let foreign = |path: &str| {
            let inside = self
                .roots
                .iter()
                .any(|root| path.starts_with(root.as_str()));
            inside || THIRD_PARTY.iter().any(|part| path.contains(part))
        };
        let mut open: BTreeMap<&str, usize> = BTreeMap::new();
        for (position, path) in paths.iter().enumerate().filter(|(_, path)| !foreign(path)) {
            open.insert(path, position);
        }
        let mut votes: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for path in open.keys() {
            for beginnings in self.beginnings(path) {
                *votes.entry(beginnings).or_default() += 1;
            }
        }
        let mut ranked: Vec<((&str, &str), usize)> = votes.into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        // Two answers of the same weight are none.
        let mut weights: BTreeMap<(&str, usize), usize> = BTreeMap::new();
        for ((from, _), count) in &ranked {
            *weights.entry((from, *count)).or_default() += 1;
        }
        let mut used = Vec::new();
        for ((from, to), count) in ranked.iter().take(MAX_REPLACEMENTS) {
            let rival = weights
                .get(&(*from, *count))
                .is_some_and(|answers| *answers > 1);
            let below: Vec<(&str, usize)> = open
                .range::<&str, _>(from..)
                .take_while(|(path, _)| path.starts_with(*from))
                .map(|(path, at)| (*path, *at))
                .collect();
            let found: Vec<(&str, usize, usize)> = below
                .iter()
                .filter_map(|(path, at)| {
                    Some((
                        *path,
                        *at,
                        self.get(&format!("{to}{}", path.strip_prefix(*from)?))?,
                    ))
                })
                .collect();
            // One file whose path differs on both sides is no evidence of anything.
            let enough = if from.is_empty() || to.is_empty() {
                1
            } else {
                2
            };
            if rival || found.len() < enough || found.len() * 2 < below.len() {
                continue;
            }
            for (path, at, source) in found {
                open.remove(path);
                matches.files.entry(source).or_insert(at);
            }
            used.push(format!("`{from}` -> `{to}`"));
        }
        let taken: BTreeSet<usize> = matches.files.values().copied().collect();
        matches
            .unmatched
            .retain(|position| !taken.contains(position));
        matches.mapping = (!used.is_empty()).then(|| used.join(", "));
    }

    /// What is left of a path and of a source before their longest common end; several if several ends are as long.
    fn beginnings<'p>(&self, path: &'p str) -> Vec<(&'p str, &'a str)> {
        let same_name = self
            .by_name
            .get(file_name(path))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let ends = same_name
            .iter()
            .take(MAX_SAME_NAME)
            .map(|source| (common_end(path, source), *source));
        let ends: Vec<(usize, &str)> = ends.collect();
        let longest = ends.iter().map(|(length, _)| *length).max().unwrap_or(0);
        let before = |text: &str, length: usize| text.len().saturating_sub(length);
        ends.into_iter()
            .filter(|(length, _)| *length == longest)
            .filter_map(|(length, source)| {
                Some((
                    path.get(..before(path, length))?,
                    source.get(..before(source, length))?,
                ))
            })
            .collect()
    }
}

/// The directories above a report, the nearest first, with a slash at the end; the repository itself is the last.
fn bases(report_path: &str) -> Vec<String> {
    let mut bases = Vec::new();
    let mut path = if is_absolute(report_path) {
        ""
    } else {
        report_path
    };
    while let Some((directory, _)) = path.rsplit_once('/') {
        bases.push(format!("{directory}/"));
        path = directory;
    }
    bases.push(String::new());
    bases
}

/// The number of bytes of the longest common end that begins after a slash or at the start of both.
fn common_end(a: &str, b: &str) -> usize {
    let mut length = 0;
    let (mut left, mut right) = (a.rsplit('/'), b.rsplit('/'));
    while let (Some(one), Some(other)) = (left.next(), right.next()) {
        if one != other {
            break;
        }
        length += one.len() + 1;
    }
    // The slash before the first common part belongs to the beginning, unless there is none.
    (length.saturating_sub(1)).min(a.len()).min(b.len())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
        || path.starts_with('\\')
        || path
            .get(1..3)
            .is_some_and(|drive| drive == ":/" || drive == ":\\")
}

/// Forward slashes, and no `.`, `..` or empty parts.
fn normalize(path: &str) -> String {
    let path = path
        .strip_prefix("file://")
        .unwrap_or(path)
        .replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

/// The Go modules whose files are among the sources: their paths, and their directories with a slash at the end.
fn modules(root: &Path, index: &SourceIndex) -> Vec<(String, String)> {
    const MAX_DIRECTORIES: usize = 5_000;
    let mut directories: BTreeSet<&str> = BTreeSet::new();
    for file in index
        .files
        .iter()
        .filter(|file| file.language == Language::Go)
    {
        let mut path = file.path.as_str();
        while let Some((directory, _)) = path.rsplit_once('/') {
            if !directories.insert(directory) {
                break;
            }
            path = directory;
        }
        directories.insert("");
    }
    let mut modules: Vec<(String, String)> = Vec::new();
    for directory in directories.into_iter().take(MAX_DIRECTORIES) {
        let path = root.join(directory).join("go.mod");
        let Ok(Decoded { text, .. }) =
            read_text(&path, ScanOptions::MAX_FILE_BYTES, TextKind::Other)
        else {
            continue;
        };
        let name = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("module "));
        if let Some(name) = name
            .and_then(|rest| rest.split("//").next())
            .map(|name| name.trim().trim_matches('"'))
        {
            let directory = if directory.is_empty() {
                String::new()
            } else {
                format!("{directory}/")
            };
            modules.push((name.to_owned(), directory));
        }
    }
    modules.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized() {
        for (path, expected) in [
            ("./src//a.rs", "src/a.rs"),
            ("src\\b\\c.py", "src/b/c.py"),
            ("/x/../y/a.go", "/y/a.go"),
            ("../a.go", "../a.go"),
            ("file:///p/a.js", "/p/a.js"),
        ] {
            assert_eq!(normalize(path), expected);
        }
    }

    #[test]
    fn common_ends_stop_at_slashes() {
        for (a, b, expected) in [
            ("/build/p/src/a.rs", "src/a.rs", "src/a.rs"),
            ("/build/xsrc/a.rs", "src/a.rs", "a.rs"),
            ("a.rs", "a.rs", "a.rs"),
            ("a.rs", "src/a.rs", "a.rs"),
            ("/a.rs", "a.rs", "a.rs"),
            ("b.rs", "a.rs", ""),
        ] {
            assert_eq!(&a[a.len() - common_end(a, b)..], expected);
        }
    }
}
