//! What is read of a run, checked against its digests and against its head.

use orchestrate_core::event::Event;
use orchestrate_core::id::RunId;
use orchestrate_core::journal::{
    Encoded, JournalError, Outside, Progress, RecordedRun, RunFilter, RunSummary, decode_event,
    decode_pinned,
};

use super::disk::Disk;
use super::lines::{self, Line, Lines};
use crate::lock::OwnerLock;
use crate::record::{Batch, Links, RunRow, collect, damaged, lost};

/// Whether the owner of a run is at work.
pub(super) fn at_work(disk: &Disk, row: &RunRow) -> bool {
    // A lock that cannot be asked is taken for held: two owners are worse than none.
    row.owner.is_some() && OwnerLock::is_held(&disk.locks(), &row.run, row.epoch).unwrap_or(true)
}

/// The entries up to the head, each checked against the one before.
pub(super) fn checked<'a, 't>(
    row: &RunRow,
    lines: &'a Lines<'t>,
) -> Result<Vec<&'a Line<'t>>, JournalError> {
    let mut links = Links::new(row, None);
    let mut entries = Vec::new();
    let mut next = 0;
    for line in lines.entries().take_while(|line| line.number <= row.head) {
        links.add(line.number, &line.digest.0, line.body)?;
        entries.push(line);
        next = line.number + 1;
    }
    if next <= row.head {
        return Err(if lines.torn {
            row.damaged(next, "it cannot be read")
        } else {
            lost(&row.head(), next)
        });
    }
    links.end()?;
    // Nobody writes a second batch behind a head that was not written.
    if behind(row, lines).count() > 1 {
        return Err(row.damaged(row.head, "its head is older than its entries"));
    }
    Ok(entries)
}

/// The whole batches behind the head: what was recorded when its owner was ended before it could tell.
fn behind<'a, 't>(
    row: &RunRow,
    lines: &'a Lines<'t>,
) -> impl Iterator<Item = &'a lines::Whole<'t>> + use<'a, 't> {
    let head = row.head;
    let first = move |batch: &&lines::Whole<'t>| {
        let first = batch.entries.first();
        first.is_some_and(|line| line.number > head)
    };
    lines.batches.iter().filter(first)
}

/// A batch that was recorded when its owner was ended before it could tell.
pub(super) struct Untold<'a, 't> {
    pub(super) batch: Batch,
    pub(super) entries: Vec<&'a Line<'t>>,
    /// Where it ends in the file, in bytes.
    pub(super) end: u64,
}

/// The batch behind the head, if there is one. It is part of the run unless its owner is still at work.
pub(super) fn untold<'a, 't>(
    row: &RunRow,
    lines: &'a Lines<'t>,
) -> Result<Option<Untold<'a, 't>>, JournalError> {
    let Some(whole) = behind(row, lines).next() else {
        return Ok(None);
    };
    let mut links = Links::behind(row, None, row.head + 1, row.digest);
    let mut entries = Vec::new();
    for line in &whole.entries {
        links.add(line.number, &line.digest.0, line.body)?;
        entries.push(line);
    }
    let told = events(row, &entries, lines)?;
    let plain = |line: &&Line<'_>| {
        let body = line.body.to_vec();
        let values = Vec::new();
        (line.digest, Encoded { body, values })
    };
    let batch = Batch {
        run: row.run.clone(),
        epoch: row.epoch,
        first: row.head + 1,
        before: row.digest,
        entries: entries.iter().map(plain).collect(),
        progress: Progress::of(&told),
        at_ms: row.updated_ms,
    };
    Ok(Some(Untold {
        batch,
        entries,
        end: u64::try_from(whole.end).unwrap_or(u64::MAX),
    }))
}

/// All entries of a run.
fn recorded<'a, 't>(
    disk: &Disk,
    row: &RunRow,
    lines: &'a Lines<'t>,
) -> Result<Vec<&'a Line<'t>>, JournalError> {
    let mut entries = checked(row, lines)?;
    if !at_work(disk, row) {
        let untold = untold(row, lines)?;
        entries.extend(untold.into_iter().flat_map(|it| it.entries));
    }
    Ok(entries)
}

/// The events of entries. Entry 0 is none.
pub(super) fn events(
    row: &RunRow,
    entries: &[&Line<'_>],
    lines: &Lines<'_>,
) -> Result<Vec<Event>, JournalError> {
    let mut get = |digest| Ok(lines.values.get(&digest).map(|text| text.to_vec()));
    let events = entries.iter().filter(|line| line.number > 0);
    events
        .map(|line| decode_event(&row.run, line.number, line.body, &mut get))
        .collect()
}

/// The whole run.
pub(super) fn load(disk: &Disk, run: &RunId) -> Result<RecordedRun, JournalError> {
    let held = disk.hold(run, false)?;
    let text = disk.read_all(run, held.file)?;
    let (row, lines) = (held.row, lines::read(&text));
    let entries = recorded(disk, &row, &lines)?;
    let first = entries.first();
    let first = first.ok_or_else(|| row.damaged(0, "it is missing"))?;
    let mut get = |digest| Ok(lines.values.get(&digest).map(|text| text.to_vec()));
    Ok(RecordedRun {
        pinned: decode_pinned(run, first.body, &mut get)?,
        events: events(&row, &entries, &lines)?,
    })
}

/// The events from a number on.
pub(super) fn events_from(disk: &Disk, run: &RunId, from: u64) -> Result<Vec<Event>, JournalError> {
    let held = disk.hold(run, false)?;
    let text = disk.read_all(run, held.file)?;
    let (row, lines) = (held.row, lines::read(&text));
    let mut entries = recorded(disk, &row, &lines)?;
    entries.retain(|line| line.number > from);
    events(&row, &entries, &lines)
}

/// What others told a run. With an epoch, refuses an owner that was replaced.
pub(super) fn outside(
    disk: &Disk,
    run: &RunId,
    epoch: Option<u64>,
) -> Result<Outside, JournalError> {
    let found = disk.read_head(run)?;
    let (row, _) = found.ok_or_else(|| JournalError::NotFound {
        reference: run.to_string(),
    })?;
    if let Some(epoch) = epoch {
        row.owned_at(epoch)?;
    }
    let mut said = disk.said(&row)?;
    said.sort_by(|a, b| (&a.kind, &a.step).cmp(&(&b.kind, &b.step)));
    collect(&row, said)
}

/// The list of runs. Those whose files do not fit are listed with what is wrong.
pub(super) fn list(disk: &Disk, filter: &RunFilter) -> Result<Vec<RunSummary>, JournalError> {
    let mut runs = Vec::new();
    for run in disk.names()? {
        let summary = match summary(disk, &run) {
            Ok(summary) => summary,
            // It was never recorded, or removed since the folder was read.
            Err(JournalError::NotFound { .. }) => continue,
            Err(problem) => damaged(run, &problem),
        };
        if filter.admits(summary.state) {
            runs.push(summary);
        }
    }
    runs.sort_by(|a, b| (b.created_ms, &b.run_id).cmp(&(a.created_ms, &a.run_id)));
    runs.truncate(filter.limit.unwrap_or(usize::MAX));
    Ok(runs)
}

fn summary(disk: &Disk, run: &RunId) -> Result<RunSummary, JournalError> {
    let Some((mut row, bytes)) = disk.read_head(run)? else {
        return Err(disk.hold(run, false).err().unwrap_or_else(|| {
            // Its head was written in this moment; the next list shows it.
            JournalError::NotFound {
                reference: run.to_string(),
            }
        }));
    };
    let kept = std::fs::metadata(disk.entries(run)).map_or(0, |found| found.len());
    let problem = match kept {
        0 => Some(lost(&row.head(), 0)),
        kept if kept < bytes => Some(row.damaged(row.head, "the file of its entries is too short")),
        _ => None,
    };
    let at_work = at_work(disk, &row);
    if problem.is_none() && kept > bytes && !at_work {
        let held = disk.hold(run, false)?;
        let text = disk.read_all(run, held.file)?;
        if let Some(untold) = untold(&row, &lines::read(&text))? {
            untold.batch.apply(&mut row);
        }
    }
    Ok(RunSummary {
        damage: problem.map(|problem| problem.to_string()),
        ..row.summary(at_work)
    })
}
