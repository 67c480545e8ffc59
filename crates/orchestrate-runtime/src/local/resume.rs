//! How a run goes on from what was recorded of it.

use std::time::Duration;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::journal::Outside;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, LimitKind, Outcome};
use orchestrate_core::report::RunReport;
use orchestrate_core::spending::Spending;
use orchestrate_core::tool::Effect;
use orchestrate_strategies::graph::Work;
use orchestrate_strategies::graph::replay::{OpenStep, Replay};
use tokio::time::Instant;

use super::dispatcher::{Dispatcher, Going};
use super::flights::Step;
use super::handle::Recorded;

/// What was recorded of a run, folded.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) replay: Replay,
    pub(super) report: RunReport,
    pub(super) events: Vec<Event>,
    /// How long ago the run was recorded first, in microseconds, by the clock on the wall.
    pub(super) elapsed_us: u64,
    /// Counts the owners of the run.
    pub(super) epoch: u64,
    /// What others have told the run.
    pub(super) outside: Outside,
}

impl Past {
    pub(super) fn of(
        replay: Replay,
        events: Vec<Event>,
        elapsed_us: u64,
        epoch: u64,
        outside: Outside,
    ) -> Self {
        Self {
            replay,
            report: RunReport::of(&events),
            events,
            elapsed_us,
            epoch,
            outside,
        }
    }
}

impl Past {
    /// What was recorded of it, for whoever watches the run go on.
    pub(super) fn recorded(&self) -> Recorded {
        Recorded {
            report: self.report.clone(),
            spending: Spending::of(&self.events),
        }
    }
}

impl Dispatcher {
    /// Takes up the run where its record ends.
    pub(super) fn take_up(&mut self, past: Past) {
        let Past {
            replay,
            report,
            events,
            elapsed_us,
            epoch,
            outside,
        } = past;
        self.seq = replay.next();
        let at_us = replay.at_us();
        // The clock on the wall may have been set back meanwhile; events never go back.
        self.now_us = at_us.max(elapsed_us);
        self.before_us = self.now_us;
        self.origin_us = self.clock.now_us();
        let worked_us = at_us.saturating_sub(replay.idle_us());
        let wall = self.limits.wall_ms.map(Duration::from_millis);
        let left = wall.map(|wall| wall.saturating_sub(Duration::from_micros(worked_us)));
        self.wall = left.and_then(|left| Instant::now().checked_add(left));
        for event in &events {
            self.mail.apply(&event.kind);
        }
        // What open steps used is booked with each of them.
        let open: Usage = report.unfinished.values().copied().sum();
        self.ledger.take_over(&replay, report.usage.without(open));
        self.report = report;
        let (stopped, limited) = (replay.stopped(), replay.limited());
        let (walk, open, deadlines) = replay.into_parts();
        self.walk = walk;
        for (at_us, node) in deadlines {
            self.restore_deadline(node, at_us);
        }
        self.publish(EventKind::RunResumed { epoch });
        if limited.is_some() {
            self.going = Going::Out;
        }
        self.told(outside);
        for step in open {
            self.take_up_step(step);
        }
        self.answer_decided();
        if let Some(limit) = limited {
            self.stop_idle(&Outcome::LimitReached { limit });
        }
        if let Some(reason) = stopped {
            self.stop_again(reason);
        }
    }

    fn take_up_step(&mut self, open: OpenStep) {
        let OpenStep {
            ready,
            attempts,
            working,
            began_us,
            rests_until_us,
            usage,
            unsettled,
            calls,
            question,
            decided,
            parked,
        } = open;
        let mut step = Step {
            attempts,
            began_us,
            usage,
            calls,
            decided,
            parked,
            ..Step::new(ready)
        };
        self.ledger.book(self.walk.graph(), &step.task, usage);
        if working {
            // Where calls do not tell what the attempt used that was under way, all that it could is booked.
            let doer = self.doer(&step.task.work).ok().flatten();
            let most = match &doer {
                Some(doer) if doer.records_what_it_uses() => {
                    let open: Usage = step.calls.open().map(|call| call.most).sum();
                    let attempt = Usage {
                        calls: 1,
                        ..unsettled
                    };
                    attempt + open
                }
                Some(doer) => doer.range().most,
                None => Usage::default(),
            };
            self.ledger.book(self.walk.graph(), &step.task, most);
            // What its recorded calls used is known all the same, and they are not made again.
            step.usage += Usage {
                calls: 1,
                ..unsettled
            };
            if !self.may_repeat(&step) {
                return self.park(step, question.is_some());
            }
        } else if let Some(request) = question.filter(|it| it.call_of.is_some()) {
            return self.ask_again(step, request);
        }
        match rests_until_us {
            Some(until) => {
                let left = Duration::from_micros(until.saturating_sub(self.now_us));
                self.flights.rest(step, Instant::now() + left);
            }
            None => self.waiting.push_back(step),
        }
    }

    /// Whether an attempt whose end nobody saw may be made again.
    fn may_repeat(&self, step: &Step) -> bool {
        let effect = match &step.task.work {
            Work::Agent(work) => {
                let assigned = self.assigned.get(&work.agent.id);
                assigned.map_or(Effect::Read, |assigned| assigned.effect)
            }
            Work::Tool { effect, .. } => *effect,
            Work::Approve(_) | Work::Refused { .. } => Effect::Read,
        };
        match effect {
            Effect::Read => true,
            Effect::Write => step.task.retry.max_attempts > 1,
            Effect::External => false,
        }
    }

    /// The run was told to stop before: what is left of it stops now.
    fn stop_again(&mut self, reason: CancelReason) {
        self.going = Going::Stopped;
        self.signal.raise();
        self.stop_all(&match reason {
            CancelReason::WallTime => Outcome::LimitReached {
                limit: LimitKind::WallTime,
            },
            reason => Outcome::Cancelled { reason },
        });
    }
}
