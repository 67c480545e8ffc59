//! The row of a run in SQLite: how it is read and written.

use std::path::Path;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Digest, JournalError, RunSummary};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::lock::OwnerLock;
use crate::record::RunRow;
use crate::sqlite::fault::Fault;

const COLUMNS: &str = "run, id, created_ms, updated_ms, task, plan_digest, origin, epoch, owner, \
                       head, digest, steps, ended, paused, outcome, seal";

impl RunRow {
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

    /// Whether its owner is at work.
    pub(super) fn is_at_work(&self, locks: &Path) -> bool {
        // A lock that cannot be asked is taken for held: two owners are worse than none.
        self.owner.is_some() && OwnerLock::is_held(locks, self.number, self.epoch).unwrap_or(true)
    }

    /// The place of an entry in the table of all entries.
    pub(super) fn place(&self, entry: u64) -> i64 {
        (self.number << 32) | i64::try_from(entry).unwrap_or(i64::from(u32::MAX))
    }

    /// The row as a list shows it.
    pub(super) fn listed(&self, locks: &Path) -> RunSummary {
        self.summary(self.is_at_work(locks))
    }
}
