//! The head of every run, kept a second time in a file of its own.
//!
//! SQLite takes a damaged tail of its log for one that was never finished, and drops it without a
//! word. So the number and digest of each run's last entry also stand here, written and synced
//! after the commit and before anybody is told of it. A head that is ahead of the journal names a
//! run that lost entries.
//!
//! The file is a list of slots of one size, by the number of the run. A slot lies within one disk
//! sector, so that a power cut leaves the old or the new one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use orchestrate_core::id::RunId;
use orchestrate_core::journal::Digest;

use crate::record::Head;

/// Bytes of a slot: 1 kind, 1 length of the name, 128 name, 8 number, 16 digest, 16 checksum, rest 0.
const SLOT: usize = 256;
const NAME: usize = 128;
const SUM_AT: usize = 2 + NAME + 8 + 16;

const LIVE: u8 = 1;
const REMOVED: u8 = 2;

/// What a slot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing was ever written.
    Empty,
    /// The run was removed.
    Removed,
    /// The run and its head.
    Live(Head),
    /// Something that nobody wrote.
    Damaged,
}

/// The file, and what is to be written to it after the next commit.
#[derive(Debug)]
pub(crate) struct Heads {
    path: PathBuf,
    file: Option<File>,
    sync: bool,
    pending: Vec<(i64, Head)>,
}

impl Heads {
    pub(super) fn new(path: PathBuf, sync: bool) -> Self {
        Self {
            path,
            file: None,
            sync,
            pending: Vec::new(),
        }
    }

    /// A head to be written after the commit.
    pub(super) fn set(&mut self, number: i64, head: Head) {
        self.pending.push((number, head));
    }

    /// How many heads wait; to come back to with [`Self::forget`].
    pub(super) fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Forgets the newest heads, because what they tell of was rolled back.
    pub(super) fn forget(&mut self, down_to: usize) {
        self.pending.truncate(down_to);
    }

    /// Writes what waits and makes it safe.
    pub(super) fn write(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        // Of several heads of one run only the last counts.
        for (at, (number, head)) in pending.iter().enumerate() {
            let later = pending
                .iter()
                .skip(at + 1)
                .any(|(other, _)| other == number);
            if !later {
                self.put(*number, &slot(LIVE, Some(head)))?;
            }
        }
        self.make_safe()
    }

    /// Notes that a run is about to be removed: from now on it is not missed.
    pub(super) fn remove(&mut self, number: i64) -> io::Result<()> {
        self.put(number, &slot(REMOVED, None))?;
        self.make_safe()
    }

    /// The first number that no run ever had, as far as this file knows.
    pub(super) fn next_number(&self) -> io::Result<i64> {
        let length = match std::fs::metadata(&self.path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(i64::try_from(length.div_ceil(SLOT as u64))
            .unwrap_or(i64::MAX)
            .max(1))
    }

    fn put(&mut self, number: i64, slot: &[u8; SLOT]) -> io::Result<()> {
        let at = u64::try_from(number).unwrap_or_default() * SLOT as u64;
        let file = self.file()?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(slot)
    }

    fn make_safe(&mut self) -> io::Result<()> {
        if self.sync {
            self.file()?.sync_data()
        } else {
            Ok(())
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let made = !self.path.exists();
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&self.path)?;
            if made && self.sync {
                // A new name is safe once its directory is.
                file.sync_all()?;
                #[cfg(unix)]
                if let Some(parent) = self.path.parent() {
                    File::open(parent)?.sync_all()?;
                }
            }
            self.file = Some(file);
        }
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("the file of heads was closed"))
    }
}

/// What the file says of one run.
pub(super) fn read(path: &Path, number: i64) -> io::Result<Slot> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Slot::Empty),
        Err(error) => return Err(error),
    };
    let at = u64::try_from(number).unwrap_or_default() * SLOT as u64;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(SLOT);
    file.take(SLOT as u64).read_to_end(&mut bytes)?;
    Ok(parse(&bytes))
}

/// What the file says of all runs, by their number; number 0 is nobody's.
pub(super) fn read_all(path: &Path) -> io::Result<Vec<Slot>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes.chunks(SLOT).map(parse).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The number under which a run has a head, if it has one.
pub(super) fn number_of(path: &Path, run: &RunId) -> io::Result<Option<i64>> {
    let is_it = |slot: &Slot| matches!(slot, Slot::Live(head) if head.run == *run);
    let at = read_all(path)?.iter().position(is_it);
    Ok(at.and_then(|at| i64::try_from(at).ok()))
}

/// The head of a run by its name.
pub(super) fn of(path: &Path, run: &RunId) -> io::Result<Option<Head>> {
    let of_run = |slot: Slot| match slot {
        Slot::Live(head) if head.run == *run => Some(head),
        _ => None,
    };
    Ok(read_all(path)?.into_iter().find_map(of_run))
}

fn slot(kind: u8, head: Option<&Head>) -> [u8; SLOT] {
    let mut content = Vec::with_capacity(SLOT);
    let name = head.map_or("", |head| head.run.as_str()).as_bytes();
    content.push(kind);
    content.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    content.extend_from_slice(name);
    content.resize(2 + NAME, 0);
    content.extend_from_slice(&head.map_or(0, |head| head.entry).to_le_bytes());
    content.extend_from_slice(&head.map_or_else(Digest::default, |head| head.digest).0);
    let sum = Digest::of(&content);
    content.extend_from_slice(&sum.0);
    let mut slot = [0; SLOT];
    for (to, from) in slot.iter_mut().zip(content) {
        *to = from;
    }
    slot
}

fn parse(bytes: &[u8]) -> Slot {
    if bytes.iter().all(|byte| *byte == 0) {
        // The end of the file inside of a slot is damage, unless nothing was there.
        return Slot::Empty;
    }
    live(bytes).unwrap_or(Slot::Damaged)
}

fn live(bytes: &[u8]) -> Option<Slot> {
    let content = bytes.get(..SUM_AT)?;
    let (sum, padding) = bytes.get(SUM_AT..SLOT)?.split_at(16);
    if Digest::of(content).0 != sum || padding.iter().any(|byte| *byte != 0) {
        return None;
    }
    let (&kind, rest) = content.split_first()?;
    let (&length, rest) = rest.split_first()?;
    match kind {
        REMOVED => Some(Slot::Removed),
        LIVE => {
            let (name, rest) = rest.split_at_checked(NAME)?;
            let (entry, digest) = rest.split_at_checked(8)?;
            let name = std::str::from_utf8(name.get(..usize::from(length))?).ok()?;
            Some(Slot::Live(Head {
                run: RunId::new(name).ok()?,
                entry: u64::from_le_bytes(entry.try_into().ok()?),
                digest: Digest::from_bytes(digest)?,
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: &str, entry: u64) -> Head {
        Head {
            run: RunId::new(name).unwrap(),
            entry,
            digest: Digest::of(name.as_bytes()),
        }
    }

    #[test]
    fn heads_come_back_and_every_changed_bit_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.heads");
        let mut heads = Heads::new(path.clone(), true);
        assert_eq!(heads.next_number().unwrap(), 1);
        heads.set(1, head("run-a", 1));
        heads.set(3, head("run-c", 7));
        heads.set(1, head("run-a", 2));
        heads.write().unwrap();
        assert_eq!(heads.next_number().unwrap(), 4);
        let all = [
            Slot::Empty,
            Slot::Live(head("run-a", 2)),
            Slot::Empty,
            Slot::Live(head("run-c", 7)),
        ];
        assert_eq!(read_all(&path).unwrap(), all);
        assert_eq!(read(&path, 3).unwrap(), all[3]);
        assert_eq!(read(&path, 9).unwrap(), Slot::Empty);
        heads.remove(3).unwrap();
        assert_eq!(read(&path, 3).unwrap(), Slot::Removed);

        let whole = std::fs::read(&path).unwrap();
        for bit in 0..SLOT * 8 {
            let mut bytes = whole[SLOT..2 * SLOT].to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&bytes), Slot::Damaged, "bit {bit}");
        }
        for length in 1..SLOT {
            assert_eq!(
                parse(&whole[SLOT..SLOT + length]),
                Slot::Damaged,
                "{length} bytes"
            );
        }
    }

    #[test]
    fn what_was_rolled_back_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.heads");
        let mut heads = Heads::new(path.clone(), false);
        heads.set(1, head("run-a", 1));
        let before = heads.waiting();
        heads.set(2, head("run-b", 1));
        heads.forget(before);
        heads.write().unwrap();
        assert_eq!(read_all(&path).unwrap().len(), 2);
    }
}
