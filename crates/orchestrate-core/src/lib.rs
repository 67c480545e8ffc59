//! The vocabulary of orchestrate: domain types, the plan algebra, outcomes, events, limits, and
//! the boundary traits that other crates implement.
//!
//! Invariants of this crate: it does no IO, reads no clock and no random source, and knows no
//! executor. Values that cross a process or a disk (`Plan`, `Event`) carry versions.
//!
//! The modules stand in the order of the flow: task, team, plan, run, report, what was learned.

pub mod canonical;
pub mod error;
pub mod id;

pub mod task;
pub mod team;
pub mod template;

pub mod condition;
pub mod expression;
pub mod plan;
pub mod strategy;

pub mod approval;
pub mod backend;
pub mod budget;
pub mod bus;
pub mod calls;
pub mod cancel;
pub mod check;
pub mod clock;
pub mod evidence;
pub mod guard;
pub mod limits;
pub mod model;
pub mod outcome;
pub mod result;
pub mod scope;
pub mod tool;

pub mod event;
pub mod fingerprint;
pub mod gate;
pub mod gates;
pub mod journal;
pub mod report;
pub mod spending;

pub mod coordination;
pub mod learning;
pub mod memory;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
