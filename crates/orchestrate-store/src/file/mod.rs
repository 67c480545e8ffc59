//! The backend that a person can read: JSON files in a directory, one a document, a few a run.

mod documents;
mod journal;

pub(crate) use documents::FileDocuments;
pub use journal::FileJournal;
