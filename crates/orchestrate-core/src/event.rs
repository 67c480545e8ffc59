//! Everything that happens in a run, as versioned data. Journals, terminals and reports are folds over it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::{ApprovalAnswer, ApprovalRequest};
use crate::bus::{Recipient, TeamMessage};
use crate::calls::{CallIntent, CallResult};
use crate::evidence::Evidence;
use crate::id::{AgentId, RunId, StepPath};
use crate::limits::{Limits, Usage};
use crate::outcome::{CancelReason, FailureClass, LimitKind, Outcome};
use crate::result::Worker;

/// The format of events; the first line of an event stream names it.
pub const EVENT_FORMAT: &str = "orchestrate.events/1";

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Position in the run, from 0, without gaps.
    pub seq: u64,
    /// Microseconds since the run started; never goes back.
    pub at_us: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What has limits beside the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitHolder {
    /// The run.
    Run,
    /// A step: for all that is done inside it.
    Step(StepPath),
    /// An agent: for all that it does in the run.
    Agent(AgentId),
}

/// What a step was short of that could not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// The step.
    pub step: StepPath,
    /// The least that an attempt of it needs.
    pub needs: Usage,
    /// What was used of the limits at that moment.
    pub spent: Usage,
    /// The limits.
    pub limits: Limits,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run began.
    RunStarted {
        /// The run.
        run_id: RunId,
        /// [`EVENT_FORMAT`].
        format: String,
        /// Digest of the plan.
        plan_digest: String,
        /// The task.
        task: String,
        /// What a model used that planned the run, before it began; the run pays for it.
        #[serde(default, skip_serializing_if = "Usage::is_nothing")]
        planning: Usage,
    },
    /// An attempt of an agent or a call of a tool began.
    StepStarted {
        /// The step.
        step: StepPath,
        /// Who or what does it: `agent` or `tool`.
        #[serde(flatten)]
        worker: Worker,
        /// The backend that runs it; `tool` for tools.
        backend: Arc<str>,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// An attempt failed and will be made again.
    StepRetried {
        /// The step.
        step: StepPath,
        /// The attempt that failed.
        attempt: u32,
        /// In what way.
        class: FailureClass,
        /// What happened.
        message: String,
        /// How long until the next attempt, in milliseconds.
        delay_ms: u64,
        /// What it used.
        #[serde(default)]
        usage: Usage,
    },
    /// An attempt cannot go on before a person has decided about one of its calls; the question follows.
    /// Once there is an answer, there is another attempt.
    StepParked {
        /// The step.
        step: StepPath,
        /// The attempt.
        attempt: u32,
        /// What it used.
        usage: Usage,
    },
    /// An attempt is about to call a model or a tool; only recorded runs tell of it.
    CallStarted {
        /// The step.
        step: StepPath,
        /// The call.
        call: CallIntent,
    },
    /// A call of an attempt ended.
    CallFinished {
        /// The step.
        step: StepPath,
        /// The call's position among those of the step, from 0.
        ordinal: u32,
        /// How it ended.
        result: CallResult,
    },
    /// A step of an agent, a tool or a person ended; recorded once per step.
    StepFinished {
        /// The step.
        step: StepPath,
        /// Who or what did it: `agent`, `tool` or `approver`.
        #[serde(flatten)]
        worker: Worker,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// What it gave; null when nothing.
        output: Arc<Value>,
        /// How sure it is.
        confidence: f64,
        /// Attempts made; 0 when it did not run.
        attempts: u32,
        /// From the first attempt to the end of the last, in microseconds.
        duration_us: u64,
        /// What it used.
        usage: Usage,
        /// How its figures came to be.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        evidence: Vec<Evidence>,
    },
    /// A group of steps ended.
    GroupFinished {
        /// The group.
        step: StepPath,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
        /// What it gave.
        output: Arc<Value>,
        /// How sure it is.
        confidence: f64,
    },
    /// A branch chose its way.
    BranchTaken {
        /// The branch.
        step: StepPath,
        /// The label of the way; absent when none was taken.
        label: Option<String>,
        /// Fields that were absent or could not be compared.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        diagnostics: Vec<String>,
    },
    /// A person is asked. The answer must name the request's digest.
    ApprovalRequested {
        /// What is asked.
        request: ApprovalRequest,
    },
    /// A person decided. The step's end follows, or another attempt of it.
    ApprovalDecided {
        /// Where the question stood.
        step: StepPath,
        /// What was decided.
        answer: ApprovalAnswer,
    },
    /// An answer did not count; the request stays open.
    ApprovalRefused {
        /// Where the question stands.
        step: StepPath,
        /// Why.
        reason: String,
    },
    /// The graph grew by one round of a loop, the items of a map, or what was to be expanded.
    GraphGrown {
        /// The loop, map or expansion.
        step: StepPath,
        /// How many bodies were added.
        bodies: u32,
    },
    /// Somebody goes on with the run where its record ended.
    RunResumed {
        /// Counts those who worked on it, from 1 for whoever began it.
        epoch: u64,
    },
    /// The run was told to stop.
    CancelRequested {
        /// Why.
        reason: CancelReason,
    },
    /// A limit of a step or of an agent was reached: nothing further of it begins, and the rest of the
    /// run goes on. Of the run itself: nothing further of it begins.
    LimitReached {
        /// Whose limit.
        of: LimitHolder,
        /// Which.
        limit: LimitKind,
        /// The step that could not begin, and what it was short of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short: Option<Box<Shortage>>,
    },
    /// An attempt used more than had been reserved for it; the surplus is booked all the same.
    BudgetOverrun {
        /// The step.
        step: StepPath,
        /// What had been reserved.
        reserved: Usage,
        /// What was used.
        used: Usage,
    },
    /// Work that was told to stop had not come to an end when the run did; it may still go on.
    StepUnstopped {
        /// The step.
        step: StepPath,
        /// Who or what it is: `agent` or `tool`.
        #[serde(flatten)]
        worker: Worker,
        /// How long ago it was told, in milliseconds.
        after_ms: u64,
    },
    /// An agent sent a message to another or to its team.
    MessageSent {
        /// The message, with who sent it and in which step.
        message: Arc<TeamMessage>,
    },
    /// A message was not sent, because it could reach nobody.
    MessageRefused {
        /// The step of the sender.
        step: StepPath,
        /// The sender.
        from: AgentId,
        /// Whom it was for.
        to: Recipient,
        /// Why it was refused, and who could have been named.
        why: String,
    },
    /// A message reached an agent at the beginning of one of its steps.
    MessageDelivered {
        /// The message's number.
        message: u32,
        /// The step of the receiver.
        step: StepPath,
        /// The receiver.
        to: AgentId,
    },
    /// The run ended before a receiver of a message had another step.
    MessageUndelivered {
        /// The message's number.
        message: u32,
        /// Who did not get it.
        to: AgentId,
    },
    /// Progress that an agent reports while it works; not part of any result.
    Progress {
        /// The step.
        step: StepPath,
        /// What it is doing.
        message: String,
    },
    /// Nothing is left to do but to wait for decisions. The run has not ended: it goes on from here
    /// once they are made.
    RunPaused {
        /// The questions that wait for a decision, in the order in which they asked.
        pending: Vec<StepPath>,
        /// Everything that was used so far.
        usage: Usage,
    },
    /// The run ended.
    RunFinished {
        /// How, derived from its steps.
        #[serde(flatten)]
        outcome: Outcome,
        /// What the plan's root gave.
        output: Arc<Value>,
        /// Everything that was used.
        usage: Usage,
    },
}
