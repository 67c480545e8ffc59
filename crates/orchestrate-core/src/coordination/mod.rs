//! How agents in several processes work together: tasks that one of them takes, signals, events,
//! approvals, conflicts between patterns, feedback on tiers.
//!
//! Everything here is data and decisions; a store keeps the data and lets these decisions change it
//! while nobody else does. Moments are milliseconds since 1970 in UTC.

mod approval;
mod conflict;
mod feedback;
mod message;
mod task;

pub use approval::{Approval, ApprovalState, Verdict};
pub use conflict::{
    ConflictError, ConflictFactors, ConflictResolver, Resolution, ResolutionStrategy, Weights,
};
pub use feedback::{FeedbackStats, Sample, TierAdvice, advise};
pub use message::{Signal, StreamEvent};
pub use task::{Claim, TaskState, TeamTask, choose};
