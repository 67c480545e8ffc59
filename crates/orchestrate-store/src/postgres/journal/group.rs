//! Batches of several runs in one commit.
//!
//! There are two trips to the server: the rows of the runs are held and looked at, then everything
//! is written and committed. When the connection breaks the outcome is unknown; the rows are then
//! held again on a new connection, which waits for whatever the old one still does, and tell it.

use std::collections::{BTreeMap, HashMap};

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{Digest, Encoded, JournalError};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::fault::Fault;
use super::row::{read, signed};
use super::session::{Session, Statements};
use super::write::BEGIN;
use crate::record::{Batch, RunRow, step_key};

/// How often a connection may break before the outcome stays unknown.
const TRIES: u32 = 3;

type Recorded = Result<Digest, Fault>;

/// Records batches of different runs; each is recorded wholly or not at all.
pub(super) async fn record(session: &mut Session, batches: &[Batch]) -> Vec<Recorded> {
    let mut recorded = Vec::with_capacity(batches.len());
    match together(session, batches).await {
        Ok(all) => recorded.extend(all),
        // What the server refuses may be the fault of one, and must not be that of the others.
        Err(_) if batches.len() > 1 => {
            for batch in batches {
                recorded.push(alone(session, batch).await);
            }
        }
        Err(fault) => recorded.push(refused(session, batches, fault).await),
    }
    recorded
}

async fn alone(session: &mut Session, batch: &Batch) -> Recorded {
    let batches = std::slice::from_ref(batch);
    match together(session, batches).await {
        Ok(all) => all.into_iter().next().unwrap_or_else(|| Err(lost_track())),
        Err(fault) => refused(session, batches, fault).await,
    }
}

/// Why the server refused a batch.
async fn refused(session: &mut Session, batches: &[Batch], fault: Fault) -> Recorded {
    if let Fault::Server { code, .. } = &fault
        && *code == SqlState::UNIQUE_VIOLATION
        && let [batch] = batches
        && let Some(step) = ended_before(session, batch).await?
    {
        return Err(JournalError::StepRecorded {
            run: batch.run.clone(),
            step,
        }
        .into());
    }
    Err(fault)
}

/// The step of a batch whose end is recorded already, or twice in the batch.
async fn ended_before(session: &mut Session, batch: &Batch) -> Result<Option<StepPath>, Fault> {
    let client = session.client().await?;
    let steps = &batch.progress.ended;
    for (at, step) in steps.iter().enumerate() {
        let known = client
            .query_typed(
                "SELECT 1 FROM orchestrate_step_ends JOIN orchestrate_runs USING (run) \
                 WHERE id = $1 AND step = $2",
                &[
                    (&batch.run.as_str(), Type::TEXT),
                    (&&step_key(step)[..], Type::BYTEA),
                ],
            )
            .await?;
        let twice = steps.iter().skip(at + 1).any(|other| other == step);
        if twice || !known.is_empty() {
            return Ok(Some(step.clone()));
        }
    }
    Ok(None)
}

/// Records all that may be recorded. An error is the server's, and nothing was written.
async fn together(session: &mut Session, batches: &[Batch]) -> Result<Vec<Recorded>, Fault> {
    let mut unknown = false;
    let mut tries = 0;
    loop {
        let fault = match attempt(session, batches, unknown).await {
            Ok(all) => return Ok(all),
            Err(fault) => fault,
        };
        tries += 1;
        unknown |= matches!(fault, Fault::Unknown(_));
        if fault.is_passing() && tries < TRIES {
            session.roll_back().await;
            continue;
        }
        if !fault.is_of_connection() {
            session.roll_back().await;
            return Err(fault);
        }
        let again = if tries < TRIES {
            session.reconnect().await
        } else {
            Err(fault)
        };
        if let Err(fault) = again {
            session.give_up();
            let fault = if unknown { fault.in_commit() } else { fault };
            return Ok(batches.iter().map(|_| Err(fault.clone())).collect());
        }
    }
}

async fn attempt(
    session: &mut Session,
    batches: &[Batch],
    unknown: bool,
) -> Result<Vec<Recorded>, Fault> {
    let (client, statements) = session.prepared().await?;
    let mut rows = hold(client, statements, batches).await?;
    let mut group = Group::default();
    let mut recorded = Vec::with_capacity(batches.len());
    for batch in batches {
        let Some(row) = rows.get_mut(&batch.run) else {
            recorded.push(Err(JournalError::NotFound {
                reference: batch.run.to_string(),
            }
            .into()));
            continue;
        };
        recorded.push(admit(batch, row, unknown, &mut group).map_err(Fault::from));
    }
    if group.rows.is_empty() {
        client.batch_execute("ROLLBACK").await?;
    } else {
        group.write(client, statements).await?;
    }
    Ok(recorded)
}

/// The rows of the runs, held until the transaction ends.
async fn hold(
    client: &Client,
    statements: &Statements,
    batches: &[Batch],
) -> Result<HashMap<RunId, RunRow>, Fault> {
    let names: Vec<&str> = batches.iter().map(|batch| batch.run.as_str()).collect();
    let names: [Value<'_>; 1] = [&names];
    let (begun, held) = tokio::join!(
        biased;
        client.batch_execute(BEGIN),
        client.query(&statements.hold, &names),
    );
    begun?;
    let mut rows = HashMap::new();
    for row in &held? {
        // One that is damaged is told by its seal.
        let row = read(row)?;
        rows.insert(row.run.clone(), row);
    }
    Ok(rows)
}

/// Adds a batch to the group, if its owner may still write; gives the digest of its last entry.
fn admit<'a>(
    batch: &'a Batch,
    row: &mut RunRow,
    unknown: bool,
    group: &mut Group<'a>,
) -> Result<Digest, JournalError> {
    row.check_seal()?;
    let last = batch.numbered().last();
    if unknown
        && row.epoch == batch.epoch
        && last.is_some_and(|(number, digest, _)| (number, digest) == (row.head, row.digest))
    {
        // The commit whose answer was lost took place.
        return Ok(row.digest);
    }
    batch.fits(row)?;
    batch.apply(row);
    for (number, digest, entry) in batch.numbered() {
        group.add_entry(row, number, digest, entry);
    }
    for step in &batch.progress.ended {
        group.ends.0.push(row.number);
        group.ends.1.push(step_key(step).to_vec());
    }
    group.add_row(row);
    Ok(row.digest)
}

/// Everything that is written together, column by column.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    rows: Vec<RunRow>,
    entries: Entries<'a>,
    ends: (Vec<i64>, Vec<Vec<u8>>),
    contents: BTreeMap<Digest, &'a [u8]>,
    uses: (Vec<i64>, Vec<Vec<u8>>),
}

impl<'a> Group<'a> {
    /// Adds an entry with its values.
    pub(super) fn add_entry(
        &mut self,
        row: &RunRow,
        number: u64,
        digest: Digest,
        entry: &'a Encoded,
    ) {
        self.entries.runs.push(row.number);
        self.entries.numbers.push(signed(number));
        self.entries.digests.push(digest.0.to_vec());
        self.entries.bodies.push(&entry.body);
        for (digest, body) in &entry.values {
            self.contents.insert(*digest, body);
            self.uses.0.push(row.number);
            self.uses.1.push(digest.0.to_vec());
        }
    }

    /// Adds a row as it is to be once all is written.
    pub(super) fn add_row(&mut self, row: &RunRow) {
        self.rows.push(row.clone());
    }

    /// Writes everything and commits, in one trip. An error leaves open only what [`Fault`] says.
    pub(super) async fn write(
        &self,
        client: &Client,
        statements: &Statements,
    ) -> Result<(), Fault> {
        let columns = Columns::of(&self.rows);
        let digests: Vec<&[u8]> = self.contents.keys().map(|digest| &digest.0[..]).collect();
        let bodies: Vec<&[u8]> = self.contents.values().copied().collect();
        let Entries {
            runs,
            numbers,
            digests: marks,
            bodies: texts,
        } = &self.entries;
        let contents = async {
            if digests.is_empty() {
                return Ok(());
            }
            let uses = [&self.uses.0 as Value<'_>, &self.uses.1];
            let (contents, uses) = tokio::join!(
                biased;
                execute(client, &statements.contents, [&digests, &bodies]),
                execute(client, &statements.uses, uses),
            );
            contents.and(uses)
        };
        let ends = async {
            if self.ends.0.is_empty() {
                return Ok(());
            }
            execute(client, &statements.ends, [&self.ends.0, &self.ends.1]).await
        };
        let rows = [
            &columns.runs as Value<'_>,
            &columns.updated,
            &columns.heads,
            &columns.digests,
            &columns.steps,
            &columns.ended,
            &columns.paused,
            &columns.outcomes,
            &columns.seals,
        ];
        let heads = [&columns.runs as Value<'_>, &columns.heads, &columns.digests];
        // Sent in this order without waiting in between. After an error the server does nothing
        // more, and what is called a commit rolls back: so every answer counts.
        let answers = tokio::join!(
            biased;
            contents,
            ends,
            execute(client, &statements.entries, [runs, numbers, marks, texts]),
            execute(client, &statements.rows, rows),
            execute(client, &statements.heads, heads),
            client.batch_execute("COMMIT"),
        );
        let (contents, ends, entries, rows, heads, committed) = answers;
        let all = contents.and(ends).and(entries).and(rows).and(heads);
        all.and(committed)
            .map_err(|error| Fault::from(error).in_commit())
    }
}

type Value<'a> = &'a (dyn ToSql + Sync);

async fn execute<const N: usize>(
    client: &Client,
    statement: &Statement,
    values: [Value<'_>; N],
) -> Result<(), tokio_postgres::Error> {
    client.execute(statement, &values).await.map(|_| ())
}

/// The columns of entries.
#[derive(Debug, Default)]
struct Entries<'a> {
    runs: Vec<i64>,
    numbers: Vec<i64>,
    digests: Vec<Vec<u8>>,
    bodies: Vec<&'a [u8]>,
}

/// The columns of rows of runs that change.
#[derive(Debug, Default)]
struct Columns<'a> {
    runs: Vec<i64>,
    updated: Vec<i64>,
    heads: Vec<i64>,
    digests: Vec<Vec<u8>>,
    steps: Vec<i64>,
    ended: Vec<bool>,
    paused: Vec<bool>,
    outcomes: Vec<Option<&'a str>>,
    seals: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [RunRow]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.runs.push(row.number);
            columns.updated.push(row.updated_ms);
            columns.heads.push(signed(row.head));
            columns.digests.push(row.digest.0.to_vec());
            columns.steps.push(row.steps);
            columns.ended.push(row.ended);
            columns.paused.push(row.paused);
            columns.outcomes.push(row.outcome.as_deref());
            columns.seals.push(row.sealed());
        }
        columns
    }
}

fn lost_track() -> Fault {
    Fault::Unknown("a batch was not answered for".to_owned())
}
