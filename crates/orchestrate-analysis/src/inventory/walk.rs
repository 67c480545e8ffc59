//! Lists the files below a root: sorted, within `.gitignore`, without following links.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use ignore::{DirEntry, WalkBuilder};

use super::other::other_language;
use super::role::role_of_path;
use super::skip::{SkipReason, Skipped};
use crate::language::Language;
use crate::source::Role;

/// Directories of installed or built things. They are usually ignored by git; where they are not,
/// they are still nobody's sources. They are listed in the result, never silently dropped.
const PRUNED: [&str; 8] = [
    "node_modules",
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    "bower_components",
];

/// Files whose presence says that a directory is a cache or an installed environment.
const PRUNE_MARKS: [&str; 2] = ["CACHEDIR.TAG", "pyvenv.cfg"];

/// A file worth reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub file: PathBuf,
    /// Path relative to the root, with forward slashes.
    pub path: String,
    /// Its language; `None` for text that is not source of an analysed language.
    pub language: Option<Language>,
    /// Its role by path; the text may still say that it is generated.
    pub role: Role,
    /// When it was last changed, where the file system says so.
    pub modified: Option<SystemTime>,
}

/// What the walk found.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Files to read, sorted by path. Vendored sources are not among them.
    pub candidates: Vec<Candidate>,
    /// Files of analysed languages that cannot be measured, and directories of which nobody knows what they hold,
    /// sorted by path.
    pub skipped: Vec<Skipped>,
    /// Other files that were left out, in no order.
    pub skipped_other: Vec<Skipped>,
    /// Vendored source files: counted, never read.
    pub vendored: u32,
    /// Files of languages that are not analysed, by name.
    pub other_languages: BTreeMap<String, u32>,
    /// Directories of installed or built things that were not entered, sorted.
    pub pruned: Vec<String>,
    /// Symbolic links that were not followed.
    pub links: u32,
}

/// The kind of a [`ScanError`], for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ScanErrorKind {
    /// Nothing lies at the path.
    NotFound,
    /// The path is not a directory.
    NotADirectory,
    /// The directory cannot be listed.
    Unreadable,
}

/// Why a root cannot be scanned at all. A single bad file never is a reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// Nothing lies at the path.
    #[error("`{path}` does not exist")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// The path is a file or something else that is not a directory.
    #[error("`{path}` is not a directory")]
    NotADirectory {
        /// The path as given.
        path: String,
    },
    /// The directory cannot be listed.
    #[error("`{path}` cannot be listed")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl ScanError {
    /// The kind, for programs.
    #[must_use]
    pub fn kind(&self) -> ScanErrorKind {
        match self {
            Self::NotFound { .. } => ScanErrorKind::NotFound,
            Self::NotADirectory { .. } => ScanErrorKind::NotADirectory,
            Self::Unreadable { .. } => ScanErrorKind::Unreadable,
        }
    }

    /// A stable code, for reports and documentation.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "scan-not-found",
            Self::NotADirectory { .. } => "scan-not-a-directory",
            Self::Unreadable { .. } => "scan-unreadable",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "give the path of a directory that exists",
            Self::NotADirectory { .. } => {
                "give the directory that holds the project, not a file in it"
            }
            Self::Unreadable { .. } => "check the permissions of the directory",
        }
    }
}

/// Lists the files below `root`.
///
/// `.gitignore` files are respected whether or not the root is a git repository; those of parent
/// directories only if the root lies inside one. Hidden files are listed, `.git` never is.
///
/// # Errors
/// If the root does not exist, is not a directory, or cannot be listed.
pub fn walk(root: &Path) -> Result<Inventory, ScanError> {
    check_root(root)?;
    let mut inventory = Inventory::default();
    // The filter must own what it records; nobody else holds the lock while the walk runs.
    let pruned = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&pruned);
    let rules_are_files = rules_above(root).all(|path| is_file_or_missing(&path));
    let closed = Arc::new(Mutex::new(Vec::new()));
    let refused = Arc::clone(&closed);
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .git_global(false)
        .git_ignore(rules_are_files)
        .git_exclude(rules_are_files)
        .parents(rules_are_files && inside_git(root))
        .follow_links(false)
        .sort_by_file_name(std::cmp::Ord::cmp)
        .filter_entry(move |entry| {
            if entry.depth() == 0 {
                return true;
            }
            if is_pruned(entry) {
                if let Ok(mut recorded) = recorded.lock() {
                    recorded.push(entry.path().to_path_buf());
                }
                return false;
            }
            if entry.file_name() == ".git" {
                return false;
            }
            // Reading these rules would not end; without them nobody knows what in there is meant to be read.
            if rules_are_files
                && is_directory(entry)
                && !is_file_or_missing(&entry.path().join(GITIGNORE))
            {
                if let Ok(mut refused) = refused.lock() {
                    refused.push(entry.path().to_path_buf());
                }
                return false;
            }
            true
        })
        .build();
    for entry in walker {
        match entry {
            Err(error) => inventory.skipped.push(skipped_by(root, &error)),
            Ok(entry) if entry.depth() == 0 => {}
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
            Ok(entry) => inventory.add_file(root, &entry),
        }
    }
    if let Ok(pruned) = pruned.lock() {
        inventory.pruned = pruned.iter().map(|path| relative(root, path).0).collect();
    }
    if let Ok(closed) = closed.lock() {
        let closed = closed.iter().map(|path| unreadable_directory(root, path));
        inventory.skipped.extend(closed);
    }
    inventory.candidates.sort_by(|a, b| a.path.cmp(&b.path));
    inventory.skipped.sort();
    inventory.pruned.sort();
    Ok(inventory)
}

impl Inventory {
    fn add_file(&mut self, root: &Path, entry: &DirEntry) {
        if entry.path_is_symlink() {
            self.links += 1;
            return;
        }
        let (path, name_is_utf8) = relative(root, entry.path());
        let language = Language::of_path(&path);
        let role = role_of_path(&path, language);
        if language.is_some() && role == Role::Vendored {
            self.vendored += 1;
            return;
        }
        if language.is_none()
            && role == Role::Product
            && let Some(name) = other_language(&path)
        {
            *self.other_languages.entry(name.to_owned()).or_default() += 1;
        }
        let metadata = entry.metadata().ok();
        let reason = if !name_is_utf8 {
            Some(SkipReason::NameNotUtf8)
        } else {
            match &metadata {
                None => Some(SkipReason::Unreadable),
                Some(metadata) if !metadata.is_file() => Some(SkipReason::Special),
                Some(_) => None,
            }
        };
        if let Some(why) = reason {
            if language.is_some() {
                self.skipped.push(Skipped { path, why });
            } else {
                self.skipped_other.push(Skipped { path, why });
            }
            return;
        }
        self.candidates.push(Candidate {
            file: entry.path().to_path_buf(),
            path,
            language,
            role,
            modified: metadata.and_then(|metadata| metadata.modified().ok()),
        });
    }
}

fn check_root(root: &Path) -> Result<(), ScanError> {
    let path = root.display().to_string();
    let unreadable = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            ScanError::NotFound { path: path.clone() }
        } else {
            ScanError::Unreadable {
                path: path.clone(),
                source,
            }
        }
    };
    if !root.metadata().map_err(unreadable)?.is_dir() {
        return Err(ScanError::NotADirectory { path });
    }
    root.read_dir().map_err(unreadable)?;
    Ok(())
}

/// Whether the directory or one above it is a git repository (a worktree has a file `.git`).
fn inside_git(root: &Path) -> bool {
    let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    absolute.ancestors().any(|path| path.join(".git").exists())
}

const GITIGNORE: &str = ".gitignore";

/// The files of rules that the walk reads before it enters any directory below the root.
fn rules_above(root: &Path) -> impl Iterator<Item = PathBuf> {
    let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let directories: Vec<_> = absolute.ancestors().map(Path::to_path_buf).collect();
    directories
        .into_iter()
        .flat_map(|directory| [GITIGNORE, ".git/info/exclude"].map(|rules| directory.join(rules)))
}

/// Whether it is safe to read a path: a pipe or a device there would keep the reader waiting.
fn is_file_or_missing(path: &Path) -> bool {
    path.metadata()
        .map_or(true, |metadata| metadata.is_file() || metadata.is_dir())
}

fn is_directory(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// What an error of the walk leaves out: a directory that cannot be listed, or a file whose kind cannot be told.
fn skipped_by(root: &Path, error: &ignore::Error) -> Skipped {
    match path_of(error) {
        Some(path) if path.symlink_metadata().is_ok_and(|found| !found.is_dir()) => Skipped {
            path: relative(root, path).0,
            why: SkipReason::Unreadable,
        },
        Some(path) => unreadable_directory(root, path),
        // The listing broke off; the system does not say where.
        None => unreadable_directory(root, root),
    }
}

fn unreadable_directory(root: &Path, path: &Path) -> Skipped {
    let path = relative(root, path).0;
    Skipped {
        path: if path.is_empty() {
            ".".to_owned()
        } else {
            path
        },
        why: SkipReason::UnreadableDirectory,
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

fn is_pruned(entry: &DirEntry) -> bool {
    is_directory(entry)
        && (entry
            .file_name()
            .to_str()
            .is_some_and(|name| PRUNED.contains(&name))
            || PRUNE_MARKS
                .iter()
                .any(|mark| entry.path().join(mark).is_file()))
}

/// The path below the root with forward slashes, and whether it was valid UTF-8.
fn relative(root: &Path, path: &Path) -> (String, bool) {
    let below = path.strip_prefix(root).unwrap_or(path);
    let mut valid = true;
    let parts: Vec<_> = below
        .components()
        .map(|part| {
            let part = part.as_os_str();
            valid &= part.to_str().is_some();
            part.to_string_lossy()
        })
        .collect();
    (parts.join("/"), valid)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{SkipReason, Skipped, skipped_by};

    fn check(error: ignore::Error, root: &Path, path: &str, why: SkipReason) {
        let expected = Skipped {
            path: path.to_owned(),
            why,
        };
        assert_eq!(skipped_by(root, &error), expected);
    }

    fn denied() -> ignore::Error {
        ignore::Error::Io(io::ErrorKind::PermissionDenied.into())
    }

    fn at(path: PathBuf) -> ignore::Error {
        ignore::Error::WithDepth {
            depth: 2,
            err: Box::new(ignore::Error::WithPath {
                path,
                err: Box::new(denied()),
            }),
        }
    }

    /// The errors are made here, because nothing is denied to a superuser.
    #[test]
    fn errors_of_the_walk_name_what_they_hide() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        std::fs::create_dir_all(root.join("src/closed")).expect("it is writable");
        std::fs::write(root.join("a.py"), "").expect("it is writable");
        let unknown = SkipReason::UnreadableDirectory;
        check(at(root.join("src/closed")), root, "src/closed", unknown);
        check(at(root.join("gone")), root, "gone", unknown);
        check(at(root.join("a.py")), root, "a.py", SkipReason::Unreadable);
        check(denied(), root, ".", unknown);
    }
}
