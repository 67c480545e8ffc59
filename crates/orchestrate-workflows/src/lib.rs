//! Prebuilt workflows: typed inputs to a plan, the agents that carry it out offline, and the report.
//!
//! Nothing here runs a plan; an executor does, with the analysis backend as one of its backends.

pub mod report;
