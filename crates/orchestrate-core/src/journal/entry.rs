//! What is kept of a run: the plan that was pinned, then its events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Event;
use crate::id::{RunId, StepPath};
use crate::limits::{Limits, Usage};
use crate::plan::Plan;

/// The format of journals; another is refused, never guessed at.
pub const JOURNAL_FORMAT: &str = "orchestrate.journal/1";

/// The first entry of a run: everything that stays as it was when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pinned {
    /// [`JOURNAL_FORMAT`].
    pub format: String,
    /// The version of the program that began the run.
    pub version: String,
    /// The run.
    pub run_id: RunId,
    /// When it was recorded, in milliseconds since 1970; events count from here.
    pub created_ms: u64,
    /// Identity of `plan`; a run is never continued with another.
    pub plan_digest: String,
    /// What is run.
    pub plan: Plan,
    /// The limits that hold: those of the plan and of whoever ran it, the tighter of each.
    pub limits: Limits,
    /// The run that this one was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What a model used that planned the run, before it began; the run pays for it.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub planning: Usage,
    /// What whoever began the run needs to know to go on with it, for example which repository it
    /// is about. The journal only keeps it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub about: Value,
}

impl Pinned {
    /// What is pinned when a plan is about to run.
    #[must_use]
    pub fn new(run_id: RunId, plan: Plan, limits: Limits, created_ms: u64) -> Self {
        Self {
            format: JOURNAL_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run_id,
            created_ms,
            plan_digest: plan.digest(),
            plan,
            limits,
            origin: None,
            planning: Usage::default(),
            about: Value::Null,
        }
    }
}

/// Where a forked run left the run that it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The run.
    pub run: RunId,
    /// The first step that was not taken over from it.
    pub step: StepPath,
}

/// A run as it is kept, checked against its digests from its first entry to its last.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// Entry 0.
    pub pinned: Pinned,
    /// All events, in order: entry `n` is the event `n - 1`.
    pub events: Vec<Event>,
}
