//! Known vulnerable dependencies: what lock files pin, held against advisories in a local directory.
//!
//! Nothing is fetched. What cannot be read or compared is named with its position and stops nothing else.

mod advisory;
mod audit;
mod lock;
mod locked;
mod version;

pub use advisory::{Advisory, AdvisoryKind, Database, DatabaseError, DatabaseErrorKind};
pub use audit::{Acceptance, DependencyReport, Vulnerable, audit_dependencies};
pub use lock::{Lock, LockError, is_lock_file, read_lock};
pub use locked::{Ecosystem, Locked};
pub use version::Version;
