//! What was sent in a span of time, and the limit that a refusal at its end shows.
//!
//! At a refusal the provider has nothing left. So what it took since the last refusal, less what was
//! refused, is what its limit gave in between, and the wait that it asks for belongs to the span that it
//! ends: whoever used a window up early waits because of that, and not because the limit is low.

use std::time::Duration;

/// A wait this long says that a window was used up, in seconds.
const LONG: f64 = 2.0;
/// So many requests between two refusals make the measure exact enough to be believed.
const MANY: f64 = 40.0;
/// With fewer than this nothing was let through to speak of.
const NOTHING: f64 = 3.0;
/// The pace before counts as much as so many requests where few were let through.
const BEFORE: f64 = 2.0;
/// The part of the pace that is left where a refusal says no more than that it was too fast.
const SLOWER: f64 = 0.9;
/// This much more than the limit was taken while the pace looked beyond it: the limit was raised.
const RAISED: f64 = 1.15;
/// How far the limit follows what was taken beyond it, where that may come from a reserve.
const FOLLOWED: f64 = 0.4;
/// The first limit, as a part of the pace, where it may come from a full reserve.
const FIRST: f64 = 0.6;

/// What was sent since a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) began: Duration,
    /// Requests, less those that were refused.
    pub(super) sent: f64,
    /// Seconds in which nobody wanted to send.
    pub(super) unused: f64,
    /// When the first was sent.
    pub(super) first: Option<Duration>,
}

impl Span {
    pub(super) fn new(began: Duration) -> Self {
        Self {
            began,
            sent: 0.0,
            unused: 0.0,
            first: None,
        }
    }

    pub(super) fn add(&mut self, now: Duration, unused: f64) {
        self.sent += 1.0;
        self.unused += unused;
        self.first.get_or_insert(now);
    }

    /// Requests a second until then.
    fn rate(&self, end: Duration) -> f64 {
        let open = end.saturating_sub(self.began).as_secs_f64() - self.unused;
        self.sent.max(0.5) / open.max(1e-3)
    }
}

/// A refusal that ended a span, with all that has to be known to say again what it shows: others that were
/// on their way are refused later, or name a longer wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fall {
    pub(super) at: Duration,
    pub(super) span: Span,
    /// The part of the span in which the pace looked beyond the limit.
    pub(super) look: Option<Span>,
    /// The limit until then.
    pub(super) limit: Option<f64>,
    /// The pace at which it happened.
    pub(super) rate: f64,
    /// Requests between two looks until then.
    pub(super) gap: f64,
    /// Refusals that it cost.
    pub(super) refusals: f64,
}

impl Fall {
    /// Another one of the requests that were sent before it was refused as well.
    pub(super) fn another(&mut self) {
        self.span.sent -= 1.0;
        self.refusals += 1.0;
        if let Some(look) = &mut self.look {
            look.sent -= 1.0;
        }
    }

    /// Those were sent after it, and the first of them was refused: it is not over.
    pub(super) fn goes_on(&mut self, after: Span) {
        self.span.sent += after.sent;
        if let Some(look) = &mut self.look {
            look.sent += after.sent;
        }
        self.another();
    }

    /// Whether enough was let through to measure the limit well.
    pub(super) fn is_exact(&self) -> bool {
        self.span.sent > MANY
    }

    /// Whether all are made to wait so long that a window must have been used up.
    pub(super) fn is_long(&self, resume: Duration) -> bool {
        self.blocked(resume) > LONG
    }

    pub(super) fn blocked(&self, resume: Duration) -> f64 {
        resume.saturating_sub(self.at).as_secs_f64()
    }

    /// The limit that it shows, in requests a second, if nothing is sent before `resume`.
    pub(super) fn limit(&self, resume: Duration) -> f64 {
        let long = self.is_long(resume);
        // A short wait may be rounded up: half of it counts, because nobody knows whether the provider
        // keeps what is not used.
        let half = self.at + resume.saturating_sub(self.at) / 2;
        let taken = self.span.rate(if long { resume } else { half });
        let sent = self.span.sent.max(0.0);
        let shown = match (self.look, self.limit) {
            (_, Some(_)) if sent < NOTHING => self.rate * SLOWER,
            (Some(look), Some(before)) => {
                let beyond = look.rate(self.at);
                match (beyond > RAISED * before, long) {
                    (true, true) => look.rate(resume).max(taken),
                    (true, false) => (beyond.powf(0.7) * self.rate.powf(0.3)).max(taken),
                    (false, true) => taken,
                    (false, false) => taken + FOLLOWED * (beyond - taken).max(0.0),
                }
            }
            (None, None) if !long => taken.min(self.rate * FIRST),
            (None, Some(_)) if !long && self.is_exact() => taken.min(self.rate * SLOWER),
            (None, Some(_)) if !long => {
                (sent * taken + BEFORE * self.rate * SLOWER) / (sent + BEFORE)
            }
            _ => taken,
        };
        shown.min(self.rate)
    }
}
