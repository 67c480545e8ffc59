//! The row of a run, sealed so that a changed one is noticed.

use std::path::Path;

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{Digest, JournalError, RunState, RunSummary};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::sqlite::fault::Fault;
use crate::sqlite::lock::OwnerLock;

const COLUMNS: &str = "run, id, created_ms, updated_ms, task, plan_digest, origin, epoch, owner, \
                       head, digest, steps, ended, paused, outcome, seal";

/// Everything that the row of a run says.
#[derive(Debug, Clone)]
pub(super) struct RunRow {
    pub(super) number: i64,
    pub(super) run: RunId,
    pub(super) created_ms: i64,
    pub(super) updated_ms: i64,
    pub(super) task: String,
    pub(super) plan_digest: String,
    pub(super) origin: Option<String>,
    pub(super) epoch: u64,
    pub(super) owner: Option<String>,
    pub(super) head: u64,
    pub(super) digest: Digest,
    pub(super) steps: i64,
    pub(super) ended: bool,
    pub(super) paused: bool,
    pub(super) outcome: Option<String>,
    pub(super) seal: Vec<u8>,
}

impl RunRow {
    /// The row of a run that has only its first entry.
    pub(super) fn new(number: i64, run: RunId, created_ms: i64, digest: Digest) -> Self {
        Self {
            number,
            run,
            created_ms,
            updated_ms: created_ms,
            task: String::new(),
            plan_digest: String::new(),
            origin: None,
            epoch: 1,
            owner: None,
            head: 0,
            digest,
            steps: 0,
            ended: false,
            paused: false,
            outcome: None,
            seal: Vec::new(),
        }
    }

    /// The row of a run; an error when there is none or it is damaged.
    pub(super) fn find(connection: &Connection, run: &RunId) -> Result<Self, Fault> {
        let query = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
        let mut query = connection.prepare_cached(&query)?;
        let row = query.query_row([run.as_str()], Self::read).optional()?;
        let row = row.ok_or_else(|| JournalError::NotFound {
            reference: run.to_string(),
        })?;
        row.check_seal()?;
        Ok(row)
    }

    /// The rows of all runs, newest first, checked or not: a list shows the damaged ones too.
    pub(super) fn all(connection: &Connection) -> Result<Vec<Self>, Fault> {
        let query = format!("SELECT {COLUMNS} FROM runs ORDER BY created_ms DESC, run DESC");
        let mut query = connection.prepare_cached(&query)?;
        let rows = query.query_map((), Self::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let corrupt = |column: usize| {
            rusqlite::Error::InvalidColumnType(
                column,
                "damaged".to_owned(),
                rusqlite::types::Type::Text,
            )
        };
        let id: String = row.get(1)?;
        let digest: Vec<u8> = row.get(10)?;
        Ok(Self {
            number: row.get(0)?,
            run: RunId::new(id).map_err(|_| corrupt(1))?,
            created_ms: row.get(2)?,
            updated_ms: row.get(3)?,
            task: row.get(4)?,
            plan_digest: row.get(5)?,
            origin: row.get(6)?,
            epoch: row.get(7)?,
            owner: row.get(8)?,
            head: row.get(9)?,
            digest: Digest::from_bytes(&digest).ok_or_else(|| corrupt(10))?,
            steps: row.get(11)?,
            ended: row.get(12)?,
            paused: row.get(13)?,
            outcome: row.get(14)?,
            seal: row.get(15)?,
        })
    }

    /// Writes the row of a new run.
    pub(super) fn insert(&self, connection: &Connection) -> Result<(), Fault> {
        let query = format!(
            "INSERT INTO runs ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
        );
        connection.prepare_cached(&query)?.execute((
            self.number,
            self.run.as_str(),
            self.created_ms,
            self.updated_ms,
            &self.task,
            &self.plan_digest,
            &self.origin,
            self.epoch,
            &self.owner,
            self.head,
            self.digest.0,
            self.steps,
            self.ended,
            self.paused,
            &self.outcome,
            self.sealed(),
        ))?;
        Ok(())
    }

    /// Writes what can change.
    pub(super) fn update(&self, connection: &Connection) -> Result<(), Fault> {
        let mut query = connection.prepare_cached(
            "UPDATE runs SET updated_ms = ?2, epoch = ?3, owner = ?4, head = ?5, digest = ?6, \
             steps = ?7, ended = ?8, paused = ?9, outcome = ?10, seal = ?11 WHERE run = ?1",
        )?;
        query.execute((
            self.number,
            self.updated_ms,
            self.epoch,
            &self.owner,
            self.head,
            self.digest.0,
            self.steps,
            self.ended,
            self.paused,
            &self.outcome,
            self.sealed(),
        ))?;
        Ok(())
    }

    fn sealed(&self) -> Vec<u8> {
        let all = format!(
            "{:?}",
            (
                (self.number, &self.run, self.created_ms, self.updated_ms),
                (&self.task, &self.plan_digest, &self.origin, self.epoch),
                (&self.owner, self.head, self.digest, self.steps),
                (self.ended, self.paused, &self.outcome),
            )
        );
        Digest::of(all.as_bytes()).0.to_vec()
    }

    /// Whether the row is as it was written.
    pub(super) fn check_seal(&self) -> Result<(), JournalError> {
        if self.sealed() == self.seal {
            Ok(())
        } else {
            Err(self.damaged(0, "what is known of the run does not fit its seal"))
        }
    }

    pub(super) fn damaged(&self, entry: u64, problem: impl Into<String>) -> JournalError {
        JournalError::Damaged {
            run: self.run.clone(),
            entry,
            problem: problem.into(),
        }
    }

    /// Whether an owner of that epoch may still write.
    pub(super) fn owned_at(&self, epoch: u64) -> Result<(), JournalError> {
        if self.epoch == epoch {
            return Ok(());
        }
        Err(JournalError::StaleOwner {
            run: self.run.clone(),
            epoch,
            current: self.epoch,
        })
    }

    /// Who is at work, if somebody is.
    pub(super) fn at_work(&self, locks: &Path) -> Option<&str> {
        let owner = self.owner.as_deref()?;
        // A lock that cannot be asked is taken for held: two owners are worse than none.
        OwnerLock::is_held(locks, self.number, self.epoch)
            .unwrap_or(true)
            .then_some(owner)
    }

    /// The place of an entry in the table of all entries.
    pub(super) fn place(&self, entry: u64) -> i64 {
        (self.number << 32) | i64::try_from(entry).unwrap_or(i64::from(u32::MAX))
    }

    /// The row as a list shows it.
    pub(super) fn summary(&self, locks: &Path) -> RunSummary {
        let owner = self.at_work(locks).map(str::to_owned);
        let state = match () {
            () if self.ended => RunState::Ended,
            () if owner.is_some() => RunState::Running,
            () if self.paused => RunState::Paused,
            () => RunState::Interrupted,
        };
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        RunSummary {
            run_id: self.run.clone(),
            state,
            outcome: self.outcome.clone(),
            task: self.task.clone(),
            plan_digest: self.plan_digest.clone(),
            created_ms: number(self.created_ms),
            updated_ms: number(self.updated_ms),
            events: self.head,
            steps: number(self.steps),
            owner,
            forked_from: self.origin.as_deref().and_then(|run| RunId::new(run).ok()),
            damage: None,
        }
    }
}

/// The key under which the end of a step is recorded.
pub(super) fn step_key(step: &StepPath) -> [u8; 16] {
    Digest::of(step.as_str().as_bytes()).0
}
