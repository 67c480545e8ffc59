//! Who is at work, told by locks of the operating system: they go when their process does, however it ends.
//!
//! Each owner of a run locks a file of its own, named by the run and the epoch. So an owner that
//! was replaced while it was paused keeps a lock that means nothing any more.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The lock of one owner; it ends with this value.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    path: PathBuf,
    _file: File,
}

fn path(folder: &Path, run: impl Display, epoch: u64) -> PathBuf {
    folder.join(format!("{run}-{epoch}"))
}

impl OwnerLock {
    /// The lock of an epoch; none while another holds it.
    pub(crate) fn take(folder: &Path, run: impl Display, epoch: u64) -> io::Result<Option<Self>> {
        fs::create_dir_all(folder)?;
        let path = path(folder, run, epoch);
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the owner of an epoch is at work.
    pub(crate) fn is_held(folder: &Path, run: impl Display, epoch: u64) -> io::Result<bool> {
        let file = match File::open(path(folder, run, epoch)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // An epoch is never given twice, so nobody waits for this file; one that stays is only litter.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_as_long_as_its_owner_lives() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("locks");
        assert!(!OwnerLock::is_held(&folder, 1, 1).unwrap());
        let lock = OwnerLock::take(&folder, 1, 1).unwrap().unwrap();
        assert!(OwnerLock::is_held(&folder, 1, 1).unwrap());
        assert!(!OwnerLock::is_held(&folder, 1, 2).unwrap());
        assert!(OwnerLock::take(&folder, 1, 1).unwrap().is_none());
        drop(lock);
        assert!(!OwnerLock::is_held(&folder, 1, 1).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
