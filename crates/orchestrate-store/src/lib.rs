//! Persistence for orchestrate, behind the traits of `orchestrate-core`.
//!
//! [`open`] gives the journal at an address. What saved plans and reports need is
//! [`write_atomically`]: a file is either wholly there or not at all.

mod atomic;
mod open;
mod sqlite;

pub use atomic::{WriteError, write_atomically};
pub use open::open;
pub use sqlite::SqliteJournal;
