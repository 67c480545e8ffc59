//! The embedded store: one SQLite file, one writer thread per process, nothing to install.
//!
//! [`Database`] is the file with its migrations, its writer and its reader; whatever is kept in it
//! goes through these two. The journal stands in [`SqliteJournal`]. Beside `NAME.db` there are
//! `NAME.heads`, in which the head of every run is kept a second time, and `NAME.locks/`, whose
//! locks say which runs somebody works on. Lessons and teams are documents in a file of their own.

mod connect;
mod database;
mod documents;
mod fault;
mod heads;
mod journal;
mod migrations;
mod writer;

pub(crate) use documents::SqliteDocuments;
pub use journal::SqliteJournal;
