//! Agents elsewhere, spoken to over HTTP by the Agent2Agent protocol (A2A), versions 1.0 and 0.3.
//!
//! Work is sent once and without waiting for its end; then it is asked for until it has one. Both are
//! recorded, so a resumed run goes on with the task that the other side works on. What a remote agent
//! asks back is a question to a person, and the answer goes on with the same task.

mod answer;
mod backend;
mod card;
mod client;
mod dialect;
mod error;
mod talk;

pub use backend::RemoteBackend;
pub use card::AgentCard;
pub use client::{RemoteAgent, RemoteSetup};
pub use error::RemoteError;
