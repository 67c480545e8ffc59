//! The head of a run: the number and digest of its last entry, which every backend keeps a second time.

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Digest, JournalError, LostEntries, RunState, RunSummary};

use super::row::RunRow;

/// The last entry of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) run: RunId,
    pub(crate) entry: u64,
    pub(crate) digest: Digest,
}

impl RunRow {
    /// The head as it is to be kept a second time.
    pub(crate) fn head(&self) -> Head {
        Head {
            run: self.run.clone(),
            entry: self.head,
            digest: self.digest,
        }
    }

    /// What the second copy of the head says against the row; nothing when they fit.
    pub(crate) fn check_head(&self, head: Option<&Head>) -> Result<(), JournalError> {
        match head {
            Some(head) if head.run == self.run => {
                if head.entry > self.head {
                    return Err(lost(head, self.head + 1));
                }
                if head.entry == self.head && head.digest != self.digest {
                    return Err(self.damaged(self.head, "it does not fit the head of the run"));
                }
                Ok(())
            }
            // A run that was being recorded when its process ended; nobody was told of it.
            _ if self.head == 0 => Ok(()),
            _ => Err(self.damaged(self.head, "the second copy of the run's head is missing")),
        }
    }
}

/// Entries from number `first` on are not there, and the head tells that they were.
pub(crate) fn lost(head: &Head, first: u64) -> JournalError {
    JournalError::Lost {
        run: head.run.clone(),
        lost: LostEntries {
            first,
            last: head.entry,
        },
    }
}

/// What is listed of a run of which only the head is left.
pub(crate) fn ghost(head: &Head) -> RunSummary {
    damaged(head.run.clone(), &lost(head, 0))
}

/// What is listed of a run of which nothing can be told but what is wrong with it.
pub(crate) fn damaged(run: RunId, problem: &JournalError) -> RunSummary {
    RunSummary {
        run_id: run,
        state: RunState::Interrupted,
        outcome: None,
        task: String::new(),
        plan_digest: String::new(),
        created_ms: 0,
        updated_ms: 0,
        events: 0,
        steps: 0,
        owner: None,
        forked_from: None,
        damage: Some(problem.to_string()),
    }
}
