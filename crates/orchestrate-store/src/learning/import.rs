//! Compositions from JSON files: those of other systems, one in a file, and what another store lists.

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
    /// What is no composition, by its file, each with what is wrong.
    pub malformed: Vec<(PathBuf, String)>,
}

/// The compositions in one file: it is one, or holds a list of `lessons` as `lessons list --json` prints it.
/// Each that is not whole is told by what is wrong with it.
fn read(path: &Path) -> Vec<Result<AgentConfiguration, String>> {
    let read = fs::read(path).map_err(|error| error.to_string());
    let body = read.and_then(|text| {
        serde_json::from_slice::<Value>(&text).map_err(|error| format!("it is no JSON: {error}"))
    });
    match body.as_ref().map(|body| (body, body.get("lessons"))) {
        Ok((_, Some(Value::Array(lessons)))) => lessons.iter().map(form::read).collect(),
        Ok((body, _)) => vec![form::read(body)],
        Err(problem) => vec![Err(problem.clone())],
    }
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
        let read = files.iter().flat_map(|file| {
            let found = read(file).into_iter();
            found.map(move |configuration| (file, configuration))
        });
        for (file, configuration) in read {
            let mut configuration = match configuration {
                Ok(configuration) => configuration,
                Err(problem) => {
                    imported.malformed.push((file.clone(), problem));
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
