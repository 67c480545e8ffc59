//! The row of a run in PostgreSQL: how it is read and written.

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Digest, JournalError};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::fault::Fault;
use crate::record::{Head, RunRow, Said};

pub(super) const COLUMNS: &str = "run, id, created_ms, updated_ms, task, plan_digest, origin, \
                                  epoch, owner, head, digest, steps, ended, paused, outcome, seal";

/// A number that PostgreSQL can keep.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Reads a row with [`COLUMNS`]. What somebody else wrote into it shows at its seal.
pub(super) fn read(row: &Row) -> Result<RunRow, JournalError> {
    let id: String = row.try_get(1).unwrap_or_default();
    let malformed = |problem: String| JournalError::Damaged {
        run: RunId::of(&[]),
        entry: 0,
        problem: format!("the row of `{id}`: {problem}"),
    };
    let run = RunId::new(&*id).map_err(|error| malformed(error.to_string()))?;
    let read = || -> Result<RunRow, tokio_postgres::Error> {
        Ok(RunRow {
            number: row.try_get(0)?,
            run,
            created_ms: row.try_get(2)?,
            updated_ms: row.try_get(3)?,
            task: row.try_get(4)?,
            plan_digest: row.try_get(5)?,
            origin: row.try_get(6)?,
            epoch: unsigned(row.try_get(7)?),
            owner: row.try_get(8)?,
            head: unsigned(row.try_get(9)?),
            digest: Digest::from_bytes(row.try_get(10)?).unwrap_or_default(),
            steps: row.try_get(11)?,
            ended: row.try_get(12)?,
            paused: row.try_get(13)?,
            outcome: row.try_get(14)?,
            seal: row.try_get(15)?,
        })
    };
    read().map_err(|error| malformed(error.to_string()))
}

/// Reads the second copy of a head from the columns id, entry and digest.
pub(super) fn read_head(row: &Row, first: usize) -> Option<Head> {
    let id: String = row.try_get(first).ok()?;
    let digest: Vec<u8> = row.try_get(first + 2).ok()?;
    Some(Head {
        run: RunId::new(id).ok()?,
        entry: unsigned(row.try_get(first + 1).ok()?),
        digest: Digest::from_bytes(&digest).unwrap_or_default(),
    })
}

/// Reads what a run was told from the columns kind, step, body and seal.
pub(super) fn read_said(row: &Row) -> Result<Said, tokio_postgres::Error> {
    Ok(Said {
        kind: row.try_get(0)?,
        step: row.try_get(1)?,
        body: row.try_get(2)?,
        seal: row.try_get(3)?,
    })
}

/// The row of a run, held until the transaction ends; an error when there is none or it is damaged.
pub(super) async fn hold(client: &Client, run: &RunId) -> Result<RunRow, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM orchestrate_runs WHERE id = $1 FOR UPDATE");
    let rows = client
        .query_typed(&sql, &[(&run.as_str(), Type::TEXT)])
        .await?;
    checked(rows.first(), run)
}

/// A row that was looked for by the name of its run.
pub(super) fn checked(row: Option<&Row>, run: &RunId) -> Result<RunRow, Fault> {
    let row = row.ok_or_else(|| JournalError::NotFound {
        reference: run.to_string(),
    })?;
    let row = read(row)?;
    row.check_seal()?;
    Ok(row)
}

/// Writes the row of a new run.
pub(super) async fn insert(client: &Client, row: &RunRow) -> Result<(), Fault> {
    let sql = format!(
        "INSERT INTO orchestrate_runs ({COLUMNS}) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    client
        .execute_typed(
            &sql,
            &[
                (&row.number, Type::INT8),
                (&row.run.as_str(), Type::TEXT),
                (&row.created_ms, Type::INT8),
                (&row.updated_ms, Type::INT8),
                (&row.task, Type::TEXT),
                (&row.plan_digest, Type::TEXT),
                (&row.origin, Type::TEXT),
                (&signed(row.epoch), Type::INT8),
                (&row.owner, Type::TEXT),
                (&signed(row.head), Type::INT8),
                (&&row.digest.0[..], Type::BYTEA),
                (&row.steps, Type::INT8),
                (&row.ended, Type::BOOL),
                (&row.paused, Type::BOOL),
                (&row.outcome, Type::TEXT),
                (&row.sealed(), Type::BYTEA),
            ],
        )
        .await?;
    Ok(())
}

/// Writes who owns a run.
pub(super) async fn set_owner(client: &Client, row: &RunRow) -> Result<(), Fault> {
    client
        .execute_typed(
            "UPDATE orchestrate_runs SET epoch = $2, owner = $3, seal = $4 WHERE run = $1",
            &[
                (&row.number, Type::INT8),
                (&signed(row.epoch), Type::INT8),
                (&row.owner, Type::TEXT),
                (&row.sealed(), Type::BYTEA),
            ],
        )
        .await?;
    Ok(())
}
