//! The trait that every backend implements.

use std::fmt;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CancelRequest, Decision, JournalError, Outside, Ownership, Pinned, RecordedRun, RunFilter,
    RunSummary, resolve,
};
use crate::event::Event;
use crate::id::{RunId, StepPath};
use crate::task::words;

words! {
    /// What an answer of a journal is worth.
    Durability, "durability", {
        /// What was answered survives the end of the process, a crash of the system and a power cut.
        Full = "full",
        /// What was answered survives the end of the process. A power cut can take the newest
        /// entries; that is noticed only in part.
        Fast = "fast",
    }
}

/// Keeps runs. All methods may be called at the same time, by any number of processes.
#[async_trait]
pub trait RunJournal: Send + Sync + fmt::Debug {
    /// Where it stands, in the form by which it is opened.
    fn url(&self) -> &str;

    /// What its answers are worth.
    fn durability(&self) -> Durability;

    /// Records a new run with its pinned plan as entry 0, owned by `owner` from the start.
    ///
    /// # Errors
    /// [`JournalError::Exists`] when there is a run of that name.
    async fn create(&self, pinned: &Pinned, owner: &str) -> Result<Ownership, JournalError>;

    /// Comes to own a run that nobody works on. With `take_over`, whoever does is replaced and
    /// refused from now on.
    ///
    /// # Errors
    /// [`JournalError::Owned`] while another works on it, [`JournalError::Lost`] and
    /// [`JournalError::Damaged`] when its head is not what was recorded last. The entries before
    /// are checked by [`Self::load`].
    async fn acquire(
        &self,
        run: &RunId,
        owner: &str,
        take_over: bool,
    ) -> Result<Ownership, JournalError>;

    /// Records events, wholly or not at all, and answers once they are safe. The first one has the
    /// number `ownership.next - 1`; on success the ownership is moved on.
    ///
    /// # Errors
    /// [`JournalError::StaleOwner`] when the run has another owner by now,
    /// [`JournalError::StepRecorded`] when the end of a step is recorded already; nothing was
    /// written then. [`JournalError::UnknownCommit`] when nobody knows whether it was: the owner
    /// must stop, and the run is resumed from what is there.
    async fn append(&self, ownership: &mut Ownership, events: &[Event])
    -> Result<(), JournalError>;

    /// Says that the owner is still at work, and answers with what others have told the run.
    ///
    /// # Errors
    /// [`JournalError::StaleOwner`] when the run has another owner by now.
    async fn attend(&self, ownership: &Ownership) -> Result<Outside, JournalError>;

    /// Gives a run up, so that others can own it at once.
    ///
    /// # Errors
    /// When that cannot be written; it is then as if the owner had died.
    async fn release(&self, ownership: Ownership) -> Result<(), JournalError>;

    /// A run with all its events, checked against its digests.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] and [`JournalError::Lost`] name the run and the entry.
    async fn load(&self, run: &RunId) -> Result<RecordedRun, JournalError>;

    /// The events from number `from` on; those before are not looked at.
    ///
    /// # Errors
    /// As [`Self::load`].
    async fn events(&self, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError>;

    /// The runs, newest first. A run whose record is damaged is listed with its damage.
    ///
    /// # Errors
    /// When nothing can be listed at all.
    async fn list(&self, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError>;

    /// The names of all runs, newest first; a journal that can give them without reading runs does.
    ///
    /// # Errors
    /// As [`Self::list`].
    async fn names(&self) -> Result<Vec<RunId>, JournalError> {
        let runs = self.list(&RunFilter::default()).await?;
        Ok(runs.into_iter().map(|run| run.run_id).collect())
    }

    /// The run that a reference means; see [`resolve`](super::resolve).
    ///
    /// # Errors
    /// As [`resolve`](super::resolve).
    async fn find(&self, reference: &str) -> Result<RunId, JournalError> {
        resolve(reference, &self.names().await?)
    }

    /// Records a decision on a step. The first one counts.
    ///
    /// # Errors
    /// [`JournalError::AlreadyDecided`] with the decision that counts.
    async fn decide(
        &self,
        run: &RunId,
        step: &StepPath,
        decision: &Decision,
    ) -> Result<(), JournalError>;

    /// Records the wish that a run stops; its owner sees it soon.
    ///
    /// # Errors
    /// When the run does not exist or the wish cannot be written.
    async fn request_cancel(
        &self,
        run: &RunId,
        request: &CancelRequest,
    ) -> Result<(), JournalError>;

    /// What others have told a run.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn outside(&self, run: &RunId) -> Result<Outside, JournalError>;

    /// Removes a run and every value that no other run uses. Works on damaged runs too.
    ///
    /// # Errors
    /// [`JournalError::Owned`] while somebody works on it.
    async fn delete(&self, run: &RunId) -> Result<(), JournalError>;

    /// Checks every entry of every run, and gives what is wrong: one error per run.
    ///
    /// # Errors
    /// When nothing can be checked at all.
    async fn verify(&self) -> Result<Vec<JournalError>, JournalError> {
        let mut problems = Vec::new();
        // The list has the runs of which nothing but their loss is known; their names alone are not kept.
        for run in self.list(&RunFilter::default()).await? {
            problems.extend(self.load(&run.run_id).await.err());
        }
        Ok(problems)
    }
}
