//! What of a recorded run holds for another plan, or without one of its steps.
//!
//! A step's end holds if the step is still there, may still begin on what holds before it, and did
//! end of itself. What was stopped from outside, or decided from something that does not hold any
//! more, is left out; so what is kept is again a record that a run can be gone on with.

use std::collections::HashSet;

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::StepPath;
use orchestrate_core::outcome::{CancelReason, Outcome};

use super::replay::Replay;

/// The events that hold, numbered anew. `replay` is one of the other plan, which has taken in nothing.
#[must_use]
pub fn reusable(mut replay: Replay, events: &[Event], without: Option<&StepPath>) -> Vec<Event> {
    let mut ends: HashSet<&StepPath> = HashSet::new();
    let mut kept: HashSet<u64> = HashSet::new();
    for event in events {
        let holds = match &event.kind {
            EventKind::RunStarted { .. } => true,
            EventKind::StepFinished {
                step,
                outcome,
                attempts,
                ..
            } => {
                let own = *attempts > 0 && !from_outside(outcome);
                let outside = without.is_some_and(|without| is_inside(step, without));
                !outside && (own || replay.is_skipped(step, outcome)) && replay.apply(event).is_ok()
            }
            EventKind::GroupFinished { .. }
            | EventKind::BranchTaken { .. }
            | EventKind::GraphGrown { .. } => replay.apply(event).is_ok(),
            _ => false,
        };
        if holds {
            kept.insert(event.seq);
            if let EventKind::StepFinished { step, .. } = &event.kind {
                ends.insert(step);
            }
        }
    }
    let of_kept_step = |event: &Event| match &event.kind {
        EventKind::StepStarted { step, .. }
        | EventKind::StepRetried { step, .. }
        | EventKind::CallStarted { step, .. }
        | EventKind::CallFinished { step, .. }
        | EventKind::MessageDelivered { step, .. }
        | EventKind::StepParked { step, .. }
        | EventKind::MessageRefused { step, .. } => ends.contains(step),
        EventKind::ApprovalDecided { step, .. } => ends.iter().any(|end| is_inside(step, end)),
        EventKind::MessageSent { message } => ends.contains(&message.step),
        EventKind::ApprovalRequested { request } => ends.contains(request.waiting_step()),
        _ => false,
    };
    let holding = events
        .iter()
        .filter(|event| kept.contains(&event.seq) || of_kept_step(event));
    let numbered = holding.zip(0u64..).map(|(event, seq)| Event {
        seq,
        ..event.clone()
    });
    numbered.collect()
}

/// Whether a step stands at a place or inside of what stands there.
fn is_inside(step: &StepPath, place: &StepPath) -> bool {
    let rest = step.as_str().strip_prefix(place.as_str());
    rest.is_some_and(|rest| {
        place.as_str().is_empty() || rest.is_empty() || rest.starts_with(['/', '#'])
    })
}

/// Whether something ended not of itself but because the run was to stop.
fn from_outside(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Cancelled {
            reason: CancelReason::User | CancelReason::WallTime
        } | Outcome::LimitReached { .. }
            | Outcome::Unknown { .. }
    )
}
