//! What the tests of other crates import: scripted agents, a manual clock, small templates.

mod agents;
mod clock;

pub use agents::{Script, ScriptedBackend, agent, example, template};
pub use clock::ManualClock;
