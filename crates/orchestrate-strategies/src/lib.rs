//! Pure composition: task analysis, team choice, strategies, plan to graph.

pub mod catalog;
pub mod meta;
pub mod strategy;
