//! What the events of a run say of its steps: when each began and ended, how, and what it gave.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::evidence::Evidence;
use orchestrate_core::id::{RunId, StepPath};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::Outcome;
use serde_json::Value;

/// A step that ended, a group of steps included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Did {
    pub(super) outcome: Outcome,
    pub(super) output: Arc<Value>,
    pub(super) attempts: u32,
    /// Microseconds from the start of the run on; none when it did not run.
    pub(super) began_us: Option<u64>,
    pub(super) ended_us: u64,
    pub(super) usage: Usage,
    pub(super) evidence: Vec<Evidence>,
}

impl Did {
    /// How long it took with all attempts and rests, in milliseconds; none when it did not run.
    pub(super) fn ms(&self) -> Option<f64> {
        let us = self.ended_us.checked_sub(self.began_us?)?;
        Some(us as f64 / 1e3)
    }
}

/// A run, folded from its events; of one that was gone on with, from all of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    run: Option<RunId>,
    began: BTreeMap<StepPath, u64>,
    ended: BTreeMap<StepPath, Did>,
    /// The time of the last event, as it says it.
    told_us: u64,
    /// In which nobody worked on the run: until somebody went on with it.
    idle_us: u64,
}

impl Measured {
    /// The fold of so many events.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut measured = Self::default();
        for event in events {
            measured.apply(event);
        }
        measured
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        let idle = match event.kind {
            EventKind::RunResumed { .. } => event.at_us.saturating_sub(self.told_us),
            _ => 0,
        };
        self.idle_us = self.idle_us.saturating_add(idle);
        self.told_us = event.at_us;
        let now_us = self.now_us();
        match &event.kind {
            EventKind::RunStarted { run_id, .. } => self.run = Some(run_id.clone()),
            EventKind::StepStarted { step, .. } => {
                self.began.entry(step.clone()).or_insert(now_us);
            }
            EventKind::StepFinished {
                step,
                outcome,
                output,
                attempts,
                usage,
                evidence,
                ..
            } => {
                let did = Did {
                    outcome: outcome.clone(),
                    output: output.clone(),
                    attempts: *attempts,
                    began_us: self.began.get(step).copied().filter(|_| *attempts > 0),
                    ended_us: now_us,
                    usage: *usage,
                    evidence: evidence.clone(),
                };
                self.ended.insert(step.clone(), did);
            }
            EventKind::GroupFinished {
                step,
                outcome,
                output,
                ..
            } => {
                let did = self.group(step, outcome, output, now_us);
                self.ended.insert(step.clone(), did);
            }
            _ => {}
        }
    }

    /// Microseconds of work on the run so far.
    fn now_us(&self) -> u64 {
        self.told_us.saturating_sub(self.idle_us)
    }

    /// A group that ended: what its parts used, from the beginning of the first.
    fn group(&self, step: &StepPath, outcome: &Outcome, output: &Arc<Value>, at_us: u64) -> Did {
        let parts = || {
            let inside = |path: &&StepPath| {
                let rest = path.as_str().strip_prefix(step.as_str());
                rest.is_some_and(|rest| rest.starts_with(['/', '#']))
            };
            // Groups inside have what their own parts used already.
            self.began.keys().filter(inside)
        };
        let ended = || parts().filter_map(|path| self.ended.get(path));
        Did {
            outcome: outcome.clone(),
            output: output.clone(),
            attempts: u32::from(parts().next().is_some()),
            began_us: parts().filter_map(|it| self.began.get(it)).min().copied(),
            ended_us: at_us,
            usage: ended().map(|did| did.usage).sum(),
            evidence: Vec::new(),
        }
    }

    /// A step that ended.
    pub(super) fn step(&self, path: &StepPath) -> Option<&Did> {
        self.ended.get(path)
    }

    /// When a step began that has not ended.
    pub(super) fn under_way(&self, path: &StepPath) -> Option<u64> {
        self.began.get(path).copied()
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// From its start to the last event, in seconds; the time in which nobody worked on it does not count.
    pub(super) fn wall_s(&self) -> f64 {
        self.now_us() as f64 / 1e6
    }
}
