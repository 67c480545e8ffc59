//! What the writer does for a run, each inside of a transaction.

use std::path::Path;

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Digest, Encoded, JournalError, Ownership,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::lock::OwnerLock;
use crate::record::{Batch, CANCEL, DECISION, Head, New, RunRow, Said, say, step_key, told};
use crate::sqlite::database::Places;
use crate::sqlite::fault::Fault;
use crate::sqlite::heads::{Heads, Slot};

pub(super) fn create(
    connection: &Connection,
    heads: &mut Heads,
    locks: &Path,
    new: New,
) -> Result<Ownership, Fault> {
    let New { mut row, entry } = new;
    let taken = connection
        .prepare_cached("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([row.run.as_str()])?;
    if taken {
        return Err(JournalError::Exists { run: row.run }.into());
    }
    let newest: i64 =
        connection.query_row("SELECT IFNULL(MAX(run), 0) FROM runs", (), |row| row.get(0))?;
    // A store that was replaced by an older copy must not take the numbers of runs that it forgot.
    let unused = heads.next_number().map_err(unreadable)?;
    row.number = unused.max(newest + 1);
    let lock = lock(locks, &row)?;
    row.insert(connection)?;
    insert_entry(connection, &row, 0, row.digest, &entry)?;
    heads.set(row.number, row.head());
    Ok(Ownership::new(row.run, row.epoch, 1, row.digest).holding(lock))
}

pub(super) fn acquire(
    connection: &Connection,
    locks: &Path,
    run: &RunId,
    owner: &str,
    take_over: bool,
) -> Result<Owned, Fault> {
    let mut row = RunRow::find(connection, run)?;
    if !take_over {
        row.idle(row.is_at_work(locks))?;
    }
    row.epoch += 1;
    row.owner = Some(owner.to_owned());
    let lock = lock(locks, &row)?;
    row.update(connection)?;
    let (number, head) = (row.number, row.head());
    let ownership = Ownership::new(row.run, row.epoch, row.head + 1, row.digest).holding(lock);
    Ok(Owned {
        number,
        head,
        ownership,
    })
}

/// A run that has come to be owned, and its head.
pub(super) struct Owned {
    number: i64,
    head: Head,
    pub(super) ownership: Ownership,
}

/// Brings the second copy of a head up to date before its run goes on. The process before may have
/// ended, or been refused by the disk, between its commit and that copy; from now on entries are
/// relied upon that nobody was told of, and a copy that is missing later is a loss.
pub(super) fn keep_head(heads: &mut Heads, slot: &Slot, owned: &Owned) {
    let kept = matches!(slot, Slot::Live(head) if *head == owned.head);
    if !kept {
        heads.set(owned.number, owned.head.clone());
    }
}

pub(super) fn release(connection: &Connection, run: &RunId, epoch: u64) -> Result<(), Fault> {
    let mut row = RunRow::find(connection, run)?;
    row.owned_at(epoch)?;
    row.owner = None;
    row.update(connection)
}

/// Records a batch; gives the digest of its last entry.
pub(super) fn append(
    connection: &Connection,
    heads: &mut Heads,
    batch: Batch,
) -> Result<Digest, Fault> {
    let mut row = RunRow::find(connection, &batch.run)?;
    batch.fits(&row)?;
    for step in &batch.progress.ended {
        let mut insert = connection
            .prepare_cached("INSERT OR IGNORE INTO step_ends (run, step) VALUES (?1, ?2)")?;
        if insert.execute((row.number, step_key(step)))? == 0 {
            return Err(JournalError::StepRecorded {
                run: batch.run,
                step: step.clone(),
            }
            .into());
        }
    }
    for (number, digest, entry) in batch.numbered() {
        insert_entry(connection, &row, number, digest, entry)?;
    }
    batch.apply(&mut row);
    row.update(connection)?;
    heads.set(row.number, row.head());
    Ok(row.digest)
}

pub(super) fn decide(
    connection: &Connection,
    run: &RunId,
    step: &StepPath,
    decision: &Decision,
) -> Result<(), Fault> {
    let row = RunRow::find(connection, run)?;
    match tell(connection, &row, DECISION, step.as_str(), decision)? {
        None => Ok(()),
        Some(first) => Err(JournalError::AlreadyDecided {
            run: run.clone(),
            step: step.clone(),
            decision: Box::new(first),
        }
        .into()),
    }
}

pub(super) fn request_cancel(
    connection: &Connection,
    run: &RunId,
    request: &CancelRequest,
) -> Result<(), Fault> {
    let row = RunRow::find(connection, run)?;
    // Of several wishes the first counts, and the others are as good as granted.
    tell(connection, &row, CANCEL, "", request).map(|_| ())
}

/// Tells a run something, unless it was told before: then gives what it was told.
fn tell<T: Serialize + DeserializeOwned>(
    connection: &Connection,
    row: &RunRow,
    kind: &str,
    step: &str,
    what: &T,
) -> Result<Option<T>, Fault> {
    let before = connection
        .prepare_cached(
            "SELECT kind, step, body, seal FROM outside WHERE run = ?1 AND kind = ?2 AND step = ?3",
        )?
        .query_row((row.number, kind, step), said)
        .optional()?;
    if let Some(before) = before {
        return Ok(Some(told(row, &before)?));
    }
    let Said {
        kind,
        step,
        body,
        seal,
    } = say(row, kind, step, what);
    connection
        .prepare_cached(
            "INSERT INTO outside (run, kind, step, body, seal) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((row.number, kind, step, body, seal))?;
    Ok(None)
}

/// Reads what a run was told from the columns kind, step, body and seal.
pub(super) fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    Ok(Said {
        kind: row.get(0)?,
        step: row.get(1)?,
        body: row.get(2)?,
        seal: row.get(3)?,
    })
}

pub(super) fn delete(
    connection: &Connection,
    heads: &mut Heads,
    places: &Places,
    run: &RunId,
) -> Result<(), Fault> {
    let found: Option<(i64, u64, Option<String>)> = connection
        .query_row(
            "SELECT run, epoch, owner FROM runs WHERE id = ?1",
            [run.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((number, epoch, owner)) = found else {
        // All that is left of it may be its head.
        let lost = crate::sqlite::heads::number_of(&places.heads, run).map_err(unreadable)?;
        let number = lost.ok_or_else(|| JournalError::NotFound {
            reference: run.to_string(),
        })?;
        return heads.remove(number).map_err(unreadable);
    };
    if let Some(owner) = owner
        && OwnerLock::is_held(&places.locks, number, epoch).unwrap_or(true)
    {
        return Err(JournalError::Owned {
            run: run.clone(),
            owner,
        }
        .into());
    }
    // Before the rows: a run without a head is whole, a head without a run is a loss.
    heads.remove(number).map_err(unreadable)?;
    let (first, last) = (number << 32, (number << 32) | i64::from(u32::MAX));
    connection.execute(
        "DELETE FROM entries WHERE place BETWEEN ?1 AND ?2",
        (first, last),
    )?;
    connection.execute(
        "DELETE FROM contents WHERE content IN (SELECT content FROM uses WHERE run = ?1) \
         AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.content = contents.content AND run <> ?1)",
        [number],
    )?;
    for table in ["uses", "step_ends", "outside", "runs"] {
        connection.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [number])?;
    }
    Ok(())
}

fn insert_entry(
    connection: &Connection,
    row: &RunRow,
    number: u64,
    digest: Digest,
    entry: &Encoded,
) -> Result<(), Fault> {
    for (digest, body) in &entry.values {
        let mut known =
            connection.prepare_cached("SELECT content FROM contents WHERE digest = ?1")?;
        let known: Option<i64> = known.query_row([digest.0], |row| row.get(0)).optional()?;
        let content = match known {
            Some(content) => content,
            None => connection
                .prepare_cached("INSERT INTO contents (digest, body) VALUES (?1, ?2)")?
                .insert((digest.0, body))?,
        };
        connection
            .prepare_cached("INSERT OR IGNORE INTO uses (run, content) VALUES (?1, ?2)")?
            .execute((row.number, content))?;
    }
    connection
        .prepare_cached("INSERT INTO entries (place, digest, body) VALUES (?1, ?2, ?3)")?
        .execute((row.place(number), digest.0, &entry.body))?;
    Ok(())
}

fn lock(locks: &Path, row: &RunRow) -> Result<OwnerLock, Fault> {
    let lock = OwnerLock::take(locks, row.number, row.epoch).map_err(unreadable)?;
    let another = || JournalError::Owned {
        run: row.run.clone(),
        owner: "another process".to_owned(),
    };
    Ok(lock.ok_or_else(another)?)
}

/// A file beside the database that cannot be used.
fn unreadable(error: std::io::Error) -> Fault {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ErrorCode::ReadOnly
        }
        _ => ErrorCode::SystemIoFailure,
    };
    Fault::System {
        code,
        message: error.to_string(),
    }
}
