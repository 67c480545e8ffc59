//! The head of a run: what a list shows of it, its last entry, and a seal over all of it.

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Digest, JournalError};
use serde::{Deserialize, Serialize};

use crate::record::RunRow;

/// A head as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadFile {
    run: RunId,
    task: String,
    plan_digest: String,
    forked_from: Option<String>,
    created_ms: i64,
    updated_ms: i64,
    epoch: u64,
    owner: Option<String>,
    /// The number of the last entry.
    entry: u64,
    /// The digest of the last entry.
    digest: String,
    /// Where the last entry ends in the file of entries.
    bytes: u64,
    steps: i64,
    ended: bool,
    paused: bool,
    outcome: Option<String>,
    seal: String,
}

impl HeadFile {
    /// The text of a head.
    pub(super) fn write(row: &RunRow, bytes: u64) -> Vec<u8> {
        let mut head = Self {
            run: row.run.clone(),
            task: row.task.clone(),
            plan_digest: row.plan_digest.clone(),
            forked_from: row.origin.clone(),
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            epoch: row.epoch,
            owner: row.owner.clone(),
            entry: row.head,
            digest: row.digest.to_string(),
            bytes,
            steps: row.steps,
            ended: row.ended,
            paused: row.paused,
            outcome: row.outcome.clone(),
            seal: String::new(),
        };
        head.seal = head.sealed();
        // Texts and numbers can always be written.
        let mut text = serde_json::to_vec_pretty(&head).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Reads the head of a run: its row, and where its last entry ends.
    pub(super) fn read(run: &RunId, text: &[u8]) -> Result<(RunRow, u64), JournalError> {
        let damaged = |problem: String| JournalError::Damaged {
            run: run.clone(),
            entry: 0,
            problem,
        };
        let head: Self = serde_json::from_slice(text)
            .map_err(|error| damaged(format!("its head cannot be read: {error}")))?;
        if head.run != *run || head.seal != head.sealed() {
            return Err(damaged("its head does not fit its seal".to_owned()));
        }
        let digest = head.digest.parse();
        let digest = digest.map_err(|_| damaged("its head names no digest".to_owned()))?;
        let mut row = RunRow {
            task: head.task,
            plan_digest: head.plan_digest,
            origin: head.forked_from,
            updated_ms: head.updated_ms,
            epoch: head.epoch,
            owner: head.owner,
            head: head.entry,
            steps: head.steps,
            ended: head.ended,
            paused: head.paused,
            outcome: head.outcome,
            ..RunRow::new(0, head.run, head.created_ms, digest)
        };
        row.seal = row.sealed();
        Ok((row, head.bytes))
    }

    fn sealed(&self) -> String {
        let open = Self {
            seal: String::new(),
            ..self.clone()
        };
        let text = serde_json::to_vec(&open).unwrap_or_default();
        Digest::of(&text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_written_and_every_changed_bit_is_seen() {
        let run = RunId::new("run-a").unwrap();
        let mut row = RunRow {
            owner: Some("me".to_owned()),
            ..RunRow::new(0, run.clone(), 7, Digest::of(b"x"))
        };
        row.seal = row.sealed();
        let text = HeadFile::write(&row, 99);
        let read = HeadFile::read(&run, &text).unwrap();
        assert_eq!(read, (row, 99));
        for bit in 0..text.len() * 8 {
            let mut changed = text.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // Other white space between the fields means the same.
            if let Ok(same) = HeadFile::read(&run, &changed) {
                assert_eq!(same, read, "bit {bit}");
            }
        }
    }
}
