//! The live view of a run: a fold over its events, and a few lines that are redrawn. It never fails a run.

mod screen;
mod state;

pub(crate) use screen::{Live, REDRAW};
