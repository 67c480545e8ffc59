//! What a run has used so far, folded from its events while it goes on.

use std::collections::BTreeMap;

use crate::event::{Event, EventKind};
use crate::id::StepPath;
use crate::limits::Usage;

/// What a run and its open steps have used. Calls of models count as they end, where the run is recorded;
/// in one that is not, a step counts once it has ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spending {
    ended: Usage,
    open: BTreeMap<StepPath, OpenSpending>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct OpenSpending {
    /// By attempts that have ended.
    attempts: Usage,
    /// By calls of the attempt that is under way.
    calls: Usage,
}

impl Spending {
    /// What a run has used by these events.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut spending = Self::default();
        events.into_iter().for_each(|event| spending.apply(event));
        spending
    }

    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        match &event.kind {
            EventKind::RunStarted { planning, .. } => self.ended += *planning,
            EventKind::CallFinished { step, result, .. } => {
                self.open.entry(step.clone()).or_default().calls += result.usage;
            }
            EventKind::StepRetried { step, usage, .. }
            | EventKind::StepParked { step, usage, .. } => {
                let open = self.open.entry(step.clone()).or_default();
                open.attempts += *usage;
                open.calls = Usage::default();
            }
            // Attempts that were under way are cut: what their calls used is all that is known of them.
            EventKind::RunResumed { .. } => {
                for open in self.open.values_mut() {
                    open.attempts += std::mem::take(&mut open.calls);
                }
            }
            EventKind::StepFinished { step, usage, .. } => {
                self.open.remove(step);
                self.ended += *usage;
            }
            _ => {}
        }
    }

    /// What a step that has not ended has used.
    #[must_use]
    pub fn of_step(&self, step: &StepPath) -> Usage {
        let open = self.open.get(step).copied().unwrap_or_default();
        open.attempts + open.calls
    }

    /// What the run has used.
    #[must_use]
    pub fn total(&self) -> Usage {
        let open = self.open.values().map(|it| it.attempts + it.calls);
        self.ended + open.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::CallResult;
    use crate::outcome::{FailureClass, Outcome};
    use crate::result::Worker;
    use std::sync::Arc;

    #[test]
    fn calls_count_as_they_end_and_no_token_counts_twice() {
        let tokens = |tokens| Usage {
            tokens,
            ..Usage::default()
        };
        let step = StepPath::root().child(&"a");
        let call = |used| EventKind::CallFinished {
            step: step.clone(),
            ordinal: 0,
            result: CallResult {
                success: true,
                response: Arc::default(),
                usage: tokens(used),
            },
        };
        let retried = EventKind::StepRetried {
            step: step.clone(),
            attempt: 1,
            class: FailureClass::Transient,
            message: String::new(),
            delay_ms: 1,
            usage: tokens(12),
        };
        let parked = EventKind::StepParked {
            step: step.clone(),
            attempt: 2,
            usage: tokens(0),
        };
        let resumed = EventKind::RunResumed { epoch: 2 };
        let finished = EventKind::StepFinished {
            step: step.clone(),
            worker: Worker::Tool("t".into()),
            outcome: Outcome::Succeeded,
            output: Arc::default(),
            confidence: 1.0,
            attempts: 2,
            duration_us: 1,
            usage: tokens(40),
            evidence: Vec::new(),
        };
        let mut spending = Spending::default();
        let mut totals = Vec::new();
        for kind in [
            call(5),
            call(7),
            retried,
            call(20),
            resumed,
            parked,
            finished,
        ] {
            spending.apply(&Event {
                seq: 0,
                at_us: 0,
                kind,
            });
            totals.push((spending.total().tokens, spending.of_step(&step).tokens));
        }
        let open = [5, 12, 12, 32, 32, 32].map(|it| (it, it));
        assert_eq!(totals, [&open[..], &[(40, 0)]].concat());
    }
}
