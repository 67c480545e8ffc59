//! The journal as others see it: each call is carried out where it may wait for the disk.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::event::Event;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Durability, JournalError, Outside, Ownership, Pinned, RecordedRun,
    RunFilter, RunJournal, RunSummary,
};

use super::disk::Disk;
use super::write::Owned;
use super::{read, write};
use crate::record::{Batch, New};

/// A journal in a directory of readable files.
#[derive(Debug, Clone)]
pub struct FileJournal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    disk: Disk,
    owned: Owned,
}

impl FileJournal {
    /// Opens the journal in a directory; with `create` it need not exist before something is recorded.
    ///
    /// # Errors
    /// [`JournalError::Empty`] when there is none and none is to be made, [`JournalError::Place`]
    /// when it is no directory.
    pub fn open(root: PathBuf, create: bool) -> Result<Self, JournalError> {
        if root.exists() && !root.is_dir() {
            return Err(JournalError::Place {
                path: root,
                problem: "it is a file; give a directory".to_owned(),
            });
        }
        // The process may come to stand elsewhere while the store is open.
        let whole = std::path::absolute(&root).map_err(|error| JournalError::Place {
            path: root,
            problem: error.to_string(),
        })?;
        let disk = Disk::new(whole);
        if create {
            disk.prepare()?;
        } else if !disk.exists() {
            return Err(JournalError::Empty);
        }
        let owned = Owned::default();
        Ok(Self {
            inner: Arc::new(Inner { disk, owned }),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk, &Owned) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner.disk, &inner.owned)).await;
        done.unwrap_or_else(|error| {
            Err(JournalError::Unavailable {
                store: self.inner.disk.url.clone(),
                problem: error.to_string(),
            })
        })
    }
}

#[async_trait]
impl RunJournal for FileJournal {
    fn url(&self) -> &str {
        &self.inner.disk.url
    }

    fn durability(&self) -> Durability {
        Durability::Full
    }

    async fn create(&self, pinned: &Pinned, owner: &str) -> Result<Ownership, JournalError> {
        let new = New::of(pinned, owner);
        self.blocking(move |disk, owned| write::create(disk, owned, new))
            .await
    }

    async fn acquire(
        &self,
        run: &RunId,
        owner: &str,
        take_over: bool,
    ) -> Result<Ownership, JournalError> {
        let (run, owner) = (run.clone(), owner.to_owned());
        self.blocking(move |disk, owned| write::acquire(disk, owned, &run, &owner, take_over))
            .await
    }

    async fn append(
        &self,
        ownership: &mut Ownership,
        events: &[Event],
    ) -> Result<(), JournalError> {
        let batch = Batch::of(ownership, events);
        let head = self
            .blocking(move |disk, owned| write::append(disk, owned, &batch))
            .await?;
        ownership.advance(events.len() as u64, head);
        Ok(())
    }

    async fn attend(&self, ownership: &Ownership) -> Result<Outside, JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        self.blocking(move |disk, _| read::outside(disk, &run, Some(epoch)))
            .await
    }

    async fn release(&self, ownership: Ownership) -> Result<(), JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        self.blocking(move |disk, owned| write::release(disk, owned, &run, epoch))
            .await
    }

    async fn load(&self, run: &RunId) -> Result<RecordedRun, JournalError> {
        let run = run.clone();
        self.blocking(move |disk, _| read::load(disk, &run)).await
    }

    async fn events(&self, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError> {
        let run = run.clone();
        self.blocking(move |disk, _| read::events_from(disk, &run, from))
            .await
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        let filter = filter.clone();
        self.blocking(move |disk, _| read::list(disk, &filter))
            .await
    }

    async fn decide(
        &self,
        run: &RunId,
        step: &StepPath,
        decision: &Decision,
    ) -> Result<(), JournalError> {
        let (run, step, decision) = (run.clone(), step.clone(), decision.clone());
        self.blocking(move |disk, _| write::decide(disk, &run, &step, &decision))
            .await
    }

    async fn request_cancel(
        &self,
        run: &RunId,
        request: &CancelRequest,
    ) -> Result<(), JournalError> {
        let (run, request) = (run.clone(), request.clone());
        self.blocking(move |disk, _| write::request_cancel(disk, &run, &request))
            .await
    }

    async fn outside(&self, run: &RunId) -> Result<Outside, JournalError> {
        let run = run.clone();
        self.blocking(move |disk, _| read::outside(disk, &run, None))
            .await
    }

    async fn delete(&self, run: &RunId) -> Result<(), JournalError> {
        let run = run.clone();
        self.blocking(move |disk, owned| write::delete(disk, owned, &run))
            .await
    }
}
