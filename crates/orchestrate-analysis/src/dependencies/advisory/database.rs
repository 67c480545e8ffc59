//! Reads a directory of advisories. Whichever layout it has, each file says what it is.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use ignore::WalkBuilder;

use super::model::Advisory;
use super::{osv, rustsec};
use crate::dependencies::locked::Ecosystem;
use crate::inventory::read_bytes;
use crate::problem::Problem;

/// Larger files hold no advisory, in bytes.
const MAX_BYTES: u64 = 8 << 20;

/// The kind of a [`DatabaseError`], for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DatabaseErrorKind {
    /// There is no directory that can be listed.
    Unreadable,
    /// The directory holds no advisory.
    Empty,
}

/// Why a directory cannot serve as a database of advisories.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// There is no directory that can be listed.
    #[error("the advisories in `{path}` cannot be read")]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The directory holds no advisory.
    #[error("`{path}` holds no advisory of RustSec (Markdown) or OSV (JSON, YAML)")]
    Empty {
        /// The path as given.
        path: String,
    },
}

impl DatabaseError {
    /// The kind, for programs.
    #[must_use]
    pub fn kind(&self) -> DatabaseErrorKind {
        match self {
            Self::Unreadable { .. } => DatabaseErrorKind::Unreadable,
            Self::Empty { .. } => DatabaseErrorKind::Empty,
        }
    }
}

/// Advisories about the packages that were asked for, and what the directory as a whole is.
#[derive(Debug, Default)]
pub struct Database {
    /// The path as given.
    pub path: String,
    /// All advisories in it, those about other packages and withdrawn ones included.
    pub advisories: u32,
    /// The day of the newest one, `2026-01-31`; empty if none says.
    pub newest: String,
    /// Files that look like advisories and could not be read.
    pub problems: Vec<Problem>,
    by_package: HashMap<(Ecosystem, String), Vec<Arc<Advisory>>>,
}

/// The packages that are of interest.
pub(in crate::dependencies) type Wanted<'a> = HashSet<(Ecosystem, &'a str)>;

impl Database {
    /// Reads the advisories below a directory, keeping those about the wanted packages.
    ///
    /// # Errors
    /// If there is no directory, or no advisory in it. One that cannot be read is listed as a problem.
    pub(in crate::dependencies) fn open(
        directory: &Path,
        wanted: &Wanted<'_>,
    ) -> Result<Self, DatabaseError> {
        let path = directory.display().to_string();
        let unreadable = |source| DatabaseError::Unreadable {
            path: path.clone(),
            source,
        };
        std::fs::read_dir(directory).map_err(unreadable)?;
        let files = files(directory);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = files.len().div_ceil(threads).max(1);
        let mut database = Self {
            path: path.clone(),
            ..Self::default()
        };
        thread::scope(|scope| {
            let readers: Vec<_> = files
                .chunks(share)
                .map(|files| scope.spawn(|| Self::read(directory, files, wanted)))
                .collect();
            for reader in readers {
                match reader.join() {
                    Ok(part) => database.merge(part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        if database.advisories == 0 && database.problems.is_empty() {
            return Err(DatabaseError::Empty { path });
        }
        Ok(database)
    }

    /// The advisories about a package.
    pub(in crate::dependencies) fn about(
        &self,
        ecosystem: Ecosystem,
        name: &str,
    ) -> &[Arc<Advisory>] {
        self.by_package
            .get(&(ecosystem, name.to_owned()))
            .map_or(&[], Vec::as_slice)
    }

    fn read(directory: &Path, files: &[PathBuf], wanted: &Wanted<'_>) -> Self {
        let mut part = Self::default();
        for file in files {
            match read_file(directory, file) {
                Ok(Read::Other) => {}
                Ok(Read::Passed) => part.advisories += 1,
                Ok(Read::Advisory(advisory)) => part.add(advisory, wanted),
                Err((line, what)) => part.problems.push(Problem {
                    path: file.display().to_string(),
                    line,
                    what,
                }),
            }
        }
        part
    }

    fn add(&mut self, advisory: Advisory, wanted: &Wanted<'_>) {
        self.advisories += 1;
        if advisory.date > self.newest {
            self.newest.clone_from(&advisory.date);
        }
        let advisory = Arc::new(advisory);
        let mut packages: Vec<_> = advisory.packages().collect();
        packages.dedup();
        for (ecosystem, name) in packages {
            if wanted.contains(&(ecosystem, name)) {
                let key = (ecosystem, name.to_owned());
                self.by_package
                    .entry(key)
                    .or_default()
                    .push(Arc::clone(&advisory));
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.advisories += other.advisories;
        if other.newest > self.newest {
            self.newest = other.newest;
        }
        self.problems.extend(other.problems);
        for (package, advisories) in other.by_package {
            self.by_package
                .entry(package)
                .or_default()
                .extend(advisories);
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = WalkBuilder::new(directory)
        .standard_filters(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("md" | "json" | "yaml" | "yml"))
        })
        .collect();
    files.sort();
    files
}

/// What a file turned out to be.
enum Read {
    /// No advisory.
    Other,
    /// An advisory that was withdrawn or is about nothing that is audited.
    Passed,
    Advisory(Advisory),
}

fn read_file(directory: &Path, file: &Path) -> Result<Read, (u32, String)> {
    let whole = |what: String| (1, what);
    let bytes = read_bytes(file, MAX_BYTES).map_err(|error| whole(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| whole("it is not valid UTF-8".to_owned()))?;
    let wrap = |advisory: Option<Advisory>| advisory.map_or(Read::Passed, Read::Advisory);
    let ending = file.extension().and_then(|ending| ending.to_str());
    if ending == Some("md") {
        if !rustsec::is_advisory(&text)
            || file
                .file_name()
                .is_some_and(|name| name == "EXAMPLE_ADVISORY.md")
        {
            return Ok(Read::Other);
        }
        let below = file.strip_prefix(directory).unwrap_or(file);
        let is_crates = !below.starts_with("rust");
        return rustsec::read(&text, is_crates)
            .map(wrap)
            .map_err(|error| (error.line, error.what));
    }
    // Configuration lies beside advisories; only what has an id and names what is affected is meant to be one.
    if !text.contains("affected") || !text.contains("id") {
        return Ok(Read::Other);
    }
    let document: osv::Document = if ending == Some("json") {
        serde_json::from_str(&text).map_err(|error| {
            let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
            (
                line,
                format!("it is no advisory in the OSV format: {error}"),
            )
        })?
    } else {
        serde_saphyr::from_str(&text).map_err(|error| {
            let line = error.location().map_or(1, |at| at.line());
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            let text = error.to_string();
            let what = text.lines().next().unwrap_or_default();
            (line, format!("it is no advisory in the OSV format: {what}"))
        })?
    };
    document.advisory().map(wrap).map_err(whole)
}
