//! What of a recorded run holds for another plan, or without one of its steps.
//!
//! A step's end holds if the step is still there, may still begin on what holds before it, and did
//! end of itself. What was stopped from outside, or decided from something that does not hold any
//! more, is left out; so what is kept is again a record that a run can be gone on with.

use std::collections::{HashMap, HashSet};

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};

use super::replay::Replay;

/// What of a run is to be done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again<'a> {
    /// What does not hold for the plan any more, and what was stopped from outside.
    Changed,
    /// The same, and everything of one step.
    Step(&'a StepPath),
    /// What the account stopped that pays for it. What an attempt had finished by then is kept.
    Unpaid,
}

/// The events that hold, numbered anew. `replay` is one of the other plan, which has taken in nothing.
#[must_use]
pub fn reusable(mut replay: Replay, events: &[Event], again: Again<'_>) -> Vec<Event> {
    let mut ends: HashSet<&StepPath> = HashSet::new();
    let mut kept: HashSet<u64> = HashSet::new();
    // Begun, and then stopped by what is not to hold: what they have done by then holds.
    let mut begun: HashSet<&StepPath> = HashSet::new();
    for event in events {
        let holds = match &event.kind {
            EventKind::RunStarted { .. } => true,
            EventKind::StepFinished {
                step,
                outcome,
                attempts,
                ..
            } => {
                let stopped = again == Again::Unpaid
                    && (is_unpaid(outcome) || is_sibling(outcome) && !replay.is_cancelled(step));
                if stopped && *attempts > 0 {
                    begun.insert(step);
                }
                let own = *attempts > 0 && !stopped && again.keeps(outcome);
                let inside = matches!(again, Again::Step(place) if is_inside(step, place));
                !inside && (own || replay.is_skipped(step, outcome)) && replay.apply(event).is_ok()
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
    let is_held = |step: &StepPath| ends.contains(step) || begun.contains(step);
    // A question about a call stands below the step whose agent makes it.
    let calls: HashSet<&StepPath> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ApprovalRequested { request } => {
                let step = request.call_of.as_ref()?;
                is_held(step).then_some(&request.step)
            }
            _ => None,
        })
        .collect();
    let of_kept_step = |event: &Event| match &event.kind {
        EventKind::StepStarted { step, .. }
        | EventKind::StepRetried { step, .. }
        | EventKind::CallStarted { step, .. }
        | EventKind::CallFinished { step, .. }
        | EventKind::StepParked { step, .. }
        | EventKind::MessageDelivered { step, .. } => is_held(step),
        EventKind::MessageRefused { step, .. } => ends.contains(step),
        EventKind::ApprovalDecided { step, .. } => ends.contains(step) || calls.contains(step),
        EventKind::MessageSent { message } => ends.contains(&message.step),
        EventKind::ApprovalRequested { request } => {
            ends.contains(&request.step) || calls.contains(&request.step)
        }
        _ => false,
    };
    let mut used: HashMap<&StepPath, Usage> = HashMap::new();
    let mut held = Vec::new();
    for event in events {
        if let EventKind::StepRetried { step, usage, .. }
        | EventKind::StepParked { step, usage, .. } = &event.kind
        {
            *used.entry(step).or_default() += *usage;
        }
        let kind = if kept.contains(&event.seq) || of_kept_step(event) {
            Some(event.kind.clone())
        } else {
            let before = |step| used.get(step).copied().unwrap_or_default();
            to_be_tried_again(&event.kind, &begun, before)
        };
        held.extend(kind.map(|kind| (event.at_us, kind)));
    }
    let numbered = held
        .into_iter()
        .zip(0u64..)
        .map(|((at_us, kind), seq)| Event { seq, at_us, kind });
    numbered.collect()
}

/// Whether the account that pays for work stopped a step, so that the same can succeed once that is mended.
#[must_use]
pub fn is_unpaid(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed {
            class: FailureClass::Quota | FailureClass::Credentials,
            ..
        }
    )
}

/// Whether a step was stopped because one beside it failed.
fn is_sibling(outcome: &Outcome) -> bool {
    let reason = CancelReason::SiblingFailed;
    *outcome == Outcome::Cancelled { reason }
}

/// The end of a step as that of its last attempt, after which there is another.
fn to_be_tried_again<'a>(
    end: &'a EventKind,
    begun: &HashSet<&StepPath>,
    used_before: impl FnOnce(&'a StepPath) -> Usage,
) -> Option<EventKind> {
    let EventKind::StepFinished {
        step,
        outcome: Outcome::Failed { class, message },
        attempts,
        usage,
        ..
    } = end
    else {
        return None;
    };
    begun.contains(step).then(|| EventKind::StepRetried {
        step: step.clone(),
        attempt: *attempts,
        class: *class,
        message: message.clone(),
        delay_ms: 0,
        usage: usage.without(used_before(step)),
    })
}

impl Again<'_> {
    /// Whether the end of a step that had begun is kept, as far as the end itself says.
    fn keeps(self, outcome: &Outcome) -> bool {
        match self {
            Self::Changed | Self::Step(_) => !from_outside(outcome),
            Self::Unpaid => true,
        }
    }
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
