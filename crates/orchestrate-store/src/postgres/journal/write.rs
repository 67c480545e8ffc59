//! What is done to a run besides appending to it, each in a transaction of its own.

use std::cell::Cell;

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{CancelRequest, Decision, Encoded, JournalError, Ownership};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::fault::Fault;
use super::group::Group;
use super::lock::{held, key};
use super::row::{self, hold, read_said, set_owner};
use super::session::Session;
use super::{lock, read};
use crate::record::{CANCEL, DECISION, New, RunRow, Said, say, told};

/// Begins a transaction of a writer. The lock is shared among writers and excludes whoever removes a
/// run: values that a writer finds must not be removed before it has said that it uses them.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
                                SELECT pg_advisory_xact_lock_shared(7021222119469121539)";

/// Begins the transaction of whoever removes a run.
const BEGIN_ALONE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
                           SELECT pg_advisory_xact_lock(7021222119469121539)";

/// Does something and commits it. A connection that turns out to be closed is made again first.
async fn transaction<T>(
    session: &mut Session,
    begin: &str,
    work: impl AsyncFnOnce(&Client) -> Result<T, Fault>,
) -> Result<T, Fault> {
    begin_with(session, begin).await?;
    let (client, _) = session.current()?;
    let done = match work(client).await {
        Ok(value) => {
            let committed = client.batch_execute("COMMIT").await;
            let committed = committed.map_err(|error| Fault::from(error).in_commit());
            committed.map(|()| value)
        }
        Err(fault) => Err(fault),
    };
    clean_up(session, &done).await;
    done
}

/// Begins a transaction. From here on the connection is not made again: what was begun would be gone.
async fn begin_with(session: &mut Session, begin: &str) -> Result<(), Fault> {
    match try_to_begin(session, begin).await {
        Err(fault) if fault.is_of_connection() => {
            session.reconnect().await?;
            try_to_begin(session, begin).await
        }
        begun => begun,
    }
}

async fn try_to_begin(session: &mut Session, begin: &str) -> Result<(), Fault> {
    let (client, _) = session.prepared().await?;
    Ok(client.batch_execute(begin).await?)
}

/// Leaves the connection as it was before the transaction, whatever became of it.
async fn clean_up<T>(session: &mut Session, done: &Result<T, Fault>) {
    match done {
        Ok(_) => {}
        Err(fault) if fault.is_of_connection() => session.give_up(),
        Err(_) => session.roll_back().await,
    }
}

/// Takes the lock of an owner.
async fn take(client: &Client, row: &RunRow) -> Result<i64, Fault> {
    let key = key(row.number, row.epoch);
    let taken = client
        .query_typed("SELECT pg_try_advisory_lock($1)", &[(&key, Type::INT8)])
        .await?;
    if taken.first().is_some_and(|row| row.get(0)) {
        return Ok(key);
    }
    Err(JournalError::Owned {
        run: row.run.clone(),
        owner: "another process".to_owned(),
    }
    .into())
}

/// An ownership and the lock that it holds.
pub(super) type Owned = (Ownership, i64);

pub(super) async fn create(session: &mut Session, new: New) -> Result<Owned, Fault> {
    let New { mut row, entry } = new;
    let run = row.run.clone();
    let taken = Cell::new(None);
    begin_with(session, BEGIN).await?;
    let done = record(session, &mut row, &entry, &taken).await;
    clean_up(session, &done).await;
    settle(session, &done, taken.get()).await;
    match done {
        Ok(()) => Ok((
            Ownership::new(run, row.epoch, 1, row.digest),
            key(row.number, row.epoch),
        )),
        Err(Fault::Server { code, .. }) if code == SqlState::UNIQUE_VIOLATION => {
            Err(JournalError::Exists { run }.into())
        }
        Err(fault) => Err(fault),
    }
}

/// Writes everything of a new run and commits it; tells the lock of its owner as soon as that is taken.
async fn record(
    session: &mut Session,
    row: &mut RunRow,
    entry: &Encoded,
    taken: &Cell<Option<i64>>,
) -> Result<(), Fault> {
    let (client, statements) = session.current()?;
    let number = client
        .query_typed("SELECT nextval('orchestrate_run_numbers')", &[])
        .await?;
    row.number = number.first().map_or(0, |row| row.get(0));
    taken.set(Some(take(client, row).await?));
    row::insert(client, row).await?;
    client
        .execute_typed(
            "INSERT INTO orchestrate_heads (run, id, entry, digest) VALUES ($1, $2, 0, $3)",
            &[
                (&row.number, Type::INT8),
                (&row.run.as_str(), Type::TEXT),
                (&&row.digest.0[..], Type::BYTEA),
            ],
        )
        .await?;
    let mut group = Group::default();
    group.add_entry(row, 0, row.digest, entry);
    group.add_row(row);
    group.write(client, statements).await
}

/// Keeps the lock of an owner that came to be, and lets go of that of one that did not.
async fn settle<T>(session: &mut Session, done: &Result<T, Fault>, key: Option<i64>) {
    match (done, key) {
        (Ok(_), Some(key)) => session.holds(key),
        (Err(_), Some(key)) => session.let_go(key).await,
        (_, None) => {}
    }
}

pub(super) async fn acquire(
    session: &mut Session,
    run: &RunId,
    owner: &str,
    take_over: bool,
) -> Result<Owned, Fault> {
    let taken = Cell::new(None);
    let done = transaction(session, BEGIN, async |client| {
        // Whoever goes on with a run must not go on from an older state of it.
        let (_, head) = read::row_and_head(client, run).await?;
        let mut row = hold(client, run).await?;
        row.check_head(head.as_ref())?;
        if !take_over {
            let held = held(client).await?;
            row.idle(held.contains(&key(row.number, row.epoch)))?;
        }
        row.epoch += 1;
        row.owner = Some(owner.to_owned());
        taken.set(Some(take(client, &row).await?));
        set_owner(client, &row).await?;
        Ok(row)
    })
    .await;
    settle(session, &done, taken.get()).await;
    let row = done?;
    let key = lock::key(row.number, row.epoch);
    let ownership = Ownership::new(row.run, row.epoch, row.head + 1, row.digest);
    Ok((ownership, key))
}

pub(super) async fn release(session: &mut Session, run: &RunId, epoch: u64) -> Result<(), Fault> {
    transaction(session, BEGIN, async |client| {
        let mut row = hold(client, run).await?;
        row.owned_at(epoch)?;
        row.owner = None;
        set_owner(client, &row).await
    })
    .await
}

pub(super) async fn decide(
    session: &mut Session,
    run: &RunId,
    step: &StepPath,
    decision: &Decision,
) -> Result<(), Fault> {
    match tell(session, run, DECISION, step.as_str(), decision).await? {
        None => Ok(()),
        Some(first) => Err(JournalError::AlreadyDecided {
            run: run.clone(),
            step: step.clone(),
            decision: Box::new(first),
        }
        .into()),
    }
}

pub(super) async fn request_cancel(
    session: &mut Session,
    run: &RunId,
    request: &CancelRequest,
) -> Result<(), Fault> {
    // Of several wishes the first counts, and the others are as good as granted.
    tell(session, run, CANCEL, "", request).await.map(|_| ())
}

/// Tells a run something, unless it was told before: then gives what it was told.
async fn tell<T: Serialize + DeserializeOwned>(
    session: &mut Session,
    run: &RunId,
    kind: &str,
    step: &str,
    what: &T,
) -> Result<Option<T>, Fault> {
    transaction(session, BEGIN, async |client| {
        // Whoever holds the row is the only one who tells.
        let row = hold(client, run).await?;
        let before = client
            .query_typed(
                "SELECT kind, step, body, seal FROM orchestrate_outside \
                 WHERE run = $1 AND kind = $2 AND step = $3",
                &[
                    (&row.number, Type::INT8),
                    (&kind, Type::TEXT),
                    (&step, Type::TEXT),
                ],
            )
            .await?;
        if let Some(before) = before.first() {
            return Ok(Some(told(&row, &read_said(before)?)?));
        }
        let Said {
            kind,
            step,
            body,
            seal,
        } = say(&row, kind, step, what);
        client
            .execute_typed(
                "INSERT INTO orchestrate_outside (run, kind, step, body, seal) \
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    (&row.number, Type::INT8),
                    (&kind, Type::TEXT),
                    (&step, Type::TEXT),
                    (&body, Type::TEXT),
                    (&seal, Type::BYTEA),
                ],
            )
            .await?;
        Ok(None)
    })
    .await
}

pub(super) async fn delete(session: &mut Session, run: &RunId) -> Result<(), Fault> {
    transaction(session, BEGIN_ALONE, async |client| {
        let name = [(&run.as_str() as _, Type::TEXT)];
        let found = client
            .query_typed(
                "SELECT run, epoch, owner FROM orchestrate_runs WHERE id = $1 FOR UPDATE",
                &name,
            )
            .await?;
        if let Some(found) = found.first() {
            let (number, epoch): (i64, i64) = (found.get(0), found.get(1));
            if let Some(owner) = found.get(2)
                && held(client)
                    .await?
                    .contains(&key(number, u64::try_from(epoch).unwrap_or_default()))
            {
                return Err(JournalError::Owned {
                    run: run.clone(),
                    owner,
                }
                .into());
            }
            remove(client, number).await?;
        }
        // All that is left of it may be its head.
        let heads = client
            .execute_typed("DELETE FROM orchestrate_heads WHERE id = $1", &name)
            .await?;
        if found.is_empty() && heads == 0 {
            return Err(JournalError::NotFound {
                reference: run.to_string(),
            }
            .into());
        }
        Ok(())
    })
    .await
}

async fn remove(client: &Client, number: i64) -> Result<(), Fault> {
    let number = [(&number as _, Type::INT8)];
    client
        .execute_typed(
            "DELETE FROM orchestrate_contents WHERE digest IN \
             (SELECT digest FROM orchestrate_uses AS ours WHERE run = $1 AND NOT EXISTS \
             (SELECT 1 FROM orchestrate_uses AS theirs WHERE theirs.digest = ours.digest \
             AND theirs.run <> $1))",
            &number,
        )
        .await?;
    for table in ["entries", "uses", "step_ends", "outside", "runs"] {
        let sql = format!("DELETE FROM orchestrate_{table} WHERE run = $1");
        client.execute_typed(&sql, &number).await?;
    }
    Ok(())
}
