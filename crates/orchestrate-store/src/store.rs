//! One way in: an address gives a store, and a store gives what is kept in it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_core::learning::StoreError;

use crate::address::Address;
use crate::coordination::Team;
use crate::documents::Documents;
use crate::file::FileDocuments;
use crate::learning::LearningStore;
use crate::memory::StoredMemory;
use crate::postgres::PostgresDocuments;
use crate::sqlite::SqliteDocuments;

/// Tells the time in milliseconds since 1970, UTC.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A place where things are kept. Cheap to clone; all clones share one connection.
#[derive(Clone)]
pub struct Store {
    documents: Arc<dyn Documents>,
    now: Now,
}

/// The database of lessons and teams beside that of runs, `store.learning.db` for `store.db`: they
/// never wait for each other, and damage to one is not damage to the other.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("learning.db")
}

fn system_time() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

impl Store {
    /// Opens the store at an address, and makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the place cannot be reached or written to, [`StoreError::Version`]
    /// when a newer version wrote it.
    pub async fn open(address: &Address) -> Result<Self, StoreError> {
        let documents: Arc<dyn Documents> = match address {
            Address::File(path) => Arc::new(FileDocuments::new(path.clone())),
            Address::Sqlite(path) => Arc::new(SqliteDocuments::open(&beside(path))?),
            Address::Postgres(url) => Arc::new(PostgresDocuments::open(url).await?),
        };
        Ok(Self {
            documents,
            now: Arc::new(system_time),
        })
    }

    /// Whether something is kept at an address; a database on a server is taken to be there.
    #[must_use]
    pub fn exists(address: &Address) -> bool {
        match address {
            Address::File(path) => path.is_dir(),
            Address::Sqlite(path) => beside(path).is_file(),
            Address::Postgres(_) => true,
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

    /// The compositions, their records, and the library of patterns.
    #[must_use]
    pub fn learning(&self) -> LearningStore {
        LearningStore::new(self.documents.clone(), self.now.clone())
    }
}

impl Store {
    /// Sessions and notes of agents.
    #[must_use]
    pub fn memory(&self) -> StoredMemory {
        StoredMemory::new(self.documents.clone())
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
