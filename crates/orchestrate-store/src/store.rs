//! One way in: an address gives a store, and a store gives everything that is kept in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrate_core::journal::{Durability, JournalError, RunJournal};
use orchestrate_core::learning::StoreError;

use crate::address::{Address, durability};
use crate::checks::CheckHistory;
use crate::coordination::Team;
use crate::documents::{Documents as _, LazyDocuments};
use crate::file::FileJournal;
use crate::learning::LearningStore;
use crate::memory::StoredMemory;
use crate::postgres::PostgresJournal;
use crate::record::now_ms;
use crate::sqlite::SqliteJournal;

/// Tells the time in milliseconds since 1970, UTC.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A place where things are kept. Cheap to clone; all clones share one connection for what was
/// learned and for teams. Nothing is opened before something is asked of it.
#[derive(Clone)]
pub struct Store {
    address: Address,
    durability: Durability,
    documents: Arc<LazyDocuments>,
    now: Now,
}

impl Store {
    /// The store at an address: `file:DIRECTORY`, `sqlite:FILE` or a path alone, which means the
    /// same, or `postgres://USER@HOST:PORT/DATABASE`. With `?fast` behind it SQLite and PostgreSQL
    /// do not wait for the disk when runs are recorded, and a power cut may take the newest entries.
    ///
    /// # Errors
    /// [`StoreError::Address`] when it means nothing.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let address: Address = url.parse()?;
        let durability = durability(url, &address)?;
        Ok(Self::new(address, durability))
    }

    /// The store at a place on this machine, or on a server.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self::new(address, Durability::Full)
    }

    fn new(address: Address, durability: Durability) -> Self {
        Self {
            documents: Arc::new(LazyDocuments::new(address.clone())),
            address,
            durability,
            now: Arc::new(now_ms),
        }
    }

    /// The same store, with a path that was relative taken to be below a directory.
    #[must_use]
    pub fn below(&self, directory: &Path) -> Self {
        let below = |path: &PathBuf| directory.join(path);
        let address = match &self.address {
            Address::File(path) => Address::File(below(path)),
            Address::Sqlite(path) => Address::Sqlite(below(path)),
            Address::Postgres(url) => Address::Postgres(url.clone()),
        };
        Self {
            now: self.now.clone(),
            ..Self::new(address, self.durability)
        }
    }

    /// The same store with another source of time.
    #[must_use]
    pub fn with_clock(mut self, now: Now) -> Self {
        self.now = now;
        self
    }

    /// Where it stands, as it may be shown.
    #[must_use]
    pub fn place(&self) -> &str {
        self.documents.place()
    }

    /// Where it stands.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The record of runs, opened now; it is made if there is none and `create` says so.
    ///
    /// # Errors
    /// [`JournalError::Empty`] when there is none and none is to be made; otherwise why it cannot be opened.
    pub fn journal(&self, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
        let durability = self.durability;
        let journal: Arc<dyn RunJournal> = match &self.address {
            Address::File(path) => Arc::new(FileJournal::open(path.clone(), create)?),
            Address::Sqlite(path) => Arc::new(SqliteJournal::open(path, durability, create)?),
            Address::Postgres(url) => Arc::new(PostgresJournal::open(url, durability, create)?),
        };
        Ok(journal)
    }

    /// Whether anything was learned here; of a database on a server nobody knows before it is asked.
    #[must_use]
    pub fn has_lessons(&self) -> bool {
        self.documents.exist()
    }

    /// The compositions, their records, and the library of patterns.
    #[must_use]
    pub fn learning(&self) -> LearningStore {
        LearningStore::new(self.documents.clone(), self.now.clone())
    }

    /// Sessions and notes of agents.
    #[must_use]
    pub fn memory(&self) -> StoredMemory {
        StoredMemory::new(self.documents.clone(), self.now.clone())
    }

    /// The checks of the health of projects.
    #[must_use]
    pub fn checks(&self) -> CheckHistory {
        CheckHistory::new(self.documents.clone())
    }

    /// What a team of agents shares, by the name of the team.
    ///
    /// # Errors
    /// [`StoreError::Name`].
    pub fn team(&self, name: &str) -> Result<Team, StoreError> {
        Team::new(self.documents.clone(), name, self.now.clone())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(url: &str, create: bool) -> Result<Arc<dyn RunJournal>, JournalError> {
        Store::open(url)?.journal(create)
    }

    #[test]
    fn an_address_says_kind_place_and_mode() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("x/store.db");
        let at = at.display();
        let missing = journal(&format!("sqlite:{at}"), false).unwrap_err();
        assert_eq!(missing, JournalError::Empty);
        let full = journal(&format!("sqlite:{at}"), true).unwrap();
        assert_eq!(full.durability(), Durability::Full);
        assert_eq!(full.url(), format!("sqlite:{at}"));
        let fast = journal(&format!("{at}?fast"), false).unwrap();
        assert_eq!(fast.durability(), Durability::Fast);
        let files = format!("file:{}", folder.path().join("y").display());
        assert_eq!(journal(&files, false).unwrap_err(), JournalError::Empty);
        assert_eq!(journal(&files, true).unwrap().url(), files);
        assert!(journal(&files, false).is_ok());
        for bad in [
            "mysql:x",
            "sqlite:",
            &format!("{at}?quick"),
            &format!("{files}?fast"),
            &format!("file:{at}"),
            &*folder.path().to_string_lossy(),
        ] {
            let refused = journal(bad, true).unwrap_err();
            assert!(
                matches!(refused, JournalError::Place { .. }),
                "{bad}: {refused}"
            );
        }
    }
}
