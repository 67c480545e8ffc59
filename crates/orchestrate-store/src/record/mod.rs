//! What every journal has in common, whatever it keeps its runs in: the row of a run, batches of
//! entries, the second copy of a run's head, and what others told a run.
//!
//! A backend reads and writes these by its own means; what fits, what is refused and what counts as
//! damage is decided here once.

mod batch;
mod head;
mod links;
mod outside;
mod row;

pub(crate) use batch::{Batch, New};
pub(crate) use head::{Head, damaged, ghost, lost};
pub(crate) use links::Links;
pub(crate) use outside::{CANCEL, DECISION, Said, collect, say, told};
pub(crate) use row::{RunRow, now_ms, step_key};
