//! What `disk.c` recorded: every change that a process made to its files and everything that it
//! told, in one order.

use std::fs;
use std::path::Path;

use super::stage::Check;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Make(String),
    Write {
        file: String,
        at: usize,
        data: Vec<u8>,
    },
    Sync(String),
    /// The names in a folder were made safe.
    SyncFolder(String),
    /// The file was made to have this length.
    Cut {
        file: String,
        length: usize,
    },
    Remove(String),
    Move {
        from: String,
        to: String,
    },
    /// Something was written to the standard output.
    Told(String),
}

/// All changes, in order.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) changes: Vec<Change>,
}

impl History {
    /// # Errors
    /// When the file cannot be read or means nothing.
    pub(crate) fn read(log: &Path) -> Check<Self> {
        let bytes = fs::read(log).map_err(|error| format!("no history: {error}"))?;
        let mut rest = bytes.as_slice();
        let mut changes = Vec::new();
        while !rest.is_empty() {
            let (change, after) = parse(rest).ok_or("a history that means nothing")?;
            changes.push(change);
            rest = after;
        }
        Ok(Self { changes })
    }
}

/// The first change; the layout is `struct head` of `disk.c`.
fn parse(bytes: &[u8]) -> Option<(Change, &[u8])> {
    let (&[operation, file], rest) = bytes.split_first_chunk::<2>()?;
    let (path, rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (offset, rest) = rest.split_first_chunk::<8>()?;
    let (path, rest) = rest.split_at_checked(u16::from_ne_bytes(*path).into())?;
    let length = usize::try_from(u32::from_ne_bytes(*length)).ok()?;
    let (data, rest) = rest.split_at_checked(length)?;
    let at = usize::try_from(u64::from_ne_bytes(*offset)).ok()?;
    let path = std::str::from_utf8(path).ok()?.to_owned();
    const FOLDER: u8 = 4;
    const TOLD: u8 = 5;
    let change = match operation {
        1 => Change::Make(path),
        2 if file == TOLD => Change::Told(String::from_utf8_lossy(data).into_owned()),
        2 => Change::Write {
            file: path,
            at,
            data: data.to_vec(),
        },
        3 if file == FOLDER => Change::SyncFolder(path),
        3 => Change::Sync(path),
        4 => Change::Cut {
            file: path,
            length: at,
        },
        5 => Change::Remove(path),
        6 => Change::Move {
            from: path,
            to: String::from_utf8_lossy(data).into_owned(),
        },
        _ => return None,
    };
    Some((change, rest))
}
