//! What runs teach: compositions with their record of outcomes, patterns that have proven
//! themselves, and the lessons that a planner is handed.
//!
//! Everything here is data and arithmetic; stores implement [`ConfigurationStore`] and
//! [`PatternLibrary`]. Moments are milliseconds since 1970 in UTC, read by whoever may read a clock.

mod agents;
mod configuration;
mod lessons;
mod pattern;
mod ranking;
mod record;
mod seat;
mod store;

pub use agents::{AgentOutcome, agent_outcomes};
pub use configuration::{AgentConfiguration, InvalidQuality, RunOutcome};
pub use lessons::{Exploration, Lesson, Lessons};
pub use pattern::{Factor, Pattern, PatternMatch, PatternQuery};
pub use ranking::{CONTRIBUTION, Contribution, Decay, Tally};
pub use record::{learn, outcome_of};
pub use seat::AgentSeat;
pub use store::{
    ConfigurationQuery, ConfigurationStore, PatternLibrary, StoreError, check_name,
    sort_by_last_use,
};
