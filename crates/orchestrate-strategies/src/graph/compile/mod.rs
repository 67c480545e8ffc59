//! Plan to graph. Total over checked plans: whatever is wrong is found by `check` before.
//!
//! The same code adds the rounds of loops, the items of maps and what is expanded while a plan runs.

mod frame;
mod groups;
mod scopes;
mod steps;

pub(crate) use scopes::{local, resolve};
