//! `sessions` and `notes`: what agents keep from run to run, shown and removed.

mod choose;
mod notes;
mod sessions;

pub(crate) use notes::run as notes;
pub(crate) use sessions::run as sessions;
