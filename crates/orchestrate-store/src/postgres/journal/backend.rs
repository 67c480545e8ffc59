//! The journal as others see it: each call becomes work for the thread that holds the connections.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrate_core::event::Event;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Durability, JournalError, Outside, Ownership, Pinned, RecordedRun,
    RunFilter, RunJournal, RunSummary,
};
use tokio_postgres::Config;

use super::fault::Fault;
use super::link::Link;
use super::lock::Guard;
use super::session::Server;
use super::{read, write};
use crate::address::Address;
use crate::record::{Batch, New};

/// A journal in a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct PostgresJournal {
    place: String,
    link: Arc<Link>,
}

impl PostgresJournal {
    /// Opens the journal in a database; with `create` its tables are made if there are none.
    ///
    /// # Errors
    /// [`JournalError::Empty`] when there is none and none is to be made; otherwise why it cannot be opened.
    pub fn open(url: &str, durability: Durability, create: bool) -> Result<Self, JournalError> {
        let place = Address::Postgres(url.to_owned()).to_string();
        let config: Result<Config, tokio_postgres::Error> = url.parse();
        let mut config = config.map_err(|error| JournalError::Place {
            path: place.clone().into(),
            problem: error.to_string(),
        })?;
        if config.get_application_name().is_none() {
            config.application_name("orchestrate");
        }
        let server = Server {
            config,
            place: place.clone(),
            durability,
        };
        let link = Arc::new(Link::open(server, create)?);
        Ok(Self { place, link })
    }

    fn explain(&self, run: &RunId) -> impl Fn(Fault) -> JournalError {
        move |fault| fault.explain(&self.place, Some(run))
    }

    /// Ties the lock of an owner to its ownership.
    fn owned(&self, (ownership, key): write::Owned) -> Ownership {
        match self.link.queue() {
            Some(work) => ownership.holding(Guard { key, work }),
            None => ownership,
        }
    }
}

#[async_trait]
impl RunJournal for PostgresJournal {
    fn url(&self) -> &str {
        &self.place
    }

    fn durability(&self) -> Durability {
        self.link.durability()
    }

    async fn create(&self, pinned: &Pinned, owner: &str) -> Result<Ownership, JournalError> {
        let new = New::of(pinned, owner);
        let job = self
            .link
            .write(async move |session| write::create(session, new).await);
        let owned = job.await.map_err(self.explain(&pinned.run_id))?;
        Ok(self.owned(owned))
    }

    async fn acquire(
        &self,
        run: &RunId,
        owner: &str,
        take_over: bool,
    ) -> Result<Ownership, JournalError> {
        let (wanted, owner) = (run.clone(), owner.to_owned());
        let job = self
            .link
            .write(async move |session| write::acquire(session, &wanted, &owner, take_over).await);
        let owned = job.await.map_err(self.explain(run))?;
        Ok(self.owned(owned))
    }

    async fn append(
        &self,
        ownership: &mut Ownership,
        events: &[Event],
    ) -> Result<(), JournalError> {
        let batch = Batch::of(ownership, events);
        let head = self.link.append(batch).await;
        let head = head.map_err(self.explain(&ownership.run))?;
        ownership.advance(events.len() as u64, head);
        Ok(())
    }

    async fn attend(&self, ownership: &Ownership) -> Result<Outside, JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        let job = self
            .link
            .read(async move |session| read::outside(session, &run, Some(epoch)).await);
        job.await.map_err(self.explain(&ownership.run))
    }

    async fn release(&self, ownership: Ownership) -> Result<(), JournalError> {
        let (run, epoch) = (ownership.run.clone(), ownership.epoch);
        let job = self
            .link
            .write(async move |session| write::release(session, &run, epoch).await);
        job.await.map_err(self.explain(&ownership.run))
    }

    async fn load(&self, run: &RunId) -> Result<RecordedRun, JournalError> {
        let wanted = run.clone();
        let job = self
            .link
            .read(async move |session| read::fetch(session, &wanted, 0).await);
        job.await.map_err(self.explain(run))?.run()
    }

    async fn events(&self, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError> {
        let wanted = run.clone();
        let job = self
            .link
            .read(async move |session| read::fetch(session, &wanted, from + 1).await);
        job.await.map_err(self.explain(run))?.events()
    }

    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
        let filter = filter.clone();
        let job = self
            .link
            .read(async move |session| read::list(session, &filter).await);
        job.await.map_err(|fault| fault.explain(&self.place, None))
    }

    async fn names(&self) -> Result<Vec<RunId>, JournalError> {
        let job = self
            .link
            .read(async move |session| read::names(session).await);
        job.await.map_err(|fault| fault.explain(&self.place, None))
    }

    async fn decide(
        &self,
        run: &RunId,
        step: &StepPath,
        decision: &Decision,
    ) -> Result<(), JournalError> {
        let (wanted, step, decision) = (run.clone(), step.clone(), decision.clone());
        let job = self
            .link
            .write(async move |session| write::decide(session, &wanted, &step, &decision).await);
        job.await.map_err(self.explain(run))
    }

    async fn request_cancel(
        &self,
        run: &RunId,
        request: &CancelRequest,
    ) -> Result<(), JournalError> {
        let (wanted, request) = (run.clone(), request.clone());
        let job = self
            .link
            .write(async move |session| write::request_cancel(session, &wanted, &request).await);
        job.await.map_err(self.explain(run))
    }

    async fn outside(&self, run: &RunId) -> Result<Outside, JournalError> {
        let wanted = run.clone();
        let job = self
            .link
            .read(async move |session| read::outside(session, &wanted, None).await);
        job.await.map_err(self.explain(run))
    }

    async fn delete(&self, run: &RunId) -> Result<(), JournalError> {
        let wanted = run.clone();
        let job = self
            .link
            .write(async move |session| write::delete(session, &wanted).await);
        job.await.map_err(self.explain(run))
    }
}
