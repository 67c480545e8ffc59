//! Which files are lock files, and which reader reads which.

use std::path::Path;

use super::error::LockError;
use super::{cargo, go, npm, pnpm, python, requirements, yarn};
use crate::dependencies::locked::Locked;
use crate::inventory::read_bytes;

/// Larger lock files are not read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What one lock file pins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Packages at a version, in the order of the file.
    pub packages: Vec<Locked>,
    /// Packages that come from a path, a repository or an archive, which no advisory names by version.
    pub local: u32,
    /// Packages without an exact version, with their lines.
    pub unpinned: Vec<(String, u32)>,
    /// Files that it includes and that pin more, relative to it.
    pub includes: Vec<String>,
    /// Lines that could not be understood; the others were.
    pub problems: Vec<LockError>,
}

type Reader = fn(&str) -> Result<Lock, LockError>;

/// The reader of a file of this name.
fn reader(path: &str) -> Option<Reader> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    Some(match name {
        "Cargo.lock" => cargo::read,
        "package-lock.json" | "npm-shrinkwrap.json" => npm::read,
        "pnpm-lock.yaml" => pnpm::read,
        "yarn.lock" => yarn::read,
        "poetry.lock" | "uv.lock" | "pylock.toml" => python::read_toml,
        "Pipfile.lock" => python::read_pipfile,
        "go.mod" => go::read,
        _ if Path::new(name).extension()? != "txt" => return None,
        _ if name.starts_with("requirements") || name.ends_with("requirements.txt") => {
            requirements::read
        }
        _ if directory.rsplit('/').next() == Some("requirements") => requirements::read,
        _ => return None,
    })
}

/// Whether a path is that of a lock file that can be read.
#[must_use]
pub fn is_lock_file(path: &str) -> bool {
    reader(path).is_some()
}

/// Reads the lock file at `path` below `root`.
///
/// # Errors
/// With the line, if it cannot be read as what its name says.
pub fn read_lock(root: &Path, path: &str) -> Result<Lock, LockError> {
    let whole = |what: String| LockError::at(1, what);
    let reader = reader(path).unwrap_or(requirements::read);
    let text = |path: &Path| {
        let bytes = read_bytes(path, MAX_BYTES).map_err(|error| whole(error.to_string()))?;
        String::from_utf8(bytes).map_err(|_| whole("it is not valid UTF-8".to_owned()))
    };
    let file = root.join(path);
    let mut lock = reader(&text(&file)?)?;
    if path.ends_with("go.mod") {
        let sums = file.with_file_name("go.sum");
        if sums.is_file() {
            go::complete(&mut lock, &text(&file)?, &text(&sums)?);
        }
    }
    Ok(lock)
}
