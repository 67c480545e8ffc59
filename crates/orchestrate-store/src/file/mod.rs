//! The backend that a person can read: one JSON file per document in a directory.

mod documents;

pub(crate) use documents::FileDocuments;
