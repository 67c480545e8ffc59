//! The walk over a graph: outcomes in, ready steps out. It does no IO and reads no clock.
//!
//! A driver asks [`Walk::next_ready`] for steps, runs them however it likes, and tells the walk
//! how each ended. Everything else — joins, branches, rounds, what is skipped and why — is decided
//! here, so that every driver decides the same.

mod effect;
mod expand;
mod facts;
mod group;
mod grow;
mod machine;
mod need;
mod outcome;
mod propagate;
mod state;

pub use effect::{Effect, Ready, StepResult};
pub use machine::Walk;
