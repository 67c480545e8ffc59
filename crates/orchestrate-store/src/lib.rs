//! Persistence for orchestrate: stores on three backends that share one set of rules.
//!
//! [`Store::open`] takes an address and gives the record of runs, what was learned, the checks of
//! projects, and what teams share, each opened when it is first asked for. `file:` is a directory of readable JSON, `sqlite:`
//! one embedded database and the default, `postgres:` a database that several machines share. Of
//! lessons and teams each backend only keeps documents and changes them in transactions; what is
//! counted, ranked and refused is decided once, above them, and so is what is damage to a run.
//!
//! ```
//! use orchestrate_core::learning::{AgentConfiguration, AgentSeat, ConfigurationStore, RunOutcome};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let address = format!("sqlite:{}", directory.path().join("store.db").display());
//! let store = orchestrate_store::Store::open(&address)?.learning();
//! let team = vec![AgentSeat::new("security_auditor", None), AgentSeat::new("code_reviewer", None)];
//! let mut composition = AgentConfiguration::composed("release_prep", team, "parallel");
//! composition.record_outcome(RunOutcome::new(true, 87.5, 1_767_225_600_000)?);
//! store.save(&mut composition).await?;
//! let best = store.get_best_for_task("release_prep").await?;
//! assert_eq!(best.map(|it| it.success_count), Some(1));
//! # Ok(())
//! # }
//! ```

mod address;
mod atomic;
mod checks;
mod coordination;
mod documents;
mod file;
mod learning;
mod lock;
mod memory;
mod migrations;
mod postgres;
mod record;
mod sqlite;
mod store;

pub use address::Address;
pub use atomic::{WriteError, write_atomically};
pub use checks::CheckHistory;
pub use coordination::{AgentStatus, Team};
pub use file::FileJournal;
pub use learning::{Imported, LearningStore};
pub use memory::{Note, StoredMemory};
pub use postgres::PostgresJournal;
pub use sqlite::SqliteJournal;
pub use store::{Now, Store};
