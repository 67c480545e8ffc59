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

/// How a root is walked.
#[derive(Debug, Clone)]
pub struct WalkOptions {
    /// Larger files are skipped, in bytes.
    pub max_file_bytes: u64,
}

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
    /// Files of analysed languages that cannot be measured, sorted by path.
    pub skipped: Vec<Skipped>,
    /// Other files that were left out, counted by reason.
    pub skipped_other: BTreeMap<SkipReason, u32>,
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
pub fn walk(root: &Path, options: &WalkOptions) -> Result<Inventory, ScanError> {
    check_root(root)?;
    let mut inventory = Inventory::default();
    // The filter must own what it records; nobody else holds the lock while the walk runs.
    let pruned = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&pruned);
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(false)
        .git_global(false)
        .parents(inside_git(root))
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
            entry.file_name() != ".git"
        })
        .build();
    for entry in walker {
        match entry {
            // Only a directory below the root can fail here: the root was listed above.
            Err(_) => count(&mut inventory.skipped_other, SkipReason::Unreadable),
            Ok(entry) if entry.depth() == 0 => {}
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
            Ok(entry) => inventory.add_file(root, &entry, options),
        }
    }
    if let Ok(pruned) = pruned.lock() {
        inventory.pruned = pruned.iter().map(|path| relative(root, path).0).collect();
    }
    inventory.candidates.sort_by(|a, b| a.path.cmp(&b.path));
    inventory.skipped.sort();
    inventory.pruned.sort();
    Ok(inventory)
}

impl Inventory {
    fn add_file(&mut self, root: &Path, entry: &DirEntry, options: &WalkOptions) {
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
                Some(metadata) if metadata.len() > options.max_file_bytes => {
                    Some(SkipReason::TooLarge)
                }
                Some(_) => None,
            }
        };
        if let Some(why) = reason {
            if language.is_some() {
                self.skipped.push(Skipped { path, why });
            } else {
                count(&mut self.skipped_other, why);
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

fn is_pruned(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
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

fn count(counts: &mut BTreeMap<SkipReason, u32>, why: SkipReason) {
    *counts.entry(why).or_default() += 1;
}
