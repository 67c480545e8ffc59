//! Advisories: what is known of vulnerable versions, from a directory in the layout of RustSec or OSV.

mod database;
mod interval;
mod model;
mod osv;
mod rating;
mod rustsec;
#[cfg(test)]
mod tests;

pub use database::{Database, DatabaseError, DatabaseErrorKind};
pub use model::{Advisory, AdvisoryKind};
