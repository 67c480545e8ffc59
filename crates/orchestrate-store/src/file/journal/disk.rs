//! The files of a run: locked, read, written and synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use orchestrate_core::id::RunId;
use orchestrate_core::journal::JournalError;

use super::head::HeadFile;
use super::said;
use crate::atomic::write_atomically;
use crate::record::{RunRow, Said};

/// The folders of a store.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// Where it stands, in the form by which it is opened.
    pub(super) url: String,
}

/// A run that nobody else reads or writes meanwhile.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) file: File,
    pub(super) row: RunRow,
    /// Where its last entry ends.
    pub(super) bytes: u64,
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        let url = format!("file:{}", root.display());
        Self { root, url }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn entries(&self, run: &RunId) -> PathBuf {
        self.folder("runs").join(format!("{run}.jsonl"))
    }

    pub(super) fn head(&self, run: &RunId) -> PathBuf {
        self.folder("heads").join(format!("{run}.json"))
    }

    fn outside(&self, run: &RunId) -> PathBuf {
        self.folder("outside").join(format!("{run}.json"))
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.folder("locks")
    }

    /// What a failure to read or write means.
    pub(super) fn failed(&self, path: &Path, error: &io::Error) -> JournalError {
        let store = self.url.clone();
        let problem = format!("`{}`: {error}", path.display());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                JournalError::Full { store }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                JournalError::ReadOnly { store, problem }
            }
            _ => JournalError::Unavailable { store, problem },
        }
    }

    /// Makes the folders. What was made is safe afterwards.
    pub(super) fn prepare(&self) -> Result<(), JournalError> {
        for name in ["runs", "heads", "outside", "locks"] {
            let folder = self.folder(name);
            let made = fs::create_dir_all(&folder).and_then(|()| sync_folder(&self.root));
            made.map_err(|error| self.failed(&folder, &error))?;
        }
        Ok(())
    }

    /// Whether runs are kept here at all.
    pub(super) fn exists(&self) -> bool {
        self.folder("heads").is_dir()
    }

    /// Makes the file of a new run, held.
    pub(super) fn make(&self, run: &RunId) -> Result<File, JournalError> {
        let path = self.entries(run);
        let mut options = OpenOptions::new();
        let made = options.read(true).write(true).create_new(true).open(&path);
        let made = match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(JournalError::Exists { run: run.clone() });
            }
            made => made.and_then(|file| {
                file.lock()?;
                sync_folder(&self.folder("runs"))?;
                Ok(file)
            }),
        };
        made.map_err(|error| self.failed(&path, &error))
    }

    /// Opens the file of a run; none when there is none.
    fn open(&self, run: &RunId, write: bool) -> Result<Option<File>, JournalError> {
        let path = self.entries(run);
        let file = OpenOptions::new().read(true).write(write).open(&path);
        let locked = match file {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
            Ok(file) => {
                let locked = if write {
                    file.lock()
                } else {
                    file.lock_shared()
                };
                locked.map(|()| file)
            }
        };
        locked.map(Some).map_err(|error| self.failed(&path, &error))
    }

    /// Holds a run: for oneself alone in order to write, with other readers in order to read.
    pub(super) fn hold(&self, run: &RunId, write: bool) -> Result<Held, JournalError> {
        let file = self.open(run, write)?;
        let head = self.read_head(run)?;
        match (file, head) {
            (Some(file), Some((row, bytes))) => Ok(Held { file, row, bytes }),
            (None, None) => Err(JournalError::NotFound {
                reference: run.to_string(),
            }),
            (None, Some((row, _))) => Err(crate::record::lost(&row.head(), 0)),
            (Some(file), None) => {
                // A run that was being recorded when its process ended has one entry; nobody was told of it.
                let bytes = self.read_all(run, file)?;
                if super::lines::read(&bytes).entries().count() <= 1 {
                    return Err(JournalError::NotFound {
                        reference: run.to_string(),
                    });
                }
                Err(JournalError::Damaged {
                    run: run.clone(),
                    entry: 0,
                    problem: "its head is missing".to_owned(),
                })
            }
        }
    }

    pub(super) fn read_head(&self, run: &RunId) -> Result<Option<(RunRow, u64)>, JournalError> {
        let path = self.head(run);
        match fs::read(&path) {
            Ok(text) => HeadFile::read(run, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&path, &error)),
        }
    }

    pub(super) fn write_head(&self, row: &RunRow, bytes: u64) -> Result<(), JournalError> {
        self.replace(&self.head(&row.run), &HeadFile::write(row, bytes))
    }

    /// Everything that stands in the file of a run.
    pub(super) fn read_all(&self, run: &RunId, mut file: File) -> Result<Vec<u8>, JournalError> {
        let mut bytes = Vec::new();
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.failed(&self.entries(run), &error)),
        }
    }

    /// Writes lines behind `bytes` and waits until they are safe. When there is no room for them,
    /// nothing was written.
    pub(super) fn write_lines(&self, held: &mut Held, lines: &[u8]) -> Result<u64, JournalError> {
        let run = held.row.run.clone();
        let file = &mut held.file;
        let written = file
            .seek(SeekFrom::Start(held.bytes))
            .and_then(|_| file.write_all(lines));
        if let Err(error) = written {
            return Err(match file.set_len(held.bytes) {
                Ok(()) => self.failed(&self.entries(&run), &error),
                Err(_) => unknown(&run, &error),
            });
        }
        file.sync_data().map_err(|error| unknown(&run, &error))?;
        Ok(held.bytes + lines.len() as u64)
    }

    /// What a run was told.
    pub(super) fn said(&self, row: &RunRow) -> Result<Vec<Said>, JournalError> {
        let path = self.outside(&row.run);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(&path, &error)),
        };
        said::read(row, &text)
    }

    pub(super) fn write_said(&self, row: &RunRow, all: &[Said]) -> Result<(), JournalError> {
        self.replace(&self.outside(&row.run), &said::write(all))
    }

    /// Removes the files of a run; whether there were any. What is left after a crash in between is
    /// listed as damaged and can be removed again.
    pub(super) fn remove(&self, run: &RunId) -> Result<bool, JournalError> {
        let mut any = false;
        for path in [self.head(run), self.outside(run), self.entries(run)] {
            match fs::remove_file(&path) {
                Ok(()) => any = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.failed(&path, &error)),
            }
        }
        Ok(any)
    }

    /// The names of all runs of which anything is there, in no order.
    pub(super) fn names(&self) -> Result<Vec<RunId>, JournalError> {
        let mut names = Vec::new();
        for (folder, ending) in [("heads", ".json"), ("runs", ".jsonl")] {
            let folder = self.folder(folder);
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(self.failed(&folder, &error)),
            };
            for entry in listed {
                let entry = entry.map_err(|error| self.failed(&folder, &error))?;
                let name = entry.file_name();
                let name = name.to_str().and_then(|name| name.strip_suffix(ending));
                names.extend(name.and_then(|name| RunId::new(name).ok()));
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn replace(&self, path: &Path, text: &[u8]) -> Result<(), JournalError> {
        let written = write_atomically(path, text).map_err(|error| error.source);
        let safe = written.and_then(|()| path.parent().map_or(Ok(()), sync_folder));
        safe.map_err(|error| self.failed(path, &error))
    }
}

fn unknown(run: &RunId, error: &io::Error) -> JournalError {
    JournalError::UnknownCommit {
        run: run.clone(),
        problem: error.to_string(),
    }
}

/// A new name is safe once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
