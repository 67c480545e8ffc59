//! Persistence for orchestrate.
//!
//! So far this is what saved plans and reports need: a file is either wholly there or not at all.
//! Run journals and the learning store come to stand here, behind traits of `orchestrate-core`.

mod atomic;

pub use atomic::{WriteError, write_atomically};
