//! Small runs to be recorded.

use std::sync::Arc;

use serde_json::Value;

use crate::event::{EVENT_FORMAT, Event, EventKind};
use crate::id::{AgentId, RunId, StepPath};
use crate::journal::Pinned;
use crate::limits::{Limits, Usage};
use crate::outcome::Outcome;
use crate::plan::{Plan, Step};
use crate::result::Worker;
use crate::testing::agent;

/// The name of a run.
#[must_use]
pub fn run_id(text: &str) -> RunId {
    RunId::new(text).unwrap()
}

/// What is pinned of a run with a plan of one step.
#[must_use]
pub fn pinned(run: &str, created_ms: u64) -> Pinned {
    let step = Step::agent(AgentId::new("a").unwrap());
    let plan = Plan::new("a sample", &agent(&["a"]), step);
    Pinned::new(run_id(run), plan, Limits::default(), created_ms)
}

/// The first event of a run.
#[must_use]
pub fn started(run: &str) -> Event {
    event(
        0,
        EventKind::RunStarted {
            run_id: run_id(run),
            format: EVENT_FORMAT.to_owned(),
            plan_digest: "d".to_owned(),
            task: "a sample".to_owned(),
            planning: Usage::default(),
        },
    )
}

/// The first attempt of a step began.
#[must_use]
pub fn step_started(seq: u64, step: &str) -> Event {
    event(
        seq,
        EventKind::StepStarted {
            step: path(step),
            worker: Worker::Agent(AgentId::new("a").unwrap()),
            backend: "sample".into(),
            attempt: 1,
        },
    )
}

/// A step succeeded.
#[must_use]
pub fn step_finished(seq: u64, step: &str, output: impl Into<Arc<Value>>) -> Event {
    event(
        seq,
        EventKind::StepFinished {
            step: path(step),
            worker: Worker::Agent(AgentId::new("a").unwrap()),
            outcome: Outcome::Succeeded,
            output: output.into(),
            confidence: 1.0,
            attempts: 1,
            duration_us: 1,
            usage: Usage::default(),
            evidence: Vec::new(),
        },
    )
}

/// The run succeeded.
#[must_use]
pub fn finished(seq: u64) -> Event {
    event(
        seq,
        EventKind::RunFinished {
            outcome: Outcome::Succeeded,
            output: Arc::default(),
            usage: Usage::default(),
        },
    )
}

fn event(seq: u64, kind: EventKind) -> Event {
    Event {
        seq,
        at_us: seq,
        kind,
    }
}

fn path(text: &str) -> StepPath {
    StepPath::root().child(&text)
}
