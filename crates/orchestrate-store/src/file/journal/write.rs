//! What is written of a run, each time while nobody else writes to it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{
    CancelRequest, Decision, Digest, JournalError, Ownership, Progress,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::{Disk, Held};
use super::lines;
use super::read::{at_work, checked, events, untold};
use crate::lock::OwnerLock;
use crate::record::{Batch, CANCEL, DECISION, New, RunRow, say, step_key, told};

/// What is known of the runs that this process owns, so that nothing is read again for each batch.
#[derive(Debug, Default)]
pub(super) struct Owned(Mutex<HashMap<RunId, Known>>);

#[derive(Debug, Default)]
struct Known {
    epoch: u64,
    /// The steps that have ended.
    ends: HashSet<[u8; 16]>,
    /// The large values that stand in the file.
    values: HashSet<Digest>,
}

impl Owned {
    fn all(&self) -> MutexGuard<'_, HashMap<RunId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, run: &RunId, epoch: u64) -> Option<Known> {
        let known = self.all().remove(run);
        known.filter(|known| known.epoch == epoch)
    }
}

fn lock(disk: &Disk, row: &RunRow) -> Result<OwnerLock, JournalError> {
    let folder = disk.locks();
    let taken = OwnerLock::take(&folder, &row.run, row.epoch);
    let taken = taken.map_err(|error| disk.failed(&folder, &error))?;
    taken.ok_or_else(|| JournalError::Owned {
        run: row.run.clone(),
        owner: "another process".to_owned(),
    })
}

pub(super) fn create(disk: &Disk, owned: &Owned, new: New) -> Result<Ownership, JournalError> {
    let New { row, entry } = new;
    disk.prepare()?;
    // A run of which only the head is left keeps its name.
    if disk.head(&row.run).exists() {
        return Err(JournalError::Exists { run: row.run });
    }
    let file = disk.make(&row.run)?;
    let mut held = Held {
        file,
        row,
        bytes: 0,
    };
    let text = lines::write(&[(held.row.digest, &entry)], 0, |_| false);
    let done = lock(disk, &held.row).and_then(|lock| {
        let bytes = disk.write_lines(&mut held, &text)?;
        disk.write_head(&held.row, bytes)?;
        Ok(lock)
    });
    let row = held.row;
    match done {
        Ok(lock) => {
            let known = Known {
                epoch: row.epoch,
                values: entry.values.iter().map(|(digest, _)| *digest).collect(),
                ..Known::default()
            };
            owned.all().insert(row.run.clone(), known);
            Ok(Ownership::new(row.run, row.epoch, 1, row.digest).holding(lock))
        }
        Err(error) => {
            // Nobody was told of it; what cannot be removed is no run as long as it has no head.
            let _ = disk.remove(&row.run);
            Err(error)
        }
    }
}

/// Reads a run that is held in order to own it, takes in what its last owner recorded without telling
/// and cuts off what it did not finish.
fn settle(disk: &Disk, held: &mut Held) -> Result<Known, JournalError> {
    let run = held.row.run.clone();
    let again = held.file.try_clone();
    let again = again.map_err(|error| disk.failed(&disk.entries(&run), &error))?;
    let text = disk.read_all(&run, again)?;
    let lines = lines::read(&text);
    let row = &mut held.row;
    let mut entries = checked(row, &lines)?;
    if let Some(untold) = untold(row, &lines)? {
        untold.batch.apply(row);
        entries.extend(untold.entries);
        held.bytes = untold.end;
    }
    let progress = Progress::of(&events(row, &entries, &lines)?);
    let cut = held.file.set_len(held.bytes);
    cut.map_err(|error| disk.failed(&disk.entries(&run), &error))?;
    Ok(Known {
        epoch: row.epoch,
        ends: progress.ended.iter().map(step_key).collect(),
        values: lines.values.keys().copied().collect(),
    })
}

pub(super) fn acquire(
    disk: &Disk,
    owned: &Owned,
    run: &RunId,
    owner: &str,
    take_over: bool,
) -> Result<Ownership, JournalError> {
    let mut held = disk.hold(run, true)?;
    if !take_over {
        held.row.idle(at_work(disk, &held.row))?;
    }
    let mut known = settle(disk, &mut held)?;
    let row = &mut held.row;
    row.epoch += 1;
    row.owner = Some(owner.to_owned());
    known.epoch = row.epoch;
    let lock = lock(disk, row)?;
    disk.write_head(row, held.bytes)?;
    owned.all().insert(run.clone(), known);
    let ownership = Ownership::new(run.clone(), row.epoch, row.head + 1, row.digest);
    Ok(ownership.holding(lock))
}

/// Records a batch; gives the digest of its last entry.
pub(super) fn append(disk: &Disk, owned: &Owned, batch: &Batch) -> Result<Digest, JournalError> {
    let mut held = disk.hold(&batch.run, true)?;
    batch.fits(&held.row)?;
    let known = owned.take(&batch.run, batch.epoch);
    let mut known = match known {
        Some(known) => known,
        None => {
            let known = settle(disk, &mut held)?;
            batch.fits(&held.row)?;
            known
        }
    };
    let written = write_batch(disk, &mut held, &mut known, batch);
    owned.all().insert(batch.run.clone(), known);
    written
}

fn write_batch(
    disk: &Disk,
    held: &mut Held,
    known: &mut Known,
    batch: &Batch,
) -> Result<Digest, JournalError> {
    let run = &batch.run;
    let mut ends = HashSet::new();
    for step in &batch.progress.ended {
        let key = step_key(step);
        if known.ends.contains(&key) || !ends.insert(key) {
            return Err(JournalError::StepRecorded {
                run: run.clone(),
                step: step.clone(),
            });
        }
    }
    let path = disk.entries(run);
    let length = held.file.metadata().map(|found| found.len());
    let length = length.map_err(|error| disk.failed(&path, &error))?;
    if length < held.bytes {
        let row = &held.row;
        return Err(row.damaged(row.head, "the file of its entries is too short"));
    }
    let cut = held.file.set_len(held.bytes);
    cut.map_err(|error| disk.failed(&path, &error))?;
    let entries: Vec<_> = batch
        .numbered()
        .map(|(_, digest, entry)| (digest, entry))
        .collect();
    let text = lines::write(&entries, batch.first, |digest| {
        known.values.contains(digest)
    });
    let bytes = disk.write_lines(held, &text)?;
    batch.apply(&mut held.row);
    if let Err(error) = disk.write_head(&held.row, bytes) {
        // The lines are taken back, so that nothing was written; otherwise nobody knows. The new head
        // may stand there although that failed, and no head may be ahead of its lines.
        let old = disk.read_head(run);
        let back = if matches!(old, Ok(Some((_, old))) if old == held.bytes) {
            let cut = held.file.set_len(held.bytes);
            cut.and_then(|()| held.file.sync_data())
        } else {
            Err(std::io::Error::other("its head may have been written"))
        };
        return Err(match back {
            Ok(()) => error,
            Err(problem) => JournalError::UnknownCommit {
                run: run.clone(),
                problem: format!("{error}; {problem}"),
            },
        });
    }
    known.ends.extend(ends);
    let values = batch.entries.iter().flat_map(|(_, entry)| &entry.values);
    known.values.extend(values.map(|(digest, _)| *digest));
    Ok(held.row.digest)
}

pub(super) fn release(
    disk: &Disk,
    owned: &Owned,
    run: &RunId,
    epoch: u64,
) -> Result<(), JournalError> {
    let mut held = disk.hold(run, true)?;
    held.row.owned_at(epoch)?;
    owned.take(run, epoch);
    held.row.owner = None;
    disk.write_head(&held.row, held.bytes)
}

pub(super) fn decide(
    disk: &Disk,
    run: &RunId,
    step: &StepPath,
    decision: &Decision,
) -> Result<(), JournalError> {
    match tell(disk, run, DECISION, step.as_str(), decision)? {
        None => Ok(()),
        Some(first) => Err(JournalError::AlreadyDecided {
            run: run.clone(),
            step: step.clone(),
            decision: Box::new(first),
        }),
    }
}

pub(super) fn request_cancel(
    disk: &Disk,
    run: &RunId,
    request: &CancelRequest,
) -> Result<(), JournalError> {
    // Of several wishes the first counts, and the others are as good as granted.
    tell(disk, run, CANCEL, "", request).map(|_| ())
}

/// Tells a run something, unless it was told before: then gives what it was told.
fn tell<T: Serialize + DeserializeOwned>(
    disk: &Disk,
    run: &RunId,
    kind: &str,
    step: &str,
    what: &T,
) -> Result<Option<T>, JournalError> {
    let held = disk.hold(run, true)?;
    let row = &held.row;
    let mut said = disk.said(row)?;
    let before = said.iter().find(|it| it.kind == kind && it.step == step);
    if let Some(before) = before {
        return told(row, before).map(Some);
    }
    said.push(say(row, kind, step, what));
    disk.write_said(row, &said)?;
    Ok(None)
}

pub(super) fn delete(disk: &Disk, owned: &Owned, run: &RunId) -> Result<(), JournalError> {
    // What cannot be held because it is damaged can be removed all the same.
    let held = disk.hold(run, true);
    if let Ok(held) = &held {
        held.row.idle(at_work(disk, &held.row))?;
    }
    owned.all().remove(run);
    if disk.remove(run)? {
        return Ok(());
    }
    Err(JournalError::NotFound {
        reference: run.to_string(),
    })
}
