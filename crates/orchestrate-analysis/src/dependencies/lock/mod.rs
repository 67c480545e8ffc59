//! Lock files: which there are, and what each of them pins.

mod cargo;
mod error;
mod go;
mod lines;
mod npm;
mod pnpm;
mod python;
mod read;
mod requirements;
#[cfg(test)]
mod tests;
mod yarn;

pub use error::LockError;
pub use read::{Lock, is_lock_file, read_lock};
