//! Programs: started in a process group of their own, bounded, and ended together with their children.

#[cfg(feature = "models")]
mod backend;
mod child;
#[cfg(feature = "models")]
mod message;
mod preset;

#[cfg(feature = "models")]
pub use backend::ProcessBackend;
#[cfg(feature = "mcp")]
pub(crate) use child::environment;
pub use child::{Ended, Program, ProgramError};
pub use preset::{Preset, ProgramSetup, Protocol};
