//! What a list of runs needs to know of each, sealed so that a changed row is noticed.

use std::time::{SystemTime, UNIX_EPOCH};

use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::journal::{Digest, JournalError, RunState, RunSummary};

/// Everything that the row of a run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunRow {
    /// The number of the run in its store.
    pub(crate) number: i64,
    pub(crate) run: RunId,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) task: String,
    pub(crate) plan_digest: String,
    /// The run that it was forked from.
    pub(crate) origin: Option<String>,
    pub(crate) epoch: u64,
    pub(crate) owner: Option<String>,
    /// The number of the last entry.
    pub(crate) head: u64,
    /// The digest of the last entry.
    pub(crate) digest: Digest,
    pub(crate) steps: i64,
    pub(crate) ended: bool,
    pub(crate) paused: bool,
    pub(crate) outcome: Option<String>,
    pub(crate) seal: Vec<u8>,
}

impl RunRow {
    /// The row of a run that has only its first entry.
    pub(crate) fn new(number: i64, run: RunId, created_ms: i64, digest: Digest) -> Self {
        Self {
            number,
            run,
            created_ms,
            updated_ms: created_ms,
            task: String::new(),
            plan_digest: String::new(),
            origin: None,
            epoch: 1,
            owner: None,
            head: 0,
            digest,
            steps: 0,
            ended: false,
            paused: false,
            outcome: None,
            seal: Vec::new(),
        }
    }

    /// The seal over everything else.
    pub(crate) fn sealed(&self) -> Vec<u8> {
        let all = format!(
            "{:?}",
            (
                (self.number, &self.run, self.created_ms, self.updated_ms),
                (&self.task, &self.plan_digest, &self.origin, self.epoch),
                (&self.owner, self.head, self.digest, self.steps),
                (self.ended, self.paused, &self.outcome),
            )
        );
        Digest::of(all.as_bytes()).0.to_vec()
    }

    /// Whether the row is as it was written.
    pub(crate) fn check_seal(&self) -> Result<(), JournalError> {
        if self.sealed() == self.seal {
            Ok(())
        } else {
            Err(self.damaged(0, "what is known of the run does not fit its seal"))
        }
    }

    pub(crate) fn damaged(&self, entry: u64, problem: impl Into<String>) -> JournalError {
        JournalError::Damaged {
            run: self.run.clone(),
            entry,
            problem: problem.into(),
        }
    }

    /// Whether an owner of that epoch may still write.
    pub(crate) fn owned_at(&self, epoch: u64) -> Result<(), JournalError> {
        if self.epoch == epoch {
            return Ok(());
        }
        Err(JournalError::StaleOwner {
            run: self.run.clone(),
            epoch,
            current: self.epoch,
        })
    }

    /// Refuses a run that somebody works on.
    pub(crate) fn idle(&self, at_work: bool) -> Result<(), JournalError> {
        match &self.owner {
            Some(owner) if at_work => Err(JournalError::Owned {
                run: self.run.clone(),
                owner: owner.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// The row as a list shows it. `at_work` says whether its owner is.
    pub(crate) fn summary(&self, at_work: bool) -> RunSummary {
        let owner = self.owner.clone().filter(|_| at_work);
        let state = match () {
            () if self.ended => RunState::Ended,
            () if owner.is_some() => RunState::Running,
            () if self.paused => RunState::Paused,
            () => RunState::Interrupted,
        };
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        RunSummary {
            run_id: self.run.clone(),
            state,
            outcome: self.outcome.clone(),
            task: self.task.clone(),
            plan_digest: self.plan_digest.clone(),
            created_ms: number(self.created_ms),
            updated_ms: number(self.updated_ms),
            events: self.head,
            steps: number(self.steps),
            owner,
            forked_from: self.origin.as_deref().and_then(|run| RunId::new(run).ok()),
            damage: None,
        }
    }
}

/// The key under which the end of a step is recorded.
pub(crate) fn step_key(step: &StepPath) -> [u8; 16] {
    Digest::of(step.as_str().as_bytes()).0
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}
