//! The default backend: one SQLite file, nothing to install.

mod connect;
mod documents;

pub(crate) use documents::SqliteDocuments;
