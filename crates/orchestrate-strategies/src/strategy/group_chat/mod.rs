//! One conversation that all take part in, until a termination condition holds.
//!
//! `compose` writes the turns, `turn` keeps the conversation, `termination` says when it is over.

mod compose;
mod termination;
mod turn;

pub use compose::{GroupChat, Selector, SpeakerRule};
pub use termination::Termination;
