//! The program as it is packaged: small, and with what a start touches side by side.

mod build;
mod order;
mod waiting;

pub(crate) use build::{build, build_directory};
pub(crate) use waiting::Waiting;
