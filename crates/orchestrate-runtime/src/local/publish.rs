//! What the dispatcher tells: everything that happens is one event and goes one way.

use std::sync::Arc;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::limits::Usage;
use orchestrate_strategies::graph::walk::Effect;

use super::dispatcher::Dispatcher;

/// Events that are handed to the subscriber at once, at most.
const BATCH: usize = 128;

impl Dispatcher {
    /// Does and publishes what the walk decided; false when that was nothing.
    pub(super) fn apply_effects(&mut self) -> bool {
        let mut any = false;
        while let Some(effect) = self.walk.next_effect() {
            any = true;
            match effect {
                Effect::StepSkipped { task, outcome } => self.publish(EventKind::StepFinished {
                    step: task.path.clone(),
                    worker: task.worker(),
                    outcome,
                    output: Arc::default(),
                    confidence: 0.0,
                    attempts: 0,
                    duration_us: 0,
                    usage: Usage::default(),
                    evidence: Vec::new(),
                }),
                Effect::GroupFinished { path, result } => {
                    self.publish(EventKind::GroupFinished {
                        step: path,
                        outcome: result.outcome,
                        output: result.output,
                        confidence: result.confidence,
                    });
                }
                Effect::BranchTaken {
                    path,
                    label,
                    diagnostics,
                } => self.publish(EventKind::BranchTaken {
                    step: path,
                    label,
                    diagnostics,
                }),
                Effect::GraphGrown { path, bodies } => {
                    self.publish(EventKind::GraphGrown { step: path, bodies });
                }
                Effect::Deadline { node, ms } => self.set_deadline(node, ms),
                Effect::Cancel { node, reason } => self.stop_step(node, reason),
            }
        }
        any
    }

    pub(super) fn read_clock(&mut self) {
        let here = self.clock.now_us().saturating_sub(self.origin_us);
        self.now_us = self.now_us.max(self.before_us.saturating_add(here));
    }

    /// The one way of every event: numbered, folded into the report, recorded, handed to the subscriber.
    pub(super) fn publish(&mut self, kind: EventKind) {
        let event = Event {
            seq: self.seq,
            at_us: self.now_us,
            kind,
        };
        self.seq += 1;
        self.report.apply(&event);
        self.mail.apply(&event.kind);
        if self.is_recorded() {
            self.batch.push(event);
        } else if self.subscriber.is_some() {
            self.batch.push(event);
            if self.batch.len() >= BATCH {
                self.hand_over();
            }
        }
    }

    /// Hands over what was published since the last time.
    pub(super) fn hand_over(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        if self
            .subscriber
            .as_ref()
            .is_some_and(|subscriber| subscriber.send(batch).is_err())
        {
            // Nobody listens any more, which is no reason to stop.
            self.subscriber = None;
        }
    }
}
