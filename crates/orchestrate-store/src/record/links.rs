//! Checks entries against each other as they are read: each covers the one before it.

use orchestrate_core::journal::{Digest, JournalError, chain};

use super::head::Head;
use super::row::RunRow;

/// The chain of a run's entries up to where it was read.
#[derive(Debug)]
pub(crate) struct Links<'a> {
    row: &'a RunRow,
    head: Option<&'a Head>,
    next: u64,
    before: Digest,
}

impl<'a> Links<'a> {
    /// The chain from the first entry on.
    pub(crate) fn new(row: &'a RunRow, head: Option<&'a Head>) -> Self {
        Self::behind(row, head, 0, Digest::of(row.run.as_str().as_bytes()))
    }

    /// The chain from entry `next` on, when the one before has this digest.
    pub(crate) fn behind(
        row: &'a RunRow,
        head: Option<&'a Head>,
        next: u64,
        before: Digest,
    ) -> Self {
        Self {
            row,
            head,
            next,
            before,
        }
    }

    /// Takes in the next entry.
    pub(crate) fn add(
        &mut self,
        number: u64,
        digest: &[u8],
        body: &[u8],
    ) -> Result<(), JournalError> {
        let entry = self.next;
        if number != entry {
            return Err(self.row.damaged(entry, "it is missing"));
        }
        self.before = chain(self.before, entry, body);
        self.next += 1;
        if self.before.0[..] != *digest {
            return Err(self.row.damaged(entry, "its text does not fit its digest"));
        }
        if let Some(head) = self.head
            && head.entry == entry
            && head.digest != self.before
        {
            return Err(self.row.damaged(entry, "it is not what was answered for"));
        }
        Ok(())
    }

    /// Whether that was all, and the last entry is the one that the row names.
    pub(crate) fn end(&self) -> Result<(), JournalError> {
        let row = self.row;
        if self.next <= row.head {
            return Err(row.damaged(self.next, "it is missing"));
        }
        if self.before != row.digest {
            return Err(row.damaged(row.head, "it does not fit the head of the run"));
        }
        Ok(())
    }
}
