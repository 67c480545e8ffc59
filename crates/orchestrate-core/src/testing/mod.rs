//! What the tests of other crates import: scripted agents, a manual clock, small templates.

mod agents;
mod approver;
mod clock;
mod plans;

pub use agents::{Script, ScriptedBackend, agent, template};
pub use approver::ScriptedApprover;
pub use clock::ManualClock;
pub use plans::{AGENTS, random_plan};
