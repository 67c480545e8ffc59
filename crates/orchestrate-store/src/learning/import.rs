//! Compositions from the JSON files of other systems: a directory of them, or one file.

use std::fs;
use std::path::{Path, PathBuf};

use orchestrate_core::learning::{AgentConfiguration, ConfigurationStore, StoreError};
use serde_json::Value;

use super::{LearningStore, form};

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The ids that were taken over.
    pub taken: Vec<String>,
    /// The ids that were there already, and were left as they are.
    pub known: Vec<String>,
    /// The files that are no compositions, each with what is wrong.
    pub malformed: Vec<(PathBuf, String)>,
}

/// Reads a composition from one file.
///
/// # Errors
/// What is wrong with it.
pub fn read_configuration(path: &Path) -> Result<AgentConfiguration, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let body: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    form::read(&body)
}

impl LearningStore {
    /// Takes compositions over with the record they have. One that is here already stays as it is,
    /// so that importing twice counts nothing twice.
    ///
    /// # Errors
    /// [`StoreError`] when `path` cannot be read or the store not written to.
    pub async fn import(&self, path: &Path) -> Result<Imported, StoreError> {
        let failed = |source: std::io::Error| StoreError::Failed {
            place: path.display().to_string(),
            source: Box::new(source),
        };
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(failed)? {
                let file = entry.map_err(failed)?.path();
                if file.extension().is_some_and(|it| it == "json") && file.is_file() {
                    files.push(file);
                }
            }
            files.sort();
        } else {
            fs::metadata(path).map_err(failed)?;
            files.push(path.to_owned());
        }
        let mut imported = Imported::default();
        for file in files {
            let mut configuration = match read_configuration(&file) {
                Ok(configuration) => configuration,
                Err(problem) => {
                    imported.malformed.push((file, problem));
                    continue;
                }
            };
            let id = configuration.id.clone();
            if self.load(&id).await?.is_some() {
                imported.known.push(id);
            } else {
                self.save(&mut configuration).await?;
                imported.taken.push(id);
            }
        }
        Ok(imported)
    }
}
