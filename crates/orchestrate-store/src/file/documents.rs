//! Documents as files `<space>/<kind>/<key>.json`, written whole, under one lock between processes.
//!
//! A file that is no JSON is left out with a warning. It is moved to `<key>.json.malformed` only
//! when something else is to be written in its place.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use serde_json::Value;

use crate::atomic::write_atomically;
use crate::documents::{Change, Decide, Document, Documents, Read, Select, Warnings};

const ENDING: &str = ".json";

/// A directory of documents.
#[derive(Debug, Clone)]
pub(crate) struct FileDocuments {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    place: String,
    warnings: Warnings,
}

impl FileDocuments {
    /// A directory, which need not exist before something is written.
    pub(crate) fn new(root: PathBuf) -> Self {
        let place = root.display().to_string();
        let warnings = Warnings::default();
        Self {
            inner: Arc::new(Inner {
                root,
                place,
                warnings,
            }),
        }
    }

    async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| self.inner.failed(&self.inner.root, error))?
    }
}

#[async_trait]
impl Documents for FileDocuments {
    async fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError> {
        let (space, reads) = (space.to_owned(), reads.to_vec());
        self.blocking(move |it| it.read(&space, &reads)).await
    }

    async fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError> {
        let (space, reads) = (space.to_owned(), reads.to_vec());
        self.blocking(move |it| it.change(&space, &reads, decide))
            .await
    }

    fn place(&self) -> &str {
        &self.inner.place
    }

    fn take_warnings(&self) -> Vec<String> {
        self.inner.warnings.take()
    }
}

impl Inner {
    fn failed(
        &self,
        path: &Path,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Failed {
            place: path.display().to_string(),
            source: source.into(),
        }
    }

    /// The directory of a kind. Spaces and kinds are ours; keys are checked in [`Self::file`].
    fn folder(&self, space: &str, kind: &str) -> PathBuf {
        self.root.join(space).join(kind)
    }

    fn file(&self, space: &str, kind: &str, key: &str) -> Result<PathBuf, StoreError> {
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if key.is_empty() || key.len() > 200 || key.starts_with('.') || !key.chars().all(safe) {
            return Err(StoreError::Name {
                what: "key",
                given: key.to_owned(),
            });
        }
        Ok(self.folder(space, kind).join(format!("{key}{ENDING}")))
    }

    fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError> {
        let mut found = Vec::new();
        for read in reads {
            for key in self.keys(space, read)? {
                let path = self.file(space, read.kind, &key)?;
                let text = match fs::read(&path) {
                    Ok(text) => text,
                    // It was removed since the directory was listed, or never there.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(self.failed(&path, error)),
                };
                match serde_json::from_slice::<Value>(&text) {
                    Ok(body) => found.push(Document {
                        kind: read.kind,
                        key,
                        group: String::new(),
                        body,
                    }),
                    Err(error) => {
                        let path = path.display();
                        self.warnings
                            .add(format!("`{path}` is left out: it is no JSON ({error})"));
                    }
                }
            }
        }
        Ok(found)
    }

    fn keys(&self, space: &str, read: &Read) -> Result<Vec<String>, StoreError> {
        if let Select::Keys(keys) = &read.select {
            return Ok(keys.clone());
        }
        let mut keys = self.listed(&self.folder(space, read.kind))?;
        keys.sort_unstable();
        match &read.select {
            Select::After(key, limit) => {
                keys.retain(|other| other > key);
                keys.truncate(*limit);
            }
            Select::Last(count) => {
                let first = keys.len().saturating_sub(*count);
                keys.drain(..first);
            }
            Select::All | Select::Group(_) | Select::Keys(_) => {}
        }
        Ok(keys)
    }

    /// The keys of the files of a directory that could be ours.
    fn listed(&self, folder: &Path) -> Result<Vec<String>, StoreError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(folder, error)),
        };
        let mut keys = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.failed(folder, error))?;
            let name = entry.file_name();
            let Some(key) = name.to_str().and_then(|name| name.strip_suffix(ENDING)) else {
                continue;
            };
            if !entry.path().is_file() {
                continue;
            }
            if self.file("", "", key).is_ok() {
                keys.push(key.to_owned());
            } else {
                let path = entry.path();
                let path = path.display();
                self.warnings
                    .add(format!("`{path}` is left out: its name is not usable"));
            }
        }
        Ok(keys)
    }

    fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let found = self.read(space, reads)?;
        for change in decide(&found)? {
            match change {
                Change::Put(document) => self.put(space, &document)?,
                Change::Delete(kind, key) => {
                    let path = self.file(space, kind, &key)?;
                    match fs::remove_file(&path) {
                        Err(error) if error.kind() != ErrorKind::NotFound => {
                            return Err(self.failed(&path, error));
                        }
                        _ => {}
                    }
                }
                Change::SetAside(kind, key) => self.set_aside(&self.file(space, kind, &key)?)?,
            }
        }
        Ok(())
    }

    fn put(&self, space: &str, document: &Document) -> Result<(), StoreError> {
        let path = self.file(space, document.kind, &document.key)?;
        if fs::read(&path).is_ok_and(|old| serde_json::from_slice::<Value>(&old).is_err()) {
            self.set_aside(&path)?;
        }
        let folder = self.folder(space, document.kind);
        fs::create_dir_all(&folder).map_err(|error| self.failed(&folder, error))?;
        let mut text =
            serde_json::to_vec_pretty(&document.body).map_err(|error| self.failed(&path, error))?;
        text.push(b'\n');
        write_atomically(&path, &text).map_err(|error| self.failed(&path, error.source))
    }

    fn set_aside(&self, path: &Path) -> Result<(), StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".malformed");
        let aside = PathBuf::from(name);
        self.warnings.add(format!(
            "`{}` is malformed and was set aside as `{}`",
            path.display(),
            aside.display()
        ));
        fs::rename(path, &aside).map_err(|error| self.failed(path, error))
    }

    /// Excludes all other processes until it is dropped. The system lets go of it when a process dies.
    fn lock(&self) -> Result<File, StoreError> {
        let path = self.root.join(".lock");
        let open = || -> io::Result<File> {
            fs::create_dir_all(&self.root)?;
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map_err(|error| self.failed(&path, error))
    }
}
