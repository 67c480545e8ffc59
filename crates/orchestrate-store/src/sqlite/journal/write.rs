//! What the writer does for a run, each inside of a transaction.

use std::path::Path;

use orchestrate_core::event::Event;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Digest, Encoded, JournalError, Ownership, Pinned, Progress, RunState,
    chain,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::row::{RunRow, step_key};
use crate::sqlite::database::Places;
use crate::sqlite::fault::Fault;
use crate::sqlite::heads::{Head, Heads, Slot};
use crate::sqlite::lock::OwnerLock;

/// A run that is to be recorded.
pub(super) struct New {
    row: RunRow,
    entry: Encoded,
}

impl New {
    pub(super) fn of(pinned: &Pinned, owner: &str) -> Self {
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
    heads.set(row.number, head(&row));
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
        idle(&row, locks)?;
    }
    row.epoch += 1;
    row.owner = Some(owner.to_owned());
    let lock = lock(locks, &row)?;
    row.update(connection)?;
    let (number, head) = (row.number, head(&row));
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

/// Events that are to be recorded together.
pub(super) struct Batch {
    run: RunId,
    epoch: u64,
    first: u64,
    before: Digest,
    entries: Vec<(Digest, Encoded)>,
    progress: Progress,
    at_ms: i64,
}

impl Batch {
    pub(super) fn of(
        ownership: &Ownership,
        entries: Vec<Encoded>,
        events: &[Event],
        now_ms: u64,
    ) -> Self {
        let digests = ownership.digests(entries.iter().map(|entry| &*entry.body));
        Self {
            run: ownership.run.clone(),
            epoch: ownership.epoch,
            first: ownership.next,
            before: ownership.head,
            entries: digests.into_iter().zip(entries).collect(),
            progress: Progress::of(events),
            at_ms: i64::try_from(now_ms).unwrap_or(i64::MAX),
        }
    }
}

/// Records a batch; gives the digest of its last entry.
pub(super) fn append(
    connection: &Connection,
    heads: &mut Heads,
    batch: Batch,
) -> Result<Digest, Fault> {
    let mut row = RunRow::find(connection, &batch.run)?;
    row.owned_at(batch.epoch)?;
    if row.head + 1 != batch.first || row.digest != batch.before {
        return Err(row
            .damaged(row.head, "it is not the entry that its owner recorded last")
            .into());
    }
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
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    for ((digest, entry), at) in batch.entries.iter().zip(batch.first..) {
        insert_entry(connection, &row, at, *digest, entry)?;
        (row.head, row.digest) = (at, *digest);
    }
    row.updated_ms = row.updated_ms.max(batch.at_ms);
    row.steps += number(batch.progress.ended.len());
    if let Some(state) = batch.progress.state {
        row.ended = state == RunState::Ended;
        row.paused = state == RunState::Paused;
        row.outcome = batch.progress.outcome;
    }
    row.update(connection)?;
    heads.set(row.number, head(&row));
    Ok(row.digest)
}

pub(super) fn decide(
    connection: &Connection,
    run: &RunId,
    step: &StepPath,
    decision: &Decision,
) -> Result<(), Fault> {
    let row = RunRow::find(connection, run)?;
    match say(connection, &row, DECISION, step.as_str(), decision)? {
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
    say(connection, &row, CANCEL, "", request).map(|_| ())
}

pub(super) const DECISION: &str = "decision";
pub(super) const CANCEL: &str = "cancel";

/// Tells a run something, unless it was told before: then gives what it was told.
fn say<T: Serialize + DeserializeOwned>(
    connection: &Connection,
    row: &RunRow,
    kind: &str,
    step: &str,
    what: &T,
) -> Result<Option<T>, Fault> {
    let said: Option<(String, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT body, seal FROM outside WHERE run = ?1 AND kind = ?2 AND step = ?3",
        )?
        .query_row((row.number, kind, step), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((body, seal)) = said {
        return told(row, kind, step, &body, &seal).map(Some);
    }
    // Texts and numbers can always be written.
    let body = serde_json::to_string(what).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO outside (run, kind, step, body, seal) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((row.number, kind, step, &body, seal(row, kind, step, &body)))?;
    Ok(None)
}

/// What a run was told, checked against its seal.
pub(super) fn told<T: DeserializeOwned>(
    row: &RunRow,
    kind: &str,
    step: &str,
    body: &str,
    sealed: &[u8],
) -> Result<T, Fault> {
    let damaged = || {
        row.damaged(
            row.head,
            format!("a {kind} from outside does not fit its seal"),
        )
    };
    if seal(row, kind, step, body) != sealed {
        return Err(damaged().into());
    }
    serde_json::from_str(body).map_err(|_| damaged().into())
}

fn seal(row: &RunRow, kind: &str, step: &str, body: &str) -> Vec<u8> {
    let all = format!("{:?}", (row.number, kind, step, body));
    Digest::of(all.as_bytes()).0.to_vec()
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

/// Refuses a run that somebody works on.
fn idle(row: &RunRow, locks: &Path) -> Result<(), JournalError> {
    match row.at_work(locks) {
        None => Ok(()),
        Some(owner) => Err(JournalError::Owned {
            run: row.run.clone(),
            owner: owner.to_owned(),
        }),
    }
}

fn lock(locks: &Path, row: &RunRow) -> Result<OwnerLock, Fault> {
    let lock = OwnerLock::take(locks, row.number, row.epoch).map_err(unreadable)?;
    let another = || JournalError::Owned {
        run: row.run.clone(),
        owner: "another process".to_owned(),
    };
    Ok(lock.ok_or_else(another)?)
}

fn head(row: &RunRow) -> Head {
    Head {
        run: row.run.clone(),
        entry: row.head,
        digest: row.digest,
    }
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
