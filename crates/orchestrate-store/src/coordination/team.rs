//! A team: its part of a store, and what reads and writes there.

use std::fmt;
use std::sync::Arc;

use orchestrate_core::learning::{StoreError, check_name};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::documents::{Change, Document, Documents, Read, Warnings, transact};
use crate::store::Now;

/// Agents that work together. Cheap to clone; all clones and all processes share what is in it.
#[derive(Clone)]
pub struct Team {
    pub(super) documents: Arc<dyn Documents>,
    name: String,
    now: Now,
    warnings: Arc<Warnings>,
}

impl Team {
    pub(crate) fn new(
        documents: Arc<dyn Documents>,
        name: &str,
        now: Now,
    ) -> Result<Self, StoreError> {
        check_name("team", name)?;
        Ok(Self {
            documents,
            name: name.to_owned(),
            now,
            warnings: Arc::default(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was found malformed and left out since this was last asked.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        let mut all = self.documents.take_warnings();
        all.extend(self.warnings.take());
        all
    }

    pub(super) fn now(&self) -> u64 {
        (self.now)()
    }

    /// The space of a part of the team; parts never wait for each other.
    pub(super) fn space(&self, part: &str) -> String {
        format!("teams/{}/{part}", self.name)
    }

    /// Reads, decides and writes in one part of the team.
    pub(super) async fn change<R: Send + 'static>(
        &self,
        part: &str,
        reads: &[Read],
        decide: impl FnOnce(&[Document]) -> Result<(Vec<Change>, R), StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        transact(&*self.documents, &self.space(part), reads, decide).await
    }

    /// Reads what is of a form; the rest is left out with a warning.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        part: &str,
        read: Read,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.documents.read(&self.space(part), &[read]).await?;
        let whole = |it: Document| match serde_json::from_value(it.body) {
            Ok(value) => Some(value),
            Err(error) => {
                let (kind, key, place) = (it.kind, it.key, self.documents.place());
                self.warnings
                    .add(format!("{kind} `{key}` in `{place}` is left out: {error}"));
                None
            }
        };
        Ok(found.into_iter().filter_map(whole).collect())
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team({} in {})", self.name, self.documents.place())
    }
}

/// What is of a form among documents of a kind.
pub(super) fn whole<T: DeserializeOwned>(found: &[Document], kind: &str) -> Vec<T> {
    let own = found.iter().filter(|it| it.kind == kind);
    own.filter_map(|it| serde_json::from_value(it.body.clone()).ok())
        .collect()
}

/// A document to be written.
pub(super) fn put(kind: &'static str, key: impl Into<String>, value: &impl Serialize) -> Change {
    Change::Put(Document {
        kind,
        key: key.into(),
        group: String::new(),
        // All that is kept is text, numbers and lists, so this never falls back.
        body: serde_json::to_value(value).unwrap_or_default(),
    })
}

/// A number as a key: the order of keys is that of numbers.
pub(super) fn numbered(number: u64) -> String {
    format!("{number:020}")
}
