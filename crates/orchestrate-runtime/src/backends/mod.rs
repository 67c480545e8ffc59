//! Backends that run agents without a model of ours: Rust functions, and programs that are started.
//!
//! Agents that ask models are in `agent`, those elsewhere in `remote`, recordings in `recorded`.

mod function;
#[cfg(feature = "models")]
mod message;
mod preset;
#[cfg(feature = "models")]
mod program;

#[cfg(feature = "models")]
pub(crate) use message::of_words;

pub use function::{FunctionAgent, FunctionBackend};
pub use preset::{Preset, ProgramSetup, Protocol};
#[cfg(feature = "models")]
pub use program::ProcessBackend;
