//! Documents that are opened when something is first asked of them: whoever needs none opens none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use tokio::sync::OnceCell;

use super::{Decide, Document, Documents, Read};
use crate::address::Address;
use crate::file::FileDocuments;
use crate::postgres::PostgresDocuments;
use crate::sqlite::SqliteDocuments;

/// The documents at an address.
#[derive(Debug)]
pub(crate) struct LazyDocuments {
    address: Address,
    /// The address as it may be shown.
    place: String,
    opened: OnceCell<Arc<dyn Documents>>,
}

/// The database of lessons and teams beside that of runs, `store.learning.db` for `store.db`: they
/// never wait for each other, and damage to one is not damage to the other.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("learning.db")
}

impl LazyDocuments {
    pub(crate) fn new(address: Address) -> Self {
        Self {
            place: address.to_string(),
            address,
            opened: OnceCell::new(),
        }
    }

    /// Whether any are kept; a database on a server is taken to be there.
    pub(crate) fn exist(&self) -> bool {
        match &self.address {
            Address::File(path) => path.is_dir(),
            Address::Sqlite(path) => beside(path).is_file(),
            Address::Postgres(_) => true,
        }
    }

    async fn opened(&self) -> Result<&dyn Documents, StoreError> {
        let open = async || -> Result<Arc<dyn Documents>, StoreError> {
            let documents: Arc<dyn Documents> = match &self.address {
                Address::File(path) => Arc::new(FileDocuments::new(path.clone())),
                Address::Sqlite(path) => Arc::new(SqliteDocuments::open(&beside(path))?),
                Address::Postgres(url) => Arc::new(PostgresDocuments::open(url).await?),
            };
            Ok(documents)
        };
        Ok(&**self.opened.get_or_try_init(open).await?)
    }
}

#[async_trait]
impl Documents for LazyDocuments {
    async fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError> {
        self.opened().await?.read(space, reads).await
    }

    async fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError> {
        self.opened().await?.change(space, reads, decide).await
    }

    fn place(&self) -> &str {
        self.opened
            .get()
            .map_or(&self.place, |opened| opened.place())
    }

    fn take_warnings(&self) -> Vec<String> {
        let opened = self.opened.get();
        opened.map_or_else(Vec::new, |opened| opened.take_warnings())
    }
}
