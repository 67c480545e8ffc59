//! What is read of a run. The thread of the store only fetches; whoever asked checks and decodes.

use std::collections::{HashMap, HashSet};

use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{
    Digest, JournalError, Outside, RecordedRun, RunFilter, RunSummary, decode_event, decode_pinned,
    values,
};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::fault::Fault;
use super::lock::{held, key};
use super::row::{COLUMNS, checked, read, read_head, read_said, signed};
use super::session::Session;
use crate::record::{Head, Links, RunRow, collect, ghost, lost};

const HEAD: &str = "SELECT id, entry, digest FROM orchestrate_heads WHERE id = $1";

/// Reads everything of one moment.
async fn snapshot<T>(
    session: &mut Session,
    work: impl AsyncFnOnce(&Client) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let client = session.client().await?;
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let found = work(client).await;
    session.roll_back().await;
    found
}

/// The row of a run and the second copy of its head. A run of which only the head is left is lost, and not unknown.
pub(super) async fn row_and_head(
    client: &Client,
    run: &RunId,
) -> Result<(RunRow, Option<Head>), Fault> {
    let row = format!("SELECT {COLUMNS} FROM orchestrate_runs WHERE id = $1");
    let name = [(&run.as_str() as _, Type::TEXT)];
    let (rows, heads) = tokio::join!(
        biased;
        client.query_typed(&row, &name),
        client.query_typed(HEAD, &name),
    );
    let head = heads?.first().and_then(|row| read_head(row, 0));
    let row = checked(rows?.first(), run);
    match (row, head) {
        (Err(Fault::Refused(JournalError::NotFound { .. })), Some(head)) => {
            Err(lost(&head, 0).into())
        }
        (row, head) => Ok((row?, head)),
    }
}

/// Entries of a run as they are kept.
#[derive(Debug)]
pub(super) struct Kept {
    row: RunRow,
    head: Option<Head>,
    /// The number of the first entry that was asked for.
    from: u64,
    /// The entries with their numbers and digests, from the one before on.
    entries: Vec<(i64, Vec<u8>, Vec<u8>)>,
    /// The large values that they refer to.
    contents: HashMap<Digest, Vec<u8>>,
}

/// Fetches the entries of a run from a number on.
pub(super) async fn fetch(session: &mut Session, run: &RunId, from: u64) -> Result<Kept, Fault> {
    snapshot(session, async |client| {
        let (row, head) = row_and_head(client, run).await?;
        row.check_head(head.as_ref())?;
        let rows = client
            .query_typed(
                "SELECT entry, digest, body FROM orchestrate_entries \
                 WHERE run = $1 AND entry BETWEEN $2 AND $3 ORDER BY entry",
                &[
                    (&row.number, Type::INT8),
                    (&signed(from.saturating_sub(1)), Type::INT8),
                    (&signed(row.head), Type::INT8),
                ],
            )
            .await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            entries.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        }
        let contents = contents(client, &entries).await?;
        Ok(Kept {
            row,
            head,
            from,
            entries,
            contents,
        })
    })
    .await
}

/// The large values that entries refer to, and those that these refer to.
async fn contents(
    client: &Client,
    entries: &[(i64, Vec<u8>, Vec<u8>)],
) -> Result<HashMap<Digest, Vec<u8>>, Fault> {
    let mut all = HashMap::new();
    let mut wanted = HashSet::new();
    for (_, _, body) in entries {
        refer(body, &mut wanted);
    }
    while !wanted.is_empty() {
        let digests: Vec<&[u8]> = wanted.iter().map(|digest| &digest.0[..]).collect();
        let rows = client
            .query_typed(
                "SELECT digest, body FROM orchestrate_contents WHERE digest = ANY($1)",
                &[(&digests, Type::BYTEA_ARRAY)],
            )
            .await?;
        let mut next = HashSet::new();
        for row in &rows {
            let (digest, body): (Vec<u8>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            refer(&body, &mut next);
            all.insert(Digest::from_bytes(&digest).unwrap_or_default(), body);
        }
        next.retain(|digest| !all.contains_key(digest) && !wanted.contains(digest));
        wanted = next;
    }
    Ok(all)
}

/// Adds the values that a text refers to.
fn refer(text: &[u8], wanted: &mut HashSet<Digest>) {
    let mut note = |digest| {
        wanted.insert(digest);
        Ok::<_, std::convert::Infallible>(Vec::new())
    };
    // The text itself is not wanted.
    let _ = values::unpack(text, &mut note);
}

impl Kept {
    /// The texts of the entries that were asked for with their numbers, each checked against the one before.
    fn checked(&self) -> Result<Vec<(u64, &[u8])>, JournalError> {
        if self.from > self.row.head {
            return Ok(Vec::new());
        }
        let mut entries = self.entries.iter();
        let head = self.head.as_ref();
        let mut links = match self.from.checked_sub(1) {
            None => Links::new(&self.row, head),
            Some(before) => {
                let first = entries.next().filter(|(at, _, _)| *at == signed(before));
                let digest = first.and_then(|(_, digest, _)| Digest::from_bytes(digest));
                let digest = digest.ok_or_else(|| self.row.damaged(before, "it is missing"))?;
                Links::behind(&self.row, head, self.from, digest)
            }
        };
        let mut bodies = Vec::with_capacity(self.entries.len());
        for (number, digest, body) in entries {
            let number = u64::try_from(*number).unwrap_or(u64::MAX);
            links.add(number, digest, body)?;
            bodies.push((number, &**body));
        }
        links.end()?;
        Ok(bodies)
    }

    fn content(&self, digest: Digest) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(self.contents.get(&digest).cloned())
    }

    fn decoded(&self, entries: &[(u64, &[u8])]) -> Result<Vec<Event>, JournalError> {
        let mut get = |digest| self.content(digest);
        let events = entries.iter();
        events
            .map(|(entry, body)| decode_event(&self.row.run, *entry, body, &mut get))
            .collect()
    }

    /// The events.
    pub(super) fn events(&self) -> Result<Vec<Event>, JournalError> {
        self.decoded(&self.checked()?)
    }

    /// The whole run.
    pub(super) fn run(&self) -> Result<RecordedRun, JournalError> {
        let entries = self.checked()?;
        let first = entries.split_first();
        let ((_, first), events) = first.ok_or_else(|| self.row.damaged(0, "it is missing"))?;
        let mut get = |digest| self.content(digest);
        Ok(RecordedRun {
            pinned: decode_pinned(&self.row.run, first, &mut get)?,
            events: self.decoded(events)?,
        })
    }
}

/// What others told a run. With an epoch, refuses an owner that was replaced.
pub(super) async fn outside(
    session: &mut Session,
    run: &RunId,
    epoch: Option<u64>,
) -> Result<Outside, Fault> {
    let client = session.client().await?;
    let row = format!("SELECT {COLUMNS} FROM orchestrate_runs WHERE id = $1");
    let name = [(&run.as_str() as _, Type::TEXT)];
    let (rows, said) = tokio::join!(
        biased;
        client.query_typed(&row, &name),
        client.query_typed(
            "SELECT kind, step, body, seal FROM orchestrate_outside WHERE run = \
             (SELECT run FROM orchestrate_runs WHERE id = $1) ORDER BY kind, step",
            &name,
        ),
    );
    let row = checked(rows?.first(), run)?;
    if let Some(epoch) = epoch {
        row.owned_at(epoch)?;
    }
    let said: Result<Vec<_>, _> = said?.iter().map(read_said).collect();
    Ok(collect(&row, said?)?)
}

/// All names, newest first.
pub(super) async fn names(session: &mut Session) -> Result<Vec<RunId>, Fault> {
    let rows = session
        .client()
        .await?
        .query_typed(
            "SELECT id FROM orchestrate_runs ORDER BY created_ms DESC, run DESC",
            &[],
        )
        .await?;
    let names = rows.iter().filter_map(|row| row.try_get(0).ok());
    Ok(names.filter_map(|id: String| RunId::new(id).ok()).collect())
}

/// The list of runs. Those whose heads do not fit are listed with what is wrong, and those of which
/// only the head is left too.
pub(super) async fn list(
    session: &mut Session,
    filter: &RunFilter,
) -> Result<Vec<RunSummary>, Fault> {
    let filter = filter.clone();
    snapshot(session, async move |client| {
        let held = held(client).await?;
        // States are known only once the locks were looked at.
        let limit = filter.limit.filter(|_| filter.states.is_empty());
        let limit = limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = format!(
            "SELECT {COLUMNS}, head_id, head_entry, head_digest FROM orchestrate_runs LEFT JOIN \
             (SELECT run AS head_run, id AS head_id, entry AS head_entry, digest AS head_digest \
             FROM orchestrate_heads) AS heads ON head_run = run \
             ORDER BY created_ms DESC, run DESC LIMIT $1"
        );
        let limits = [(&limit as _, Type::INT8)];
        let (rows, gone) = tokio::join!(
            biased;
            client.query_typed(&rows, &limits),
            client.query_typed(
                "SELECT id, entry, digest FROM orchestrate_heads AS heads WHERE NOT EXISTS \
                 (SELECT 1 FROM orchestrate_runs WHERE orchestrate_runs.run = heads.run)",
                &[],
            ),
        );
        let limit = filter.limit.unwrap_or(usize::MAX);
        let gone = gone?;
        let gone = gone.iter().filter_map(|row| read_head(row, 0));
        let gone = gone.map(|head| ghost(&head));
        let mut runs: Vec<RunSummary> = gone.filter(|run| filter.admits(run.state)).collect();
        for row in &rows? {
            if runs.len() >= limit {
                break;
            }
            let head = read_head(row, 16);
            let row = read(row)?;
            let fits = row
                .check_seal()
                .and_then(|()| row.check_head(head.as_ref()));
            let summary = RunSummary {
                damage: fits.err().map(|error| error.to_string()),
                ..row.summary(held.contains(&key(row.number, row.epoch)))
            };
            if filter.admits(summary.state) {
                runs.push(summary);
            }
        }
        runs.truncate(limit);
        Ok(runs)
    })
    .await
}
