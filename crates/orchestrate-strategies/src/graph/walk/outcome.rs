//! How a group ended, derived from how its parts did.

use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome, SkipReason};
use orchestrate_core::plan::Join;

use crate::graph::place::Called;

/// A part as far as this decision needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartOutcome<'a> {
    pub(super) name: Called<'a>,
    pub(super) outcome: &'a Outcome,
}

/// A group in which every part is to succeed.
pub(super) fn of_all(parts: &[PartOutcome<'_>]) -> Outcome {
    if let Some(stopped) = stopped(parts) {
        return stopped;
    }
    let wanted: Vec<_> = parts
        .iter()
        .filter(|part| !is_not_taken(part.outcome))
        .collect();
    let succeeded = wanted
        .iter()
        .filter(|part| part.outcome.is_success())
        .count();
    let some = wanted
        .iter()
        .any(|part| matches!(part.outcome, Outcome::Partial { .. }));
    if succeeded == wanted.len() {
        Outcome::Succeeded
    } else if succeeded > 0 || some {
        Outcome::Partial {
            succeeded: count(succeeded),
            total: count(wanted.len()),
        }
    } else {
        failure(parts)
    }
}

/// A sequence that stops at its first failure: that failure is its own.
pub(super) fn of_line(parts: &[PartOutcome<'_>]) -> Outcome {
    stopped(parts).unwrap_or_else(|| {
        if parts.iter().all(|part| part.outcome.lets_pass()) {
            Outcome::Succeeded
        } else {
            failure(parts)
        }
    })
}

/// Parallel steps under a join policy.
pub(super) fn of_join(join: Join, parts: &[PartOutcome<'_>]) -> Outcome {
    let succeeded = count(
        parts
            .iter()
            .filter(|part| part.outcome.is_success())
            .count(),
    );
    let needed = match join {
        Join::All => return of_all(parts),
        Join::Any | Join::Best => 1,
        Join::Quorum { k } => k,
    };
    if succeeded >= needed {
        return Outcome::Succeeded;
    }
    stopped(parts).unwrap_or_else(|| {
        let why = failure(parts).error().unwrap_or_default();
        Outcome::failed(
            FailureClass::Policy,
            format!(
                "{succeeded} of {} succeeded, {needed} needed: {why}",
                parts.len()
            ),
        )
    })
}

/// Whether a join needs no further part.
pub(super) fn is_decided(join: Join, succeeded: u32) -> bool {
    match join {
        Join::All | Join::Best => false,
        Join::Any => succeeded >= 1,
        Join::Quorum { k } => succeeded >= k,
    }
}

/// What came from outside weighs more than what the parts did: a cancelled group is cancelled.
fn stopped(parts: &[PartOutcome<'_>]) -> Option<Outcome> {
    let outside = |outcome: &&Outcome| {
        matches!(
            outcome,
            Outcome::Cancelled {
                reason: CancelReason::User | CancelReason::WallTime
            } | Outcome::LimitReached { .. }
                | Outcome::Unknown { .. }
        )
    };
    parts.iter().map(|part| part.outcome).find(outside).cloned()
}

/// The first failure, with the part it happened in.
fn failure(parts: &[PartOutcome<'_>]) -> Outcome {
    let failed = |part: &&PartOutcome<'_>| {
        matches!(
            part.outcome,
            Outcome::Failed { .. } | Outcome::Partial { .. }
        )
    };
    match parts
        .iter()
        .find(failed)
        .or_else(|| parts.iter().find(|part| !part.outcome.lets_pass()))
    {
        Some(PartOutcome {
            name,
            outcome: Outcome::Failed { class, message },
        }) => Outcome::failed(*class, format!("`{name}`: {message}")),
        Some(PartOutcome { name, outcome }) => Outcome::failed(
            FailureClass::Policy,
            format!("`{name}`: {}", outcome.error().unwrap_or_default()),
        ),
        None => Outcome::failed(FailureClass::Policy, "nothing succeeded"),
    }
}

fn is_not_taken(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Skipped {
            reason: SkipReason::NotTaken
        }
    )
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
