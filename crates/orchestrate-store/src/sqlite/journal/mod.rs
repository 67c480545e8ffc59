//! Runs in SQLite: what is written in one file, what is read in another, rows in a third.

mod backend;
mod read;
mod row;
mod write;

pub use backend::SqliteJournal;
