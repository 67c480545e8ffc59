//! What all families stand on: a scratch directory, the library that breaks the disk, the programs.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use orchestrate_core::journal::{JournalError, RunJournal};
use orchestrate_store::Store;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// What a look at a broken store gives: what was wanted, or the first thing that is not as promised.
pub(crate) type Check<T = ()> = Result<T, String>;

/// The journal of the store at an address.
///
/// # Errors
/// As those of [`Store::open`] and [`Store::journal`].
pub(crate) fn journal(url: &str, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
    Store::open(url)?.journal(create)
}

const DISK: &str = include_str!("disk.c");

/// The kinds of store whose files can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One SQLite database.
    Sqlite,
    /// A directory of readable files.
    File,
}

impl Kind {
    /// The kind of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "sqlite" => Some(Self::Sqlite),
            "file" => Some(Self::File),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::File => "file",
        }
    }
}

/// Where things are broken.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) kind: Kind,
    scratch: TempDir,
    disk: PathBuf,
    /// The program that people use.
    pub(crate) orchestrate: PathBuf,
    runtime: Runtime,
    count: Cell<u64>,
}

impl Stage {
    /// # Errors
    /// When there is no directory, or no C compiler for the library.
    pub(crate) fn build(kind: Kind) -> Check<Self> {
        let told = |error: std::io::Error| format!("no stage: {error}");
        let scratch = scratch("orchestrate-faults-").map_err(told)?;
        let source = scratch.path().join("disk.c");
        let disk = scratch.path().join("disk.so");
        fs::write(&source, DISK).map_err(told)?;
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .args([&disk, &source])
            .arg("-ldl")
            .output()
            .map_err(|error| format!("no C compiler for the library that breaks disks: {error}"))?;
        if !built.status.success() {
            let said = String::from_utf8_lossy(&built.stderr);
            return Err(format!(
                "the library that breaks disks does not build: {said}"
            ));
        }
        let own = std::env::current_exe().map_err(told)?;
        Ok(Self {
            kind,
            scratch,
            disk,
            orchestrate: own.with_file_name("orchestrate"),
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(told)?,
            count: Cell::new(0),
        })
    }

    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// An empty place for a store.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn place(&self) -> Check<Place> {
        let number = self.count.get();
        self.count.set(number + 1);
        let folder = self.scratch.path().join(format!("place-{number}"));
        fs::create_dir_all(folder.join("store")).map_err(|error| format!("no place: {error}"))?;
        let kind = self.kind;
        Ok(Place { kind, folder })
    }

    /// Waits for something.
    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    /// Lets a program run on a disk and a clock that break by rules; see `disk.c` for their form.
    pub(crate) fn arm(&self, program: &mut Command, at: &Path, faults: &Faults) {
        program.env("LD_PRELOAD", &self.disk).env("FAULTS_AT", at);
        for (name, value) in [
            ("FAULTS_RULES", &faults.rules),
            ("FAULTS_CLOCK", &faults.clock),
        ] {
            if !value.is_empty() {
                program.env(name, value);
            }
        }
        if let Some(log) = &faults.log {
            program.env("FAULTS_LOG", log);
        }
    }
}

/// A directory that goes with this process: in memory where there is room, because what survives a
/// power cut is judged by images and not by a disk.
///
/// # Errors
/// When none can be made.
pub(crate) fn scratch(prefix: &str) -> std::io::Result<TempDir> {
    const MEMORY: &str = "/dev/shm";
    const ROOM_KB: u64 = 1 << 20;
    let mut named = tempfile::Builder::new();
    let named = named.prefix(prefix);
    let told = Command::new("df").args(["-Pk", MEMORY]).output();
    let told = told.map(|ran| String::from_utf8_lossy(&ran.stdout).into_owned());
    let told = told.unwrap_or_default();
    let line = told.lines().nth(1).unwrap_or_default();
    let room = line
        .split_whitespace()
        .nth(3)
        .and_then(|it| it.parse().ok());
    if room.is_some_and(|room: u64| room >= ROOM_KB) {
        return named.tempdir_in(MEMORY).or_else(|_| named.tempdir());
    }
    named.tempdir()
}

/// What is to go wrong in one process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    pub(crate) rules: String,
    pub(crate) clock: String,
    pub(crate) log: Option<PathBuf>,
}

impl Faults {
    pub(crate) fn rule(rule: impl Into<String>) -> Self {
        Self {
            rules: rule.into(),
            ..Self::default()
        }
    }
}

/// A directory with a store and what the world outside knows of its runs. It goes with this value.
#[derive(Debug)]
pub(crate) struct Place {
    kind: Kind,
    folder: PathBuf,
}

impl Place {
    /// The directory of the store's files, and of nothing else.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// The address of the store.
    pub(crate) fn url(&self) -> String {
        let store = self.store();
        match self.kind {
            Kind::Sqlite => format!("sqlite:{}", store.join("store.db").display()),
            Kind::File => format!("file:{}", store.display()),
        }
    }

    /// Where attempts leave their effects.
    pub(crate) fn effects(&self) -> PathBuf {
        self.folder.join("effects")
    }

    /// Where all changes to the files are recorded.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The whole scratch directory goes later anyway.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
