//! Independent opinions, rounds in which each sees the others', then a consensus and a synthesis.
//!
//! `compose` writes the rounds, `vote` counts opinions, `aggregate` makes the output.

mod aggregate;
mod compose;
mod vote;

pub use compose::{ConflictPolicy, Debate};
