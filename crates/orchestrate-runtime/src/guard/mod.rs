//! Guards that come with orchestrate: secrets, instructions in what comes from outside, length.

mod injection;
mod length;
mod secrets;

pub use injection::InjectionGuard;
pub use length::LengthGuard;
#[cfg(feature = "models")]
pub(crate) use secrets::masked;
pub use secrets::{SecretGuard, scrub, scrub_value};
