//! How fast a key is used: who may send when, and what answers say about it. It reads no clock.

use std::time::Duration;

use super::bucket::Bucket;
use super::learned::Learned;
use super::told::{Share, Told};

/// How long all wait after a refusal that names no time; doubled while nothing at all is accepted.
const WITHOUT_WORD: Duration = Duration::from_secs(1);
/// The longest such wait.
const LONGEST_WITHOUT_WORD: Duration = Duration::from_secs(30);
/// Who comes late by no more than this is made up for, because timers are late by as much.
const LATE: f64 = 0.02;

/// The pace of one key.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    requests: Learned,
    tokens: Option<Bucket>,
    /// Tokens a minute at most, as the user says.
    tokens_per_minute: Option<u64>,
    /// The next request is sent no sooner.
    next: Duration,
    /// Whether the next one had to wait: only then does the pace say anything about the limit.
    held_up: bool,
    /// The next wait after a refusal that names no time.
    without_word: Duration,
    /// Nothing is sent before this.
    blocked_until: Duration,
}

impl Pace {
    pub(super) fn new(requests_per_minute: Option<u32>, tokens_per_minute: Option<u64>) -> Self {
        Self {
            requests: Learned::new(requests_per_minute),
            tokens: tokens_per_minute
                .map(|tpm| Bucket::new((tpm as f64 / 60.0).max(1.0), tpm as f64)),
            tokens_per_minute,
            next: Duration::ZERO,
            held_up: false,
            without_word: WITHOUT_WORD,
            blocked_until: Duration::ZERO,
        }
    }

    /// Takes the place of one request that may use so many tokens.
    ///
    /// # Errors
    /// How long to wait before asking again.
    pub(super) fn take(&mut self, now: Duration, tokens: u64) -> Result<(), Duration> {
        let free = self.next.max(self.blocked_until);
        if now < free {
            self.held_up = true;
            return Err(free.saturating_sub(now));
        }
        if let Some(bucket) = &mut self.tokens {
            let wait = bucket.wait_for(now, tokens as f64);
            if wait > Duration::ZERO {
                // It is the tokens that are scarce: that the place is not used says nothing of requests.
                return Err(wait);
            }
            bucket.take(tokens as f64);
        }
        let late = now.saturating_sub(free).as_secs_f64();
        let unused = if self.held_up { 0.0 } else { late };
        self.requests.sent(now, unused, self.held_up);
        self.held_up = false;
        let made_up = Duration::from_secs_f64(late.min(LATE));
        self.next = now.saturating_sub(made_up) + self.requests.spacing();
        Ok(())
    }

    /// A request was accepted, and used `used` of the `reserved` tokens.
    pub(super) fn accepted(&mut self, reserved: u64, used: u64) {
        if let Some(bucket) = &mut self.tokens {
            bucket.give_back(reserved.saturating_sub(used) as f64);
        }
        self.without_word = WITHOUT_WORD;
    }

    /// A request that was sent at `sent` was refused because there were too many, with what the provider
    /// told of its limits.
    pub(super) fn refused(&mut self, now: Duration, sent: Duration, reserved: u64, told: &Told) {
        if let Some(bucket) = &mut self.tokens {
            bucket.give_back(reserved as f64);
        }
        let news = self.requests.is_news(sent);
        let wait = match told.wait {
            Some(wait) => wait,
            None if news => {
                let wait = self.without_word;
                self.without_word = (wait * 2).min(LONGEST_WITHOUT_WORD);
                wait
            }
            None => Duration::ZERO,
        };
        let resume = self.blocked_until.max(now.saturating_add(wait));
        self.blocked_until = resume;
        // Where requests are left it was the tokens that were too many, or something that is not named.
        let left = told.requests.is_some_and(Share::is_left);
        let tokens = told.tokens.filter(|share| share.is_short());
        if let (Some(share), true) = (tokens, left || told.requests.is_none()) {
            self.hold_tokens(now, share);
        }
        if !left || told.tokens.is_none() {
            let told = told.requests.filter(|share| !left && share.is_short());
            self.requests.refused(now, sent, resume, told);
        }
        // What had gathered by then would be sent all at once.
        self.next = self.next.max(resume + self.requests.spacing());
    }

    /// Takes a limit of tokens from the provider, where the user does not want less.
    fn hold_tokens(&mut self, now: Duration, share: Share) {
        let period = share.period();
        let of_user = self
            .tokens_per_minute
            .map_or(f64::MAX, |tpm| tpm as f64 / 60.0);
        let rate = (share.limit / period).min(of_user).max(1e-3);
        let bucket = self
            .tokens
            .get_or_insert_with(|| Bucket::new(rate, share.limit));
        bucket.resize(now, rate, rate * period);
        if let Some(left) = share.left {
            bucket.lower_to(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn told(wait: Option<f64>) -> Told {
        Told {
            wait: wait.map(at),
            ..Told::default()
        }
    }

    fn share(limit: f64, left: f64) -> Option<Share> {
        Some(Share {
            limit,
            left: Some(left),
            renewed_in: None,
            window: Some(60.0),
        })
    }

    #[test]
    fn a_limit_of_the_user_is_never_passed() {
        let mut pace = Pace::new(Some(300), None);
        let (mut now, mut sent) = (Duration::ZERO, 0);
        while now < at(60.0) {
            match pace.take(now, 0) {
                Ok(()) => sent += 1,
                Err(wait) => now += wait,
            }
        }
        assert!((299..=301).contains(&sent), "{sent}");
    }

    #[test]
    fn tokens_are_held_back_too_and_what_was_not_used_comes_back() {
        let mut pace = Pace::new(None, Some(6000));
        assert_eq!(pace.take(at(0.0), 5000), Ok(()));
        let wait = pace.take(at(1.0), 3000).unwrap_err();
        assert!((wait.as_secs_f64() - 19.0).abs() < 0.01, "{wait:?}");
        pace.accepted(5000, 1000);
        assert_eq!(pace.take(at(1.0), 3000), Ok(()));
        // More than a minute holds waits for a full minute and no longer.
        assert!(pace.take(at(2.0), 1_000_000).unwrap_err() <= at(60.0));
    }

    #[test]
    fn after_a_refusal_all_wait_as_long_as_was_said() {
        let mut pace = Pace::new(None, None);
        pace.take(at(0.0), 0).unwrap();
        pace.refused(at(0.0), at(0.0), 0, &told(Some(7.0)));
        assert!(pace.take(at(2.0), 0).unwrap_err() >= at(5.0));
        assert!(pace.take(at(60.0), 0).is_ok());
    }

    #[test]
    fn refusals_that_name_no_time_and_let_nothing_through_are_waited_out_ever_longer() {
        let mut pace = Pace::new(None, None);
        let mut waits = |now: f64, accepted: bool| {
            let now = at(now);
            pace.take(now, 0).unwrap();
            if accepted {
                pace.accepted(0, 0);
            }
            pace.refused(now, now, 0, &told(None));
            pace.blocked_until - now
        };
        assert_eq!(waits(0.0, false), at(1.0));
        assert_eq!(waits(100.0, false), at(2.0));
        assert_eq!(waits(200.0, false), at(4.0));
        assert_eq!(waits(300.0, true), at(1.0));
    }

    /// Seconds between two requests, long after what was told.
    fn spacing(pace: &mut Pace) -> f64 {
        let later = at(1000.0);
        while pace.take(later, 0).is_ok() {}
        pace.take(later, 0).unwrap_err().as_secs_f64()
    }

    #[test]
    fn a_limit_of_requests_that_is_told_with_a_refusal_is_the_limit() {
        let mut pace = Pace::new(None, None);
        pace.take(at(0.0), 0).unwrap();
        let limits = Told {
            requests: share(120.0, 0.0),
            ..told(Some(1.0))
        };
        pace.refused(at(0.1), at(0.0), 0, &limits);
        // 120 a minute, a little less at first.
        let spacing = spacing(&mut pace);
        assert!((0.5..0.57).contains(&spacing), "{spacing}");
    }

    #[test]
    fn a_refusal_for_tokens_holds_tokens_back_and_no_requests() {
        let mut pace = Pace::new(None, None);
        pace.take(at(0.0), 0).unwrap();
        let limits = Told {
            requests: share(120.0, 100.0),
            tokens: share(6000.0, 0.0),
            ..told(Some(1.0))
        };
        pace.refused(at(0.1), at(0.0), 0, &limits);
        // Twenty a second as before; who is late by a little is made up for.
        assert!(spacing(&mut pace.clone()) <= 0.05);
        // 100 tokens a second from nothing.
        let wait = pace.take(at(10.1), 3000).unwrap_err();
        assert!((wait.as_secs_f64() - 20.0).abs() < 0.1, "{wait:?}");
    }

    #[test]
    fn a_time_that_does_not_fit_what_was_let_through_is_taken_for_a_longer_one() {
        let mut pace = Pace::new(None, None);
        let mut now = Duration::ZERO;
        for _ in 0..200 {
            while let Err(wait) = pace.take(now, 0) {
                now += wait;
            }
        }
        // 500 a minute, of which the next one comes in 120 ms.
        let limits = Told {
            requests: Some(Share {
                limit: 500.0,
                left: Some(0.0),
                renewed_in: Some(0.12),
                window: None,
            }),
            ..told(Some(0.12))
        };
        pace.refused(now, now, 0, &limits);
        let spacing = spacing(&mut pace);
        assert!((0.11..0.14).contains(&spacing), "{spacing}");
    }
}
