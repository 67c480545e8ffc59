//! The trait that a backend implements, and what goes in and out of it.

use std::fmt;

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use serde_json::Value;

/// One document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// What it is, for example `compositions`.
    pub(crate) kind: &'static str,
    /// Its name among those of its kind; the order of keys is that of their bytes.
    pub(crate) key: String,
    /// By what a whole set of them is asked for, for example a pattern of tasks; may be empty.
    pub(crate) group: String,
    /// What it says.
    pub(crate) body: Value,
}

/// Which documents of a kind.
#[derive(Debug, Clone)]
pub(crate) enum Select {
    /// Those of these names that exist.
    Keys(Vec<String>),
    /// Those of a group. A backend without an index gives all of them.
    Group(String),
    /// All.
    All,
    /// So many behind a name, in order.
    After(String, usize),
    /// The last so many, in order.
    Last(usize),
}

/// A part of what is to be read.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) kind: &'static str,
    pub(crate) select: Select,
}

impl Read {
    pub(crate) fn key(kind: &'static str, key: impl Into<String>) -> Self {
        let select = Select::Keys(vec![key.into()]);
        Self { kind, select }
    }

    pub(crate) fn all(kind: &'static str) -> Self {
        let select = Select::All;
        Self { kind, select }
    }
}

/// A part of what was decided.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Writes a document, over the one of its name if there is one.
    Put(Document),
    /// Removes a document, if it is there.
    Delete(&'static str, String),
    /// Moves a document that does not have its form out of the way, to be looked at by a person.
    SetAside(&'static str, String),
}

/// Decides what is to change, by what is there.
pub(crate) type Decide = Box<dyn FnOnce(&[Document]) -> Result<Vec<Change>, StoreError> + Send>;

/// A place for documents, in spaces that do not know of each other.
#[async_trait]
pub(crate) trait Documents: Send + Sync + fmt::Debug {
    /// Reads documents, kind by kind in the order asked for, each kind in the order of its keys.
    async fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError>;

    /// Reads, decides and writes. Nobody else changes the space meanwhile, in whatever process;
    /// either everything that was decided is written or nothing.
    async fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError>;

    /// Where it stands, for messages.
    fn place(&self) -> &str;

    /// What was found malformed since this was last asked.
    fn take_warnings(&self) -> Vec<String>;
}
