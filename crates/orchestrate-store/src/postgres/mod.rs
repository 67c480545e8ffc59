//! The backend that several machines share: one PostgreSQL database.

mod connect;
mod documents;

pub(crate) use documents::PostgresDocuments;
