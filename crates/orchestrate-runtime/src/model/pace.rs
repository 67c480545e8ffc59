//! How fast a key is used: a pace that is told of every refusal and finds the provider's limit, however it moves.
//!
//! It reads no clock. The pace falls at a refusal and rises while nothing is refused, first slowly and
//! then ever faster (as CUBIC does for networks), because refusals must stay rare while a limit stands
//! and a limit that was raised must be found soon.

use std::time::Duration;

/// The first pace of a provider that names no limit, in requests a second.
const FIRST: f64 = 50.0;
/// Slower than this it never gets, in requests a second.
const SLOWEST: f64 = 0.02;
/// What is kept of the pace at a refusal after a long time without one.
const STEP_DOWN: f64 = 0.95;
/// What is kept when the last refusal was not long ago: the limit has fallen.
const FALL: f64 = 0.7;
/// So few answers after a refusal the next one means that the limit has fallen.
const NOT_LONG: f64 = 40.0;
/// How long all wait after a refusal that names no time.
const WITHOUT_WORD: Duration = Duration::from_secs(1);

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
    /// Answers since the last refusal.
    since: f64,
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
            since: 0.0,
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
        if self.held_up {
            let growth = 0.0004 * (1.0 + (self.since / 120.0).powi(2));
            self.set_rate(self.requests.rate * (1.0 + growth.min(0.05)));
            self.held_up = false;
        }
    }

    /// A request was refused because there were too many.
    pub(super) fn refused(&mut self, now: Duration, wait: Option<Duration>) {
        // Refusals of requests that were under way together are one.
        if now >= self.blocked_until {
            let kept = if self.since < NOT_LONG {
                FALL
            } else {
                STEP_DOWN
            };
            self.set_rate(self.requests.rate * kept);
            self.since = 0.0;
        }
        let wait = wait.unwrap_or(WITHOUT_WORD);
        self.blocked_until = self.blocked_until.max(now.saturating_add(wait));
        // What had gathered by then would be sent all at once.
        self.requests.level = self.requests.level.min(0.0);
        self.requests.at = self.requests.at.max(self.blocked_until);
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
                        Err(wait) => pace.refused(now, says_when.then_some(wait)),
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
        pace.refused(at(0), Some(at(7)));
        assert_eq!(pace.take(at(2), 0), Err(at(5)));
        assert!(pace.take(at(8), 0).is_ok());
    }
}
