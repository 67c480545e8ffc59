//! Writing a file so that a reader, a crash or a full disk never shows half of it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use orchestrate_core::error::{ErrorKind, Explain};

/// A file could not be written; what stood there before still does.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl Explain for WriteError {
    fn code(&self) -> &'static str {
        "ORC0701"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Environment
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self.source.kind() {
            io::ErrorKind::NotFound => "make the folder first, or name another one",
            io::ErrorKind::PermissionDenied => "name a file in a folder that you may write to",
            io::ErrorKind::IsADirectory => "name a file, not a folder",
            _ => "check that the disk has room and the folder can be written to",
        };
        vec![hint.to_owned()]
    }
}

/// Writes a whole file: into a neighbour first, synced, then renamed over the old one. A device or pipe is written to directly.
///
/// # Errors
/// [`WriteError`]; the old file, if there was one, is untouched then and the neighbour is removed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let fail = |source| WriteError {
        path: path.to_owned(),
        source,
    };
    if path.is_dir() {
        return Err(fail(io::ErrorKind::IsADirectory.into()));
    }
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        // A device or a pipe is written to: another file in its place would be its end.
        return fs::write(path, bytes).map_err(fail);
    }
    let Some(name) = path.file_name() else {
        return Err(fail(io::ErrorKind::InvalidInput.into()));
    };
    let mut neighbour = name.to_owned();
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = path.with_file_name(neighbour);
    let written = fill(&neighbour, bytes).and_then(|()| fs::rename(&neighbour, path));
    if written.is_err() {
        // Nothing better can be done about a neighbour that cannot be removed either.
        let _ = fs::remove_file(&neighbour);
    }
    written.map_err(fail)
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["plan.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;
        write_atomically(Path::new("/dev/null"), b"gone").unwrap();
        assert!(
            fs::metadata("/dev/null")
                .unwrap()
                .file_type()
                .is_char_device()
        );
    }

    #[test]
    fn a_write_that_fails_leaves_what_was_there_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_atomically(&folder.path().join("missing/plan.json"), b"x").unwrap_err();
        assert_eq!(
            error.hints(),
            ["make the folder first, or name another one"]
        );
        let error = write_atomically(folder.path(), b"x").unwrap_err();
        assert_eq!(error.hints(), ["name a file, not a folder"]);
        assert!(names(folder.path()).is_empty());
    }
}
