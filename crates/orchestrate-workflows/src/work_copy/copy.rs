//! The copy itself: which tree, which files, within which bounds.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use orchestrate_core::cancel::CancelSignal;
use tempfile::TempDir;

use super::{history, packages};

/// The most that is copied. A repository beyond that holds data that no test needs twice.
const MOST_BYTES: u64 = 4 << 30;
/// The most files and directories.
const MOST_ENTRIES: u64 = 500_000;

/// Directories of caches and built things; tests make those that they need anew.
const LEFT_OUT: [&str; 8] = [
    "__pycache__",
    ".mypy_cache",
    ".nox",
    ".nyc_output",
    ".pytest_cache",
    ".ruff_cache",
    ".tox",
    ".turbo",
];

/// A copy of a repository, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct WorkCopy {
    directory: TempDir,
    /// The original of the tree.
    original: PathBuf,
    /// Where the analysed directory lies inside of the tree.
    inside: PathBuf,
    /// What a reader should know of it.
    pub(crate) notes: Vec<String>,
    /// What programs answered that were asked something here, so that none is asked twice.
    answers: Mutex<BTreeMap<Vec<OsString>, Option<String>>>,
}

impl WorkCopy {
    /// Copies the tree that a directory belongs to: all of its repository, because packages refer to
    /// their neighbours.
    ///
    /// # Errors
    /// A fragment that says why there is no copy.
    pub(crate) fn of(root: &Path, cancel: &CancelSignal) -> Result<Self, String> {
        let why = |error: io::Error| format!("the repository cannot be copied: {error}");
        let root = root.canonicalize().map_err(why)?;
        let above = root
            .ancestors()
            .find(|directory| directory.join(".git").exists());
        let original = above.unwrap_or(&root).to_owned();
        let inside = root
            .strip_prefix(&original)
            .unwrap_or(Path::new(""))
            .to_owned();
        let directory = tempfile::Builder::new()
            .prefix("orchestrate-")
            .tempdir()
            .map_err(why)?;
        let mut copy = Self {
            directory,
            original,
            inside,
            notes: Vec::new(),
            answers: Mutex::default(),
        };
        let has_history = history::share(&copy.original, &copy.tree());
        fs::create_dir_all(copy.tree()).map_err(why)?;
        let mut copying = Copying {
            from: &copy.original,
            to: &copy.tree(),
            cancel,
            bytes: 0,
            entries: 0,
        };
        copying.directory(Path::new(""))?;
        if has_history {
            history::settle(&copy.tree());
        } else {
            copy.notes
                .push("the copy has no version history".to_owned());
        }
        Ok(copy)
    }

    /// What a program answered before, if it was asked the same.
    pub(crate) fn answer(&self, question: &[OsString]) -> Option<Option<String>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(question).cloned()
    }

    /// Remembers what a program answered.
    pub(crate) fn remember(&self, question: Vec<OsString>, answer: Option<String>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(question, answer);
    }

    /// The root of the copied tree.
    fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    /// The analysed directory in the copy.
    pub(crate) fn root(&self) -> PathBuf {
        self.tree().join(&self.inside)
    }

    /// The analysed directory in the original.
    pub(crate) fn original_root(&self) -> PathBuf {
        self.original.join(&self.inside)
    }

    /// A place beside the tree, for reports and products of builds.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

struct Copying<'a> {
    from: &'a Path,
    to: &'a Path,
    cancel: &'a CancelSignal,
    bytes: u64,
    entries: u64,
}

impl Copying<'_> {
    fn directory(&mut self, inside: &Path) -> Result<(), String> {
        let from = self.from.join(inside);
        let listed = fs::read_dir(&from).map_err(|error| self.cannot(inside, &error))?;
        for entry in listed {
            let entry = entry.map_err(|error| self.cannot(inside, &error))?;
            self.entries += 1;
            if self.cancel.is_raised() {
                return Err("stopped before the repository was copied".to_owned());
            }
            if self.bytes > MOST_BYTES || self.entries > MOST_ENTRIES {
                return Err(format!(
                    "the repository is too large to be copied: more than {} GiB or {MOST_ENTRIES} files",
                    MOST_BYTES >> 30
                ));
            }
            let path = inside.join(entry.file_name());
            let kind = entry
                .file_type()
                .map_err(|error| self.cannot(&path, &error))?;
            let goes_on = self
                .entry(&path, kind)
                .map_err(|error| self.cannot(&path, &error))?;
            if goes_on {
                self.directory(&path)?;
            }
        }
        Ok(())
    }

    /// Copies a file or link, or makes a directory that is to be filled. Pipes and sockets are of
    /// no use in a copy. Tells whether what lies below is to be copied as well.
    fn entry(&mut self, path: &Path, kind: fs::FileType) -> io::Result<bool> {
        let (from, to) = (self.from.join(path), self.to.join(path));
        if kind.is_symlink() {
            let target = fs::read_link(&from)?;
            // A link into the original would let tests write to it.
            let target = match target.strip_prefix(self.from) {
                Ok(inside) => self.to.join(inside),
                Err(_) => target,
            };
            link(&target, &to)?;
            return Ok(false);
        }
        if kind.is_dir() {
            if path == Path::new(".git") || is_left_out(&from) {
                return Ok(false);
            }
            fs::create_dir(&to)?;
            if is_installed(&from) {
                packages::link_to(&from, &to)?;
                return Ok(false);
            }
            return Ok(true);
        }
        if kind.is_file() && path != Path::new(".git") {
            self.bytes += fs::copy(&from, &to)?;
            let modified = fs::metadata(&from)?.modified()?;
            let file = fs::File::options().append(true).open(&to);
            // Of a file that may not be written the time does not matter either.
            if let Ok(file) = file {
                file.set_modified(modified)?;
            }
        }
        Ok(false)
    }

    fn cannot(&self, path: &Path, error: &io::Error) -> String {
        format!("`{}` cannot be copied: {error}", path.display())
    }
}

fn is_installed(directory: &Path) -> bool {
    directory
        .file_name()
        .is_some_and(|name| name == "node_modules")
}

/// Whether a directory holds a Python environment, the products of a build, or a cache.
fn is_left_out(directory: &Path) -> bool {
    let name = directory
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    LEFT_OUT.contains(&name)
        || directory.join("pyvenv.cfg").is_file()
        || directory.join("CACHEDIR.TAG").is_file()
        || (name == "target" && directory.with_file_name("Cargo.toml").is_file())
}

#[cfg(unix)]
pub(super) fn link(target: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(windows)]
pub(super) fn link(target: &Path, at: &Path) -> io::Result<()> {
    if target.is_dir() {
        std::os::windows::fs::symlink_dir(target, at)
    } else {
        std::os::windows::fs::symlink_file(target, at)
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn sources_are_copied_and_built_things_are_not() {
        let original = tempfile::tempdir().unwrap();
        let root = original.path();
        for path in [
            ".git/HEAD",
            "src/a.py",
            "src/__pycache__/a.pyc",
            "venv/pyvenv.cfg",
            "venv/lib/x.py",
            "app/Cargo.toml",
            "app/target/debug/x",
            "data/target/x",
            "app/node_modules/left/index.js",
            "app/node_modules/@scope/one/index.js",
            "app/node_modules/.bin/tool",
            "app/node_modules/.cache/x",
            "packages/near/index.js",
        ] {
            write(root, path, path);
        }
        link(
            Path::new("../../packages/near"),
            &root.join("app/node_modules/near"),
        )
        .unwrap();
        link(
            &root.canonicalize().unwrap().join("src"),
            &root.join("absolute"),
        )
        .unwrap();
        let copy = WorkCopy::of(&root.join("app"), &CancelSignal::default()).unwrap();
        let tree = copy.tree();
        assert_eq!(copy.root(), tree.join("app"));
        let is_there = |path: &str| tree.join(path).exists();
        for path in [
            "src/a.py",
            "data/target/x",
            "app/node_modules/left/index.js",
            "app/node_modules/@scope/one/index.js",
            "app/node_modules/.bin/tool",
            "app/node_modules/near/index.js",
        ] {
            assert!(is_there(path), "{path}");
        }
        for path in [
            "src/__pycache__",
            "venv",
            "app/target",
            "app/node_modules/.cache",
        ] {
            assert!(!is_there(path), "{path}");
        }
        // What is written in the copy stays there, neighbours and absolute links included.
        fs::write(tree.join("app/node_modules/near/index.js"), "changed").unwrap();
        fs::write(tree.join("absolute/a.py"), "changed").unwrap();
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(text("packages/near/index.js"), "packages/near/index.js");
        assert_eq!(text("src/a.py"), "src/a.py");
        drop(copy);
        assert!(!tree.exists());
    }

    #[test]
    fn a_copy_is_stopped_when_nobody_wants_it() {
        let original = tempfile::tempdir().unwrap();
        write(original.path(), "a", "a");
        let cancel = CancelSignal::default();
        cancel.raise();
        let error = WorkCopy::of(original.path(), &cancel).unwrap_err();
        assert!(error.starts_with("stopped"), "{error}");
    }
}
