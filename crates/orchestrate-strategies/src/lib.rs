//! Pure composition: from a task to a plan, from a plan to a graph, and the walk over it.
//!
//! Invariants of this crate: it does no IO, reads no clock and no random source, starts no task;
//! the same inputs give the same plan and the same graph, byte for byte.

pub mod catalog;
pub mod conformance;
pub mod definition;
pub mod graph;
pub mod meta;
pub mod strategy;
pub mod turn;
pub mod workflow;

#[cfg(test)]
mod tests;
