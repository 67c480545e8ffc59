//! What the tests of other crates import: scripted agents, a manual clock, small templates and calls, laws of boundaries.

mod agents;
mod approver;
mod clock;
pub mod journal;
pub mod memory;
mod models;
mod plans;
mod tools;

pub use agents::{Script, ScriptedBackend, agent, example, template};
pub use approver::ScriptedApprover;
pub use clock::ManualClock;
pub use models::{ScriptedModel, model_calls, model_says};
pub use plans::{AGENTS, random_plan};
pub use tools::tool_call;
