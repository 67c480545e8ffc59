//! Rules that a user brings: a `gitleaks.toml` with rules and allow-lists, and own rules from directories.
//!
//! A rule that cannot be read is named with its position; the others hold.

mod allow;
mod gitleaks;
mod load;
mod own;
#[cfg(test)]
mod tests;

pub(crate) use allow::Suspect;
pub use load::UserRules;
