//! The backend that several machines share: one PostgreSQL database.

mod connect;
mod documents;
mod journal;

pub(crate) use documents::PostgresDocuments;
pub use journal::PostgresJournal;
