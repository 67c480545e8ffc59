//! How fast may be sent: what refusals show of the limit, and how it is looked for when it was raised.
//!
//! A refusal shows the limit ([`Fall`]). The pace falls a little below it, comes back close to it, and from
//! time to time looks beyond it: faster with each request until one is refused or the limit turns out to
//! have been raised. A look costs refusals, so it has to be earned: each request earns a part of one, every
//! refusal is paid from that, and who has nothing left does not look. While a limit stands the looks become
//! rarer; when it moved they begin anew. Where the provider itself names its limit with a
//! refusal, that is the limit.

use std::time::Duration;

use super::span::{Fall, Span};
use super::told::{Share, longer_period};

/// The first pace of a provider that names no limit, in requests a second.
const FIRST: f64 = 20.0;
/// Slower than this it never gets, in requests a second.
const SLOWEST: f64 = 0.02;
/// By which part the pace grows with each request before the first refusal.
const GROWTH: f64 = 0.008;
/// The part of the limit that is used between two looks.
const RIDE: f64 = 0.99;
/// How far below that the pace is right after a refusal, so that requests that meet find room.
const RETREAT: f64 = 0.1;
/// The fewest requests between two looks, and from a refusal until the retreat is over.
const SHORTEST: f64 = 12.0;
/// The most, unless a look costs a wait.
const LONGEST: f64 = 120.0;
/// How fast a look gets faster: beyond the limit by this part of it times the square of its steps.
const LOOK: f64 = 0.0007;
/// A step of a look takes this long at least, in seconds.
const STEP: f64 = 0.1;
/// The same where windows are used up: they refuse late, and until then nothing tells that it is too fast.
const STEP_IN_WINDOWS: f64 = 0.3;
/// What each request earns, in refusals.
const EARNED: f64 = 0.015;
/// What is there at first, in refusals.
const EARNED_AT_FIRST: f64 = 2.0;
/// What can be earned in advance, or owed, in refusals.
const MOST_EARNED: f64 = 40.0;
/// The part of a limit that was told which is used at least, however often that is refused.
const CAREFUL: f64 = 0.92;
/// A limit that was told is for a longer time than it seemed if it is so many times what was
/// measured.
const CONTRADICTED: f64 = 1.8;
/// A limit that is this close to the one before has not moved.
const SAME: f64 = 0.2;

/// A look beyond the limit.
#[derive(Debug, Clone, Copy)]
struct Look {
    span: Span,
    steps: f64,
}

/// The pace that has been learned.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    /// Requests a second.
    rate: f64,
    /// The fastest that is allowed by the user.
    fastest: f64,
    /// None before the first refusal.
    limit: Option<f64>,
    /// The longest time in which the provider said that it renews its limit, in seconds.
    period: f64,
    /// Since the last refusal.
    span: Span,
    /// The look that is under way.
    look: Option<Look>,
    /// The last refusal that changed the pace.
    fall: Option<Fall>,
    /// When a refusal last changed the pace.
    changed_at: Duration,
    /// Whether windows were used up.
    windows: bool,
    /// Requests since the last refusal before which the pace had held one up.
    since: f64,
    /// Requests until the next look.
    gap: f64,
    /// Refusals that may be risked.
    earned: f64,
    /// How long after it was sent a refusal comes back, in seconds.
    delay: f64,
}

impl Learned {
    pub(super) fn new(requests_per_minute: Option<u32>) -> Self {
        let fastest =
            requests_per_minute.map_or(f64::MAX, |rpm| (f64::from(rpm) / 60.0).max(SLOWEST));
        Self {
            rate: fastest.min(FIRST),
            fastest,
            limit: None,
            period: 0.0,
            span: Span::new(Duration::ZERO),
            look: None,
            fall: None,
            changed_at: Duration::ZERO,
            windows: false,
            since: 0.0,
            gap: SHORTEST,
            earned: EARNED_AT_FIRST,
            delay: 0.0,
        }
    }

    /// The time between two requests.
    pub(super) fn spacing(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate)
    }

    /// A request is sent, after nobody had wanted to for so many seconds, or after the pace held it up.
    pub(super) fn sent(&mut self, now: Duration, unused: f64, held_up: bool) {
        self.span.add(now, unused);
        if let Some(look) = &mut self.look {
            look.span.add(now, unused);
        }
        self.earned = (self.earned + EARNED).min(MOST_EARNED);
        // Only who is held up says anything about the pace.
        if held_up {
            self.since += 1.0;
            self.rise(now);
        }
    }

    fn rise(&mut self, now: Duration) {
        let Some(limit) = self.limit else {
            let grown = 1.0 + GROWTH * self.step(STEP);
            return self.set_rate(self.rate * grown);
        };
        // What the last one cost the next one may cost.
        let cost = self.fall.map_or(1.0, |fall| fall.refusals).min(MOST_EARNED);
        if self.look.is_none() && self.since >= self.gap && self.earned >= cost {
            let span = Span::new(now);
            self.look = Some(Look { span, steps: 0.0 });
        }
        let step = self.step(if self.windows { STEP_IN_WINDOWS } else { STEP });
        let part = if let Some(look) = &mut self.look {
            look.steps += step;
            1.0 + LOOK * look.steps * look.steps
        } else {
            RIDE - RETREAT * (1.0 - self.since / SHORTEST).max(0.0)
        };
        self.set_rate(limit * part);
    }

    /// The part of a step that one request is: half of the way to the provider and back is the shortest
    /// step, because until then nobody knows what became of the last one.
    fn step(&self, shortest: f64) -> f64 {
        1.0 / (self.rate * shortest.max(self.delay / 2.0)).max(1.0)
    }

    /// Whether what was sent then says anything about the pace: it was sent after the pace had last changed.
    pub(super) fn is_news(&self, sent: Duration) -> bool {
        sent >= self.changed_at
    }

    /// A request that was sent at `sent` was refused, and nothing is sent before `resume`.
    pub(super) fn refused(
        &mut self,
        now: Duration,
        sent: Duration,
        resume: Duration,
        told: Option<Share>,
    ) {
        self.earned = (self.earned - 1.0).max(-MOST_EARNED);
        let delay = now.saturating_sub(sent).as_secs_f64();
        self.delay = if self.fall.is_none() {
            delay
        } else {
            0.8 * self.delay + 0.2 * delay
        };
        let first = self.span.first;
        let fall = match self.fall {
            // What was on its way when the pace changed says nothing about the new pace.
            Some(mut fall) if !self.is_news(sent) => {
                fall.another();
                if first.is_none() {
                    self.span.began = resume;
                }
                let resume = self.span.began;
                return self.settle(fall, resume, told);
            }
            Some(mut fall) if first.is_none_or(|first| sent <= first) => {
                fall.goes_on(self.span);
                fall
            }
            _ => self.new_fall(now),
        };
        self.changed_at = now;
        self.look = None;
        self.since = 0.0;
        self.span = Span::new(resume);
        self.settle(fall, resume, told);
    }

    fn new_fall(&self, now: Duration) -> Fall {
        let mut fall = Fall {
            at: now,
            span: self.span,
            look: self.look.map(|look| look.span),
            limit: self.limit,
            rate: self.rate,
            gap: self.gap,
            refusals: 0.0,
        };
        fall.another();
        fall
    }

    /// Takes the limit from a fall, or from what was told with it.
    fn settle(&mut self, fall: Fall, resume: Duration, told: Option<Share>) {
        let shown = fall.limit(resume);
        let limit = told.map_or(shown, |share| {
            self.period = self.period.max(share.period());
            while share.window.is_none()
                && fall.is_exact()
                && share.limit / self.period > CONTRADICTED * shown
                && let Some(longer) = longer_period(self.period)
            {
                self.period = longer;
            }
            let told = share.limit / share.window.unwrap_or(self.period);
            let known = fall
                .limit
                .is_some_and(|before| (told / before - 1.0).abs() < SAME);
            // Who keeps to what was told and is refused all the same meets a limit that is counted more
            // strictly, so a little less is used.
            if known && fall.look.is_none() {
                shown.clamp(told * CAREFUL, told)
            } else {
                told
            }
        });
        self.windows |= fall.is_long(resume);
        // A look that costs a wait is worth less.
        let lost = fall.blocked(resume).min(2.0) * limit;
        let shortest = SHORTEST.max(4.0 * lost);
        let same = |before: f64| (limit / before - 1.0).abs() < SAME;
        self.gap = if fall.look.is_some() && fall.limit.is_some_and(same) {
            (fall.gap * 2.0).max(shortest).min(LONGEST.max(20.0 * lost))
        } else {
            shortest
        };
        self.limit = Some(limit);
        self.fall = Some(fall);
        if self.span.first.is_none() {
            self.set_rate(limit * (RIDE - RETREAT));
        }
    }

    fn set_rate(&mut self, rate: f64) {
        self.rate = rate.clamp(SLOWEST, self.fastest);
    }
}
