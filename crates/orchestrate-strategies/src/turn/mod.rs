//! The turn of a model-backed agent: call the model, call the tools, until there is an answer.
//!
//! It does no IO and reads no clock. A driver asks [`Turn::need`], does what it says, and tells the
//! turn what came of it; between two needs a turn can be written down and read back. What a turn costs
//! does not grow with what was said before.

mod answer;
mod machine;
mod need;

#[cfg(test)]
mod tests;

pub use machine::{Turn, TurnLimits, TurnSetup};
pub use need::{End, Need, PendingCall, ToolReply, TurnLimit};
