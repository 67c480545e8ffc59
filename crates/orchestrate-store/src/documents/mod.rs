//! What all backends keep for learning and coordination: JSON documents that change in transactions.
//!
//! A backend reads, lets a pure function decide, and writes what it decided, while nobody else
//! changes the same space. So every rule is written once and holds on every backend.

mod contract;
mod decide;
mod lazy;
mod warnings;

pub(crate) use contract::{Change, Decide, Document, Documents, Read, Select};
pub(crate) use decide::transact;
pub(crate) use lazy::LazyDocuments;
pub(crate) use warnings::Warnings;
