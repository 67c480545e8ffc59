//! Sessions and notes in the store of a project. It is opened when an agent first needs it.

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use orchestrate_core::memory::{Folded, Memory, SessionTurn};
use orchestrate_store::{Address, Store, StoredMemory};
use tokio::sync::OnceCell;

/// A memory that is opened at its first use.
#[derive(Debug)]
pub(super) struct LazyMemory {
    address: Address,
    opened: OnceCell<StoredMemory>,
}

impl LazyMemory {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            opened: OnceCell::new(),
        }
    }

    async fn memory(&self) -> Result<&StoredMemory, StoreError> {
        let open = || async { Ok(Store::open(&self.address).await?.memory()) };
        self.opened.get_or_try_init(open).await
    }
}

#[async_trait]
impl Memory for LazyMemory {
    async fn recall(&self, session: &str, agent: &str) -> Result<Vec<SessionTurn>, StoreError> {
        self.memory().await?.recall(session, agent).await
    }

    async fn remember(
        &self,
        session: &str,
        agent: &str,
        turn: SessionTurn,
        folded: Option<Folded>,
    ) -> Result<(), StoreError> {
        let memory = self.memory().await?;
        memory.remember(session, agent, turn, folded).await
    }

    async fn note_keys(&self) -> Result<Vec<String>, StoreError> {
        self.memory().await?.note_keys().await
    }

    async fn note(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.memory().await?.note(key).await
    }

    async fn put_note(&self, key: &str, text: &str) -> Result<(), StoreError> {
        self.memory().await?.put_note(key, text).await
    }
}
