//! What is to be recorded: a new run, or events of one that is there.

use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{
    Digest, Encoded, JournalError, Ownership, Pinned, Progress, RunState, chain,
};

use super::row::{RunRow, now_ms};

/// A run that is to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct New {
    /// Its row, still without a number.
    pub(crate) row: RunRow,
    /// Its entry 0.
    pub(crate) entry: Encoded,
}

impl New {
    pub(crate) fn of(pinned: &Pinned, owner: &str) -> Self {
        let entry = Encoded::pinned(pinned);
        let run = pinned.run_id.clone();
        let digest = chain(Digest::of(run.as_str().as_bytes()), 0, &entry.body);
        let created = i64::try_from(pinned.created_ms).unwrap_or(i64::MAX);
        let row = RunRow {
            task: pinned.plan.task.clone(),
            plan_digest: pinned.plan_digest.clone(),
            origin: pinned.origin.as_ref().map(|origin| origin.run.to_string()),
            owner: Some(owner.to_owned()),
            ..RunRow::new(0, run, created, digest)
        };
        Self { row, entry }
    }
}

/// Events that are to be recorded together.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) run: RunId,
    pub(crate) epoch: u64,
    /// The number of its first entry.
    pub(crate) first: u64,
    /// The digest of the entry before.
    pub(crate) before: Digest,
    pub(crate) entries: Vec<(Digest, Encoded)>,
    pub(crate) progress: Progress,
    pub(crate) at_ms: i64,
}

impl Batch {
    pub(crate) fn of(ownership: &Ownership, events: &[Event]) -> Self {
        let entries: Vec<Encoded> = events.iter().map(Encoded::event).collect();
        let digests = ownership.digests(entries.iter().map(|entry| &*entry.body));
        Self {
            run: ownership.run.clone(),
            epoch: ownership.epoch,
            first: ownership.next,
            before: ownership.head,
            entries: digests.into_iter().zip(entries).collect(),
            progress: Progress::of(events),
            at_ms: i64::try_from(now_ms()).unwrap_or(i64::MAX),
        }
    }

    /// The entries with their numbers.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, Digest, &Encoded)> {
        let numbered = self.entries.iter().zip(self.first..);
        numbered.map(|((digest, entry), number)| (number, *digest, entry))
    }

    /// Whether its owner may still write, and nobody else wrote since.
    pub(crate) fn fits(&self, row: &RunRow) -> Result<(), JournalError> {
        row.owned_at(self.epoch)?;
        if row.head + 1 == self.first && row.digest == self.before {
            return Ok(());
        }
        Err(row.damaged(row.head, "it is not the entry that its owner recorded last"))
    }

    /// What the row says once the batch is recorded.
    pub(crate) fn apply(&self, row: &mut RunRow) {
        if let Some((number, digest, _)) = self.numbered().last() {
            (row.head, row.digest) = (number, digest);
        }
        row.updated_ms = row.updated_ms.max(self.at_ms);
        row.steps += i64::try_from(self.progress.ended.len()).unwrap_or(i64::MAX);
        if let Some(state) = self.progress.state {
            row.ended = state == RunState::Ended;
            row.paused = state == RunState::Paused;
            row.outcome.clone_from(&self.progress.outcome);
        }
    }
}
