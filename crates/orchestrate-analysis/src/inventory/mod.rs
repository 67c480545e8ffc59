//! What lies in a repository: which files, of which language, in which role.
//!
//! Nothing here parses; `scan` does.

mod decode;
mod other;
mod read;
mod role;
mod skip;
#[cfg(test)]
pub(crate) mod testing;
mod walk;

pub use decode::Decoded;
pub use other::other_language;
pub use read::{ReadFailure, TextKind, read_bytes, read_text};
pub use role::{role_of_path, role_of_text};
pub use skip::{SkipReason, Skipped};
pub use walk::{Candidate, Inventory, ScanError, ScanErrorKind, walk};
