//! Files that a person names: checked before anything runs, written whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use orchestrate_store::write_atomically;

use crate::error::{CliError, Failure};

/// Reads a file that was named.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Checks that files can be read, and gives their absolute paths: what reads them later stands elsewhere.
pub(crate) fn readable(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let check = |path: &PathBuf| {
        let absolute = File::open(path).and_then(|_| std::path::absolute(path));
        absolute.map_err(|source| CliError::Read {
            path: path.clone(),
            source,
        })
    };
    paths.iter().map(check).collect()
}

/// Checks that a file can be written later, before the work that it is for.
pub(crate) fn writable(path: &Path) -> Result<(), CliError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let problem = if path.is_dir() {
        Some("it is a directory")
    } else if !parent.is_dir() {
        Some("its directory does not exist")
    } else {
        None
    };
    match problem {
        Some(problem) => Err(CliError::Out {
            path: path.to_owned(),
            problem,
        }),
        None => Ok(()),
    }
}

/// Makes a folder and those around it, as far as they are not there.
pub(crate) fn folder(path: &Path) -> Result<(), CliError> {
    fs::create_dir_all(path).map_err(|_| CliError::Out {
        path: path.to_owned(),
        problem: "the folder cannot be made",
    })
}

/// Removes a file.
pub(crate) fn remove(path: &Path) -> Result<(), CliError> {
    fs::remove_file(path).map_err(|_| CliError::Out {
        path: path.to_owned(),
        problem: "it cannot be removed",
    })
}

/// Writes a file, wholly or not at all.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_atomically(path, text.as_bytes())?;
    Ok(())
}
