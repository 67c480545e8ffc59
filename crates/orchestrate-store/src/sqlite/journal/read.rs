//! What is read of a run, checked against its digests and against the head that is kept a second time.

use std::path::Path;

use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{
    Digest, JournalError, Outside, RecordedRun, RunFilter, RunSummary, decode_event, decode_pinned,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::write::said;
use crate::record::{Links, RunRow, collect, ghost, lost};
use crate::sqlite::database::Places;
use crate::sqlite::fault::Fault;
use crate::sqlite::heads::{self, Slot};

/// The row of a run. One of which only the head is left is lost, and not unknown.
pub(super) fn run(connection: &Connection, heads: &Path, run: &RunId) -> Result<RunRow, Fault> {
    let found = RunRow::find(connection, run);
    if matches!(found, Err(Fault::Refused(JournalError::NotFound { .. })))
        && let Some(head) = heads::of(heads, run).map_err(unreadable)?
    {
        return Err(lost(&head, 0).into());
    }
    found
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::System {
        code: ErrorCode::SystemIoFailure,
        message: format!("the file of heads: {error}"),
    }
}

/// What a head says against the row of its run; nothing when they fit.
fn against(row: &RunRow, slot: &Slot) -> Result<(), JournalError> {
    match slot {
        Slot::Live(head) => row.check_head(Some(head)),
        Slot::Damaged => Err(row.damaged(row.head, "the second copy of the run's head is damaged")),
        Slot::Empty | Slot::Removed => row.check_head(None),
    }
}

impl RunRow {
    /// What the second copy of the head says; an error when it does not fit.
    pub(super) fn head_fits(&self, heads: &Path) -> Result<Slot, Fault> {
        let slot = heads::read(heads, self.number).map_err(unreadable)?;
        against(self, &slot)?;
        Ok(slot)
    }

    /// The whole run.
    pub(super) fn load(&self, connection: &Connection, heads: &Path) -> Result<RecordedRun, Fault> {
        let slot = self.head_fits(heads)?;
        let entries = self.entries(connection, 0, &slot)?;
        let mut numbered = entries.iter().zip(0u64..);
        let (first, _) = numbered
            .next()
            .ok_or_else(|| self.damaged(0, "it is missing"))?;
        let pinned = decode_pinned(&self.run, first, &mut |digest| {
            self.content(connection, 0, digest)
        })?;
        let events = numbered.map(|(body, entry)| self.event(connection, entry, body));
        Ok(RecordedRun {
            events: events.collect::<Result<_, _>>()?,
            pinned,
        })
    }

    /// The events from a number on.
    pub(super) fn events(
        &self,
        connection: &Connection,
        heads: &Path,
        from: u64,
    ) -> Result<Vec<Event>, Fault> {
        let slot = self.head_fits(heads)?;
        let entries = self.entries(connection, from + 1, &slot)?;
        let numbered = entries.iter().zip(from + 1..);
        let events = numbered.map(|(body, entry)| self.event(connection, entry, body));
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn event(
        &self,
        connection: &Connection,
        entry: u64,
        body: &[u8],
    ) -> Result<Event, JournalError> {
        let mut get = |digest| self.content(connection, entry, digest);
        decode_event(&self.run, entry, body, &mut get)
    }

    /// The texts of the entries from a number on, each checked against the one before.
    fn entries(
        &self,
        connection: &Connection,
        from: u64,
        slot: &Slot,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let head = match slot {
            Slot::Live(head) => Some(head),
            _ => None,
        };
        let mut links = match from.checked_sub(1) {
            None => Links::new(self, head),
            Some(entry) if entry >= self.head => return Ok(Vec::new()),
            Some(entry) => {
                let digest: Option<Vec<u8>> = connection
                    .prepare_cached("SELECT digest FROM entries WHERE place = ?1")?
                    .query_row([self.place(entry)], |row| row.get(0))
                    .optional()?;
                let digest = digest.as_deref().and_then(Digest::from_bytes);
                let digest = digest.ok_or_else(|| self.damaged(entry, "it is missing"))?;
                Links::behind(self, head, from, digest)
            }
        };
        let mut query = connection.prepare_cached(
            "SELECT place, digest, body FROM entries WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
        )?;
        let mut rows = query.query((self.place(from), self.place(self.head)))?;
        let mut bodies = Vec::new();
        for entry in from..=self.head {
            let row = rows.next().map_err(|error| self.at(entry, &error))?;
            let row = row.ok_or_else(|| self.damaged(entry, "it is missing"))?;
            let read = || -> rusqlite::Result<(i64, Vec<u8>, Vec<u8>)> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            };
            let (place, digest, body) = read().map_err(|error| self.at(entry, &error))?;
            let number = u64::try_from(place ^ self.place(0)).unwrap_or(u64::MAX);
            links.add(number, &digest, &body)?;
            bodies.push(body);
        }
        links.end()?;
        Ok(bodies)
    }

    fn at(&self, entry: u64, error: &rusqlite::Error) -> JournalError {
        self.damaged(entry, error.to_string())
    }

    fn content(
        &self,
        connection: &Connection,
        entry: u64,
        digest: Digest,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let read = || -> rusqlite::Result<Option<Vec<u8>>> {
            connection
                .prepare_cached("SELECT body FROM contents WHERE digest = ?1")?
                .query_row([digest.0], |row| row.get(0))
                .optional()
        };
        read().map_err(|error| self.at(entry, &error))
    }
}

/// What others told a run.
pub(super) fn outside(connection: &Connection, row: &RunRow) -> Result<Outside, Fault> {
    let mut query = connection.prepare_cached(
        "SELECT kind, step, body, seal FROM outside WHERE run = ?1 ORDER BY kind, step",
    )?;
    let all = query.query_map([row.number], said)?;
    Ok(collect(row, all.collect::<Result<Vec<_>, _>>()?)?)
}

/// All names, newest first; of a damaged store those that can be read.
pub(super) fn names(connection: &Connection) -> Result<Vec<RunId>, Fault> {
    let mut query =
        connection.prepare_cached("SELECT id FROM runs ORDER BY created_ms DESC, run DESC")?;
    let names = query.query_map((), |row| row.get::<_, String>(0))?;
    let mut all = Vec::new();
    for name in names {
        all.extend(RunId::new(name?).ok());
    }
    Ok(all)
}

/// The list of runs. Those whose heads do not fit are listed with what is wrong, and those of which
/// only the head is left too.
pub(super) fn list(
    connection: &Connection,
    places: &Places,
    filter: &RunFilter,
) -> Result<Vec<RunSummary>, Fault> {
    let slots = heads::read_all(&places.heads).map_err(unreadable)?;
    let rows = RunRow::all(connection)?;
    let mut numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    numbers.sort_unstable();
    let gone = slots
        .iter()
        .zip(0i64..)
        .filter_map(|(slot, number)| match slot {
            Slot::Live(head) if numbers.binary_search(&number).is_err() => Some(ghost(head)),
            _ => None,
        });
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut runs: Vec<RunSummary> = gone.filter(|run| filter.admits(run.state)).collect();
    for row in &rows {
        if runs.len() >= limit {
            break;
        }
        let slot = usize::try_from(row.number)
            .ok()
            .and_then(|at| slots.get(at));
        let fits = row
            .check_seal()
            .and_then(|()| against(row, slot.unwrap_or(&Slot::Empty)));
        let summary = RunSummary {
            damage: fits.err().map(|error| error.to_string()),
            ..row.listed(&places.locks)
        };
        if filter.admits(summary.state) {
            runs.push(summary);
        }
    }
    runs.truncate(limit);
    Ok(runs)
}
