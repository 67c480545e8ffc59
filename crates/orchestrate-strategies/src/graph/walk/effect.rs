//! What a walk gives out: steps that may start, and what a driver must publish or do.

use std::sync::Arc;

use orchestrate_core::backend::PromptPrefix;
use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, Outcome};
use orchestrate_core::scope::Scope;
use orchestrate_core::task::Context;
use serde_json::Value;

use crate::graph::node::{NodeId, Task};

/// A step that may start now.
#[derive(Debug)]
pub struct Ready {
    /// Its node; given back with the result.
    pub node: NodeId,
    /// What is to be done.
    pub task: Arc<Task>,
    /// The values that the plan binds for it. A value that does not exist is left out.
    pub inputs: Vec<(Arc<str>, Arc<Value>)>,
    /// What stands at the head of its prompt.
    pub prefix: Option<PromptPrefix>,
    /// The results of the steps before it.
    pub scope: Scope,
    /// The context that it sees: that of the task, or that of the call around it.
    pub context: Arc<Context>,
}

/// How a step ended, after its last attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct StepResult {
    /// How.
    pub outcome: Outcome,
    /// What it gave; null when nothing.
    pub output: Arc<Value>,
    /// How sure it is, from 0 to 1.
    pub confidence: f64,
    /// What it used; for a group that is counted when somebody asks.
    pub usage: Usage,
    /// How long it worked, in microseconds; as for `usage`.
    pub worked_us: u64,
}

impl StepResult {
    /// An end without output.
    #[must_use]
    pub fn without_output(outcome: Outcome) -> Self {
        Self {
            outcome,
            output: Arc::default(),
            confidence: 0.0,
            usage: Usage::default(),
            worked_us: 0,
        }
    }
}

/// What the driver must publish or do, in this order.
#[derive(Debug)]
pub enum Effect {
    /// A step ended without running.
    StepSkipped {
        /// The step.
        task: Arc<Task>,
        /// Why.
        outcome: Outcome,
    },
    /// A group ended.
    GroupFinished {
        /// The group.
        path: StepPath,
        /// Its result.
        result: StepResult,
    },
    /// A branch chose its way, or the condition of a graph's step was read.
    BranchTaken {
        /// The branch or step.
        path: StepPath,
        /// The way, `when` for a step whose condition holds; none when no condition held and there is no other.
        label: Option<String>,
        /// Fields that were absent or could not be compared.
        diagnostics: Vec<String>,
    },
    /// Bodies were added.
    GraphGrown {
        /// The loop, map or expansion.
        path: StepPath,
        /// How many.
        bodies: u32,
    },
    /// Something has begun that may take only so long. When the time is over the driver calls
    /// [`expire`](super::Walk::expire); for what has ended by then, that does nothing.
    Deadline {
        /// The step or group.
        node: NodeId,
        /// How long it may take, in milliseconds.
        ms: u64,
    },
    /// A step in flight is no longer wanted. The driver stops it and still calls [`finish`](super::Walk::finish) for it.
    Cancel {
        /// The step.
        node: NodeId,
        /// Why.
        reason: CancelReason,
    },
}
