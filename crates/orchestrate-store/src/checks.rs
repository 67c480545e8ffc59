//! Checks of the health of projects, in the documents of a store.

use std::fmt;
use std::sync::Arc;

use orchestrate_core::check::CheckRecord;
use orchestrate_core::learning::{StoreError, check_name};
use serde::Deserialize as _;

use crate::documents::{Change, Document, Documents, Read, Select, Warnings, transact};

/// The space of everything here.
const SPACE: &str = "health";
/// A check by its run; its group is its project.
const CHECKS: &str = "checks";

/// The history of checks. Cheap to clone; all clones and all processes share what is in it.
#[derive(Clone)]
pub struct CheckHistory {
    documents: Arc<dyn Documents>,
    warnings: Arc<Warnings>,
}

impl CheckHistory {
    pub(crate) fn new(documents: Arc<dyn Documents>) -> Self {
        Self {
            documents,
            warnings: Arc::default(),
        }
    }

    /// Adds a check. A run is recorded once: tells whether it was not there yet, and changes nothing
    /// otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, check: &CheckRecord) -> Result<bool, StoreError> {
        check_name("mode", &check.mode)?;
        let document = Document {
            kind: CHECKS,
            key: check.run.as_str().to_owned(),
            group: check.project.clone(),
            // All that is kept is text, finite numbers and lists, so this never falls back.
            body: serde_json::to_value(check).unwrap_or_default(),
        };
        let read = Read::key(CHECKS, document.key.clone());
        let decide = move |found: &[Document]| {
            let is_new = found.is_empty();
            let changes = if is_new {
                vec![Change::Put(document)]
            } else {
                Vec::new()
            };
            Ok((changes, is_new))
        };
        transact(&*self.documents, SPACE, &[read], decide).await
    }

    /// All checks of a project, oldest first; of one mode, if one is named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(
        &self,
        project: &str,
        mode: Option<&str>,
    ) -> Result<Vec<CheckRecord>, StoreError> {
        let read = Read {
            kind: CHECKS,
            select: Select::Group(project.to_owned()),
        };
        let found = self.documents.read(SPACE, &[read]).await?;
        let checks = found.iter().filter_map(|document| self.whole(document));
        // A backend without an index gives those of all projects.
        let mut checks: Vec<CheckRecord> = checks
            .filter(|check| check.project == project && mode.is_none_or(|it| it == check.mode))
            .collect();
        checks.sort_by(|a, b| (&a.at, a.run.as_str()).cmp(&(&b.at, b.run.as_str())));
        Ok(checks)
    }

    /// What was malformed and left out since this was last asked.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        let mut all = self.documents.take_warnings();
        all.extend(self.warnings.take());
        all
    }

    fn whole(&self, document: &Document) -> Option<CheckRecord> {
        match CheckRecord::deserialize(&document.body) {
            Ok(check) => Some(check),
            Err(error) => {
                let (key, place) = (&document.key, self.documents.place());
                self.warnings
                    .add(format!("check `{key}` in `{place}` is left out: {error}"));
                None
            }
        }
    }
}

impl fmt::Debug for CheckHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckHistory({})", self.documents.place())
    }
}
