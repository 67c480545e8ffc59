//! The journal as others see it: each call becomes work for the writer or the reader.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::event::Event;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Durability, JournalError, Outside, Ownership, Pinned, RecordedRun,
    RunFilter, RunJournal, RunSummary,
};

use super::{read, write};
use crate::record::{Batch, New};
use crate::sqlite::database::Database;
use crate::sqlite::fault::Fault;

/// A journal in a SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteJournal {
    database: Arc<Database>,
}

impl SqliteJournal {
    /// Opens the journal in a file; with `create` it is made if there is none.
    ///
    /// # Errors
    /// [`JournalError::Empty`] when there is none and none is to be made; otherwise why it cannot be opened.
    pub fn open(path: &Path, durability: Durability, create: bool) -> Result<Self, JournalError> {
        Ok(Self {
            database: Arc::new(Database::open(path, durability, create)?),
        })
    }

    fn explain(&self, run: &RunId) -> impl Fn(Fault) -> JournalError {
        move |fault| fault.explain(self.database.url(), Some(run))
    }

    fn store(&self) -> impl Fn(Fault) -> JournalError {
        move |fault| fault.explain(self.database.url(), None)
    }
}

#[async_trait]
impl RunJournal for SqliteJournal {
    fn url(&self) -> &str {
        self.database.url()
    }

    fn durability(&self) -> Durability {
        self.database.durability()
    }

    async fn create(&self, pinned: &Pinned, owner: &str) -> Result<Ownership, JournalError> {
        let new = New::of(pinned, owner);
        let locks = self.database.places().locks.clone();
        let job = self
            .database
            .write(move |connection, heads| write::create(connection, heads, &locks, new));
        job.await.map_err(self.explain(&pinned.run_id))
    }

    async fn acquire(
        &self,
        run: &RunId,
        owner: &str,
        take_over: bool,
    ) -> Result<Ownership, JournalError> {
        let (wanted, owner) = (run.clone(), owner.to_owned());
        let places = self.database.places().clone();
        let job = self.database.write(move |connection, heads| {
            // Whoever goes on with a run must not go on from an older state of it.
            let slot = read::run(connection, &places.heads, &wanted)?.head_fits(&places.heads)?;
            let owned = write::acquire(connection, &places.locks, &wanted, &owner, take_over)?;
            write::keep_head(heads, &slot, &owned);
            Ok(owned.ownership)
        });
        job.await.map_err(self.explain(run))
    }

    async fn append(
        &self,
        ownership: &mut Ownership,
        events: &[Event],
    ) -> Result<(), JournalError> {
        let batch = Batch::of(ownership, events);
        let job = self
            .database
            .write(move |connection, heads| write::append(connection, heads, batch));
        let run = ownership.run.clone();
        let head = job.await.map_err(self.explain(&run))?;
        ownership.advance(events.len() as u64, head);
        Ok(())
    }

    async fn attend(&self, ownership: &Ownership) -> Result<Outside, JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        let heads = self.database.places().heads.clone();
        let job = self.database.read(move |connection| {
            let row = read::run(connection, &heads, &run)?;
            row.owned_at(epoch)?;
            read::outside(connection, &row)
        });
        job.await.map_err(self.explain(&ownership.run))
    }

    async fn release(&self, ownership: Ownership) -> Result<(), JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        let job = self
            .database
            .write(move |connection, _| write::release(connection, &run, epoch));
        job.await.map_err(self.explain(&ownership.run))
    }

    async fn load(&self, run: &RunId) -> Result<RecordedRun, JournalError> {
        let (wanted, heads) = (run.clone(), self.database.places().heads.clone());
        let job = self.database.read(move |connection| {
            let row = read::run(connection, &heads, &wanted)?;
            row.load(connection, &heads)
        });
        job.await.map_err(self.explain(run))
    }

    async fn events(&self, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError> {
        let (wanted, heads) = (run.clone(), self.database.places().heads.clone());
        let job = self.database.read(move |connection| {
            let row = read::run(connection, &heads, &wanted)?;
            row.events(connection, &heads, from)
        });
        job.await.map_err(self.explain(run))
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        let (places, filter) = (self.database.places().clone(), filter.clone());
        let job = self
            .database
            .read(move |connection| read::list(connection, &places, &filter));
        job.await.map_err(self.store())
    }

    async fn names(&self) -> Result<Vec<RunId>, JournalError> {
        self.database.read(read::names).await.map_err(self.store())
    }

    async fn decide(
        &self,
        run: &RunId,
        step: &StepPath,
        decision: &Decision,
    ) -> Result<(), JournalError> {
        let (wanted, step, decision) = (run.clone(), step.clone(), decision.clone());
        let job = self
            .database
            .write(move |connection, _| write::decide(connection, &wanted, &step, &decision));
        job.await.map_err(self.explain(run))
    }

    async fn request_cancel(
        &self,
        run: &RunId,
        request: &CancelRequest,
    ) -> Result<(), JournalError> {
        let (wanted, request) = (run.clone(), request.clone());
        let job = self
            .database
            .write(move |connection, _| write::request_cancel(connection, &wanted, &request));
        job.await.map_err(self.explain(run))
    }

    async fn outside(&self, run: &RunId) -> Result<Outside, JournalError> {
        let (wanted, heads) = (run.clone(), self.database.places().heads.clone());
        let job = self.database.read(move |connection| {
            let row = read::run(connection, &heads, &wanted)?;
            read::outside(connection, &row)
        });
        job.await.map_err(self.explain(run))
    }

    async fn delete(&self, run: &RunId) -> Result<(), JournalError> {
        let (wanted, places) = (run.clone(), self.database.places().clone());
        let job = self
            .database
            .write(move |connection, heads| write::delete(connection, heads, &places, &wanted));
        job.await.map_err(self.explain(run))
    }
}
