//! How fast a key is used: a pace that is told of every refusal and finds the provider's limit, however it moves.
//!
//! It reads no clock. A refusal shows the limit: the provider had nothing left at the one before and
//! has nothing left now, so what it accepted in between is what its limit gave. The pace then falls a
//! little below that limit, comes back to it, and goes beyond it first slowly and then ever faster (as
//! CUBIC does for networks), because refusals must stay rare while a limit stands and a limit that was
//! raised must be found soon. Requests that were on their way when the pace changed do not change it again.

use std::time::Duration;

/// The first pace of a provider that names no limit, in requests a second.
const FIRST: f64 = 20.0;
/// Slower than this it never gets, in requests a second.
const SLOWEST: f64 = 0.02;
/// The part of the limit that is used right after a refusal, so that the provider's reserve fills again.
const RETREAT: f64 = 0.9;
/// After so many answers the pace is back at the limit; longer where a look beyond it cost several refusals.
const RETURN: f64 = 70.0;
/// So many times longer at most.
const MOST_RETURNS: f64 = 4.0;
/// How far above the limit the pace is after as many answers again, as a part of the limit.
const PROBE: f64 = 0.04;
/// This far above the limit, as a multiple of it, without a refusal: it was raised, and the pace only grows.
const RAISED: f64 = 1.15;
/// By which part the pace then grows with each answer.
const GROWTH: f64 = 0.008;
/// A refusal after fewer answers than this since the last one means that the limit is far below the pace.
const NOT_LONG: f64 = 40.0;
/// How long all wait after a refusal that names no time; doubled while nothing at all is accepted.
const WITHOUT_WORD: Duration = Duration::from_secs(1);
/// The longest such wait.
const LONGEST_WITHOUT_WORD: Duration = Duration::from_secs(30);

/// A bucket that fills at a rate and never holds more than so much.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// A second.
    rate: f64,
    most: f64,
    level: f64,
    at: Duration,
}

impl Bucket {
    fn new(rate: f64, most: f64) -> Self {
        Self {
            rate,
            most,
            level: most,
            at: Duration::ZERO,
        }
    }

    fn fill(&mut self, now: Duration) {
        let gone = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + gone * self.rate).min(self.most);
        self.at = self.at.max(now);
    }

    /// How long until it holds so much; more than it can ever hold counts as all that it can hold.
    fn wait_for(&self, amount: f64) -> Duration {
        let missing = amount.min(self.most) - self.level;
        if missing <= 1e-9 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64((missing / self.rate).clamp(1e-6, 3600.0))
        }
    }
}

/// The pace of one key.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    requests: Bucket,
    tokens: Option<Bucket>,
    /// The fastest that is allowed by the user.
    fastest: f64,
    /// The limit that the last refusal showed, in requests a second; none before the first refusal.
    limit: Option<f64>,
    /// When a refusal last changed the pace.
    changed_at: Duration,
    /// Whether the limit was then far below the pace.
    fell: bool,
    /// Answers since then.
    since: f64,
    /// Those of them before which the pace had held a request up.
    probed: f64,
    /// Refusals that one look beyond the limit cost.
    refusals: f64,
    /// How long nothing could be sent since the pace was changed.
    blocked: Duration,
    /// The next wait after a refusal that names no time.
    without_word: Duration,
    /// Nothing is sent before this.
    blocked_until: Duration,
    /// Whether the last request had to wait: only then does the pace say anything about the limit.
    held_up: bool,
}

impl Pace {
    pub(super) fn new(requests_per_minute: Option<u32>, tokens_per_minute: Option<u64>) -> Self {
        let fastest =
            requests_per_minute.map_or(f64::MAX, |rpm| (f64::from(rpm) / 60.0).max(SLOWEST));
        let rate = fastest.min(FIRST);
        Self {
            requests: Bucket::new(rate, burst(rate)),
            tokens: tokens_per_minute
                .map(|tpm| Bucket::new((tpm as f64 / 60.0).max(1.0), tpm as f64)),
            fastest,
            limit: None,
            changed_at: Duration::ZERO,
            fell: false,
            since: 0.0,
            probed: 0.0,
            refusals: 1.0,
            blocked: Duration::ZERO,
            without_word: WITHOUT_WORD,
            blocked_until: Duration::ZERO,
            held_up: false,
        }
    }

    /// Takes the place of one request that may use so many tokens.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub(super) fn take(&mut self, now: Duration, tokens: u64) -> Result<(), Duration> {
        if now < self.blocked_until {
            self.held_up = true;
            return Err(self.blocked_until.saturating_sub(now));
        }
        self.requests.fill(now);
        let mut wait = self.requests.wait_for(1.0);
        if let Some(bucket) = &mut self.tokens {
            bucket.fill(now);
            wait = wait.max(bucket.wait_for(tokens as f64));
        }
        if wait > Duration::ZERO {
            self.held_up = true;
            return Err(wait);
        }
        self.requests.level -= 1.0;
        if let Some(bucket) = &mut self.tokens {
            bucket.level -= (tokens as f64).min(bucket.most);
        }
        Ok(())
    }

    /// A request was accepted, and used `used` of the `reserved` tokens.
    pub(super) fn accepted(&mut self, reserved: u64, used: u64) {
        if let Some(bucket) = &mut self.tokens {
            let back = reserved.saturating_sub(used) as f64;
            bucket.level = (bucket.level + back).min(bucket.most);
        }
        self.since += 1.0;
        self.without_word = WITHOUT_WORD;
        if self.held_up {
            self.held_up = false;
            self.probed += 1.0;
            self.rise();
        }
    }

    /// Back to the limit, for a while close to it, then ever faster beyond it.
    fn rise(&mut self) {
        let grown = self.requests.rate * (1.0 + GROWTH);
        let Some(limit) = self.limit else {
            return self.set_rate(grown);
        };
        let beyond = self.probed / (RETURN * self.refusals.min(MOST_RETURNS)) - 1.0;
        let slope = if beyond < 0.0 { 1.0 - RETREAT } else { PROBE };
        let part = 1.0 + slope * beyond.powi(3);
        self.set_rate(if part < RAISED { limit * part } else { grown });
    }

    /// A request that was sent at `sent` was refused because there were too many.
    pub(super) fn refused(&mut self, now: Duration, sent: Duration, wait: Option<Duration>) {
        // What was on its way when the pace changed says nothing about the new pace.
        let fresh = self.limit.is_none() || sent >= self.changed_at;
        if fresh {
            self.fall(now);
        } else if !self.fell {
            self.refusals += 1.0;
        }
        let wait = match wait {
            Some(wait) => wait,
            None if fresh => {
                let wait = self.without_word;
                self.without_word = (wait * 2).min(LONGEST_WITHOUT_WORD);
                wait
            }
            None => Duration::ZERO,
        };
        let until = self.blocked_until.max(now.saturating_add(wait));
        self.blocked += until.saturating_sub(self.blocked_until.max(now));
        self.blocked_until = until;
        // What had gathered by then would be sent all at once.
        self.requests.level = self.requests.level.min(0.0);
        self.requests.at = self.requests.at.max(until);
    }

    /// Takes the limit from what was accepted since the last refusal, and falls below it.
    fn fall(&mut self, now: Duration) {
        let rate = self.requests.rate;
        let elapsed = now.saturating_sub(self.changed_at).as_secs_f64().max(1e-3);
        let measured = self.since / elapsed;
        // Where requests were few because no one made them, or because the limit was raised meanwhile,
        // the measure is too low: it counts only near the pace, less the time that nothing could be sent.
        let open = 1.0 - (self.blocked.as_secs_f64() / elapsed).min(1.0);
        self.fell = self.since < NOT_LONG;
        let limit = if self.fell {
            measured.clamp(rate * 0.5 * open.max(0.5), rate * 0.9)
        } else {
            measured.clamp(rate * 0.95 * open, rate)
        };
        self.limit = Some(limit);
        self.set_rate(limit * RETREAT);
        self.changed_at = now;
        self.since = 0.0;
        self.probed = 0.0;
        self.refusals = 1.0;
        self.blocked = Duration::ZERO;
    }

    fn set_rate(&mut self, rate: f64) {
        self.requests.rate = rate.clamp(SLOWEST, self.fastest);
        self.requests.most = burst(self.requests.rate);
    }
}

/// What may be sent at once after a pause: a fifth of a second's worth, at least one.
fn burst(rate: f64) -> f64 {
    (rate / 5.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A provider whose limit moves: a bucket that holds as much as it gives in so many seconds.
    struct Double {
        bucket: Bucket,
        accepted: u32,
        refused: u32,
    }

    impl Double {
        fn limit(&mut self, per_minute: f64, holds_seconds: f64, now: Duration) {
            self.bucket.fill(now);
            self.bucket.rate = per_minute / 60.0;
            self.bucket.most = (self.bucket.rate * holds_seconds).max(1.0);
            self.bucket.level = self.bucket.level.min(self.bucket.most);
        }

        fn call(&mut self, now: Duration) -> Result<(), Duration> {
            self.bucket.fill(now);
            let wait = self.bucket.wait_for(1.0);
            if wait > Duration::ZERO {
                self.refused += 1;
                return Err(wait);
            }
            self.bucket.level -= 1.0;
            self.accepted += 1;
            Ok(())
        }
    }

    /// Sends as fast as the pace allows through phases of (limit a minute, minutes); gives the share of
    /// refusals and the share of the limits that was used.
    fn play(
        phases: &[(f64, u64)],
        holds_seconds: f64,
        told: Option<u32>,
        says_when: bool,
    ) -> (f64, f64) {
        let mut double = Double {
            bucket: Bucket::new(1.0, 1.0),
            accepted: 0,
            refused: 0,
        };
        let mut pace = Pace::new(told, None);
        let (mut now, mut possible) = (Duration::ZERO, 0.0);
        for (limit, minutes) in phases {
            double.limit(*limit, holds_seconds, now);
            possible += limit * *minutes as f64;
            let end = now + Duration::from_secs(60 * minutes);
            while now < end {
                match pace.take(now, 0) {
                    Err(wait) => now += wait,
                    Ok(()) => match double.call(now) {
                        Ok(()) => pace.accepted(0, 0),
                        Err(wait) => pace.refused(now, now, says_when.then_some(wait)),
                    },
                }
            }
        }
        let all = f64::from(double.accepted + double.refused);
        (
            f64::from(double.refused) / all,
            f64::from(double.accepted) / possible,
        )
    }

    #[test]
    fn a_limit_that_moves_is_followed_with_few_refusals() {
        let moving = [(600.0, 5), (240.0, 5), (900.0, 8), (300.0, 5)];
        for (holds, says_when) in [(1.0, true), (5.0, true), (60.0, true), (1.0, false)] {
            let (refused, used) = play(&moving, holds, None, says_when);
            assert!(refused < 0.02, "refused {refused} with {holds}");
            assert!(used >= 0.9, "used {used} with {holds}");
        }
    }

    #[test]
    fn a_limit_that_is_told_is_never_passed() {
        let (refused, used) = play(&[(300.0, 10)], 1.0, Some(300), true);
        assert!(refused < 0.001 && used > 0.99, "{refused} {used}");
    }

    #[test]
    fn tokens_are_held_back_too_and_what_was_not_used_comes_back() {
        let mut pace = Pace::new(None, Some(6000));
        let now = Duration::ZERO;
        assert_eq!(pace.take(now, 5000), Ok(()));
        let wait = pace.take(now, 2000).unwrap_err();
        assert!((wait.as_secs_f64() - 10.0).abs() < 0.01, "{wait:?}");
        pace.accepted(5000, 1000);
        assert_eq!(pace.take(now, 2000), Ok(()));
        // More than a minute holds waits for a full minute and no longer.
        assert!(pace.take(now, 1_000_000).unwrap_err() <= Duration::from_secs(60));
    }

    #[test]
    fn after_a_refusal_all_wait_as_long_as_was_said() {
        let mut pace = Pace::new(None, None);
        let at = |secs| Duration::from_secs(secs);
        pace.refused(at(0), at(0), Some(at(7)));
        assert_eq!(pace.take(at(2), 0), Err(at(5)));
        assert!(pace.take(at(8), 0).is_ok());
    }

    #[test]
    fn refusals_of_what_was_on_its_way_together_change_the_pace_once() {
        let mut pace = Pace::new(None, None);
        let at = Duration::from_millis;
        pace.refused(at(500), at(100), Some(at(50)));
        let rate = pace.requests.rate;
        assert!(rate < FIRST);
        // Sent before the pace changed, and heard of long after all may send again.
        pace.refused(at(700), at(450), Some(at(50)));
        assert!((pace.requests.rate - rate).abs() < 1e-9);
        pace.refused(at(1200), at(800), Some(at(50)));
        assert!(pace.requests.rate < rate);
    }

    #[test]
    fn refusals_that_name_no_time_and_let_nothing_through_are_waited_out_ever_longer() {
        let mut pace = Pace::new(None, None);
        let at = Duration::from_secs;
        pace.refused(at(0), at(0), None);
        assert_eq!(pace.take(at(0), 0), Err(at(1)));
        pace.refused(at(10), at(10), None);
        assert_eq!(pace.take(at(10), 0), Err(at(2)));
        pace.accepted(0, 0);
        pace.refused(at(20), at(20), None);
        assert_eq!(pace.take(at(20), 0), Err(at(1)));
    }
}
