//! The boundary to whatever keeps runs: what is recorded, by whom, and what can go wrong.
//!
//! A journal holds one append-only list of *entries* per run. Entry 0 pins the plan; every further
//! entry is one event. A run's state, its report and every view of it are folds over these entries.
//! What a journal promises, each backend by its own means:
//!
//! 1. An entry is recorded once. A batch is recorded wholly or not at all.
//! 2. [`RunJournal::append`] answers only after the batch is safe, as far as its [`Durability`] says.
//! 3. One owner per run: an owner that was replaced is refused at its next write, because every
//!    write carries the epoch at which the owner came to be.
//! 4. Damage is detected and named, never repaired: entries form a chain of digests whose head is
//!    kept a second time elsewhere. Other runs stay usable.
//! 5. Large values are kept once, under their digest ([`values`]).
//!
//! A backend implements [`RunJournal`] and is held to it by
//! `orchestrate_core::testing::journal::check_all`, the one list of laws that runs on every backend:
//!
//! ```ignore
//! #[tokio::test]
//! async fn it_keeps_the_laws_of_journals() {
//!     let folder = tempfile::tempdir().unwrap();
//!     let mut opened = 0;
//!     // A fresh, empty journal for every law.
//!     check_all(|| { opened += 1; let at = folder.path().join(opened.to_string()); async move { open(&at) } }).await;
//! }
//! ```

pub mod values;

mod chain;
mod contract;
mod encode;
mod entry;
mod error;
mod fingerprint;
mod outside;
mod owner;
mod summary;

pub use chain::{Digest, chain};
pub use contract::{Durability, RunJournal};
pub use encode::{Encoded, decode_event, decode_pinned};
pub use entry::{JOURNAL_FORMAT, Origin, Pinned, RecordedRun};
pub use error::{JournalError, LostEntries};
pub use fingerprint::fingerprint;
pub use outside::{CancelRequest, Decided, Decision, Outside};
pub use owner::Ownership;
pub use summary::{Progress, RunFilter, RunState, RunSummary, resolve};
