//! What the tests of other crates import: scripted agents, a manual clock, small templates.

mod agents;
mod clock;
pub mod journal;
mod models;

pub use agents::{Script, ScriptedBackend, agent, example, template};
pub use clock::ManualClock;
pub use models::{ScriptedModel, model_calls, model_says};
