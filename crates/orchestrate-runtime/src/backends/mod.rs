//! Backends that run agents without a model of ours: Rust functions, and programs that are started.
//!
//! Agents that ask models are in `agent`, recordings of both in `recorded`.

mod function;
#[cfg(feature = "models")]
mod message;
mod preset;
#[cfg(feature = "models")]
mod program;

pub use function::{FunctionAgent, FunctionBackend};
pub use preset::{Preset, ProgramSetup, Protocol};
#[cfg(feature = "models")]
pub use program::ProcessBackend;
