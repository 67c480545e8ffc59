//! Changes of a copy that are taken back, however the step ends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file that holds something for a while: a new test, or a source with a fault in it. What was
/// there before is there again once this is dropped.
#[derive(Debug)]
pub(crate) struct Placed {
    path: PathBuf,
    before: Option<String>,
}

impl Placed {
    /// Writes a file that is not there yet.
    pub(crate) fn new_file(root: &Path, path: &str, text: &str) -> io::Result<Self> {
        let path = root.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        Ok(Self { path, before: None })
    }

    /// Writes another text into a file.
    pub(crate) fn change(root: &Path, path: &str, before: &str, text: &str) -> io::Result<Self> {
        let path = root.join(path);
        fs::write(&path, text)?;
        Ok(Self {
            path,
            before: Some(before.to_owned()),
        })
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        // A copy that cannot be written to any more is of no use to anybody, and whoever tries says so.
        let _ = match &self.before {
            Some(text) => fs::write(&self.path, text),
            None => fs::remove_file(&self.path),
        };
    }
}
