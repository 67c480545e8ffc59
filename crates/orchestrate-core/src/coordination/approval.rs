//! A question to a person, and the one answer that counts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it may go on.
    pub approved: bool,
    /// Who said so.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub at: u64,
}

/// A question, with its answer once there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// Its name among the questions of the team.
    pub id: String,
    /// What is asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who asks.
    pub agent: String,
    /// What whoever answers needs to know.
    pub context: Value,
    /// When it was asked.
    pub asked_at: u64,
    /// Until when it can be answered.
    pub until: u64,
    /// The first answer; there is no second.
    pub verdict: Option<Verdict>,
}

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalState {
    /// It can be answered.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Nobody answered in time, which is neither yes nor no, and does not let anything pass.
    Expired,
}

impl Approval {
    /// How it stands.
    #[must_use]
    pub fn state(&self, now: u64) -> ApprovalState {
        match &self.verdict {
            Some(verdict) if verdict.approved => ApprovalState::Approved,
            Some(_) => ApprovalState::Rejected,
            None if now < self.until => ApprovalState::Pending,
            None => ApprovalState::Expired,
        }
    }
}
