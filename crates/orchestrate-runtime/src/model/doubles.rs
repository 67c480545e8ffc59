//! Providers for the tests of the pace: with every shape of limit, at a clock of their own, and what the
//! pace makes of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Duration;

use super::pace::Pace;
use super::told::{Share, Told};

/// How a provider limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// A bucket that holds what its limit gives in so many seconds.
    Bucket(u32),
    /// So many in each window of so many seconds, one window after the other.
    Fixed(u32),
    /// So many in the last so many seconds.
    Sliding(u32),
}

/// What it says with a refusal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Says {
    Nothing,
    /// The wait, to the millisecond.
    Wait,
    /// The wait in whole seconds, rounded up: what most do.
    Seconds,
}

/// A provider.
#[derive(Debug)]
pub(super) struct Double {
    shape: Shape,
    /// Requests a second.
    limit: f64,
    level: f64,
    at: Duration,
    log: VecDeque<Duration>,
    pub(super) accepted: u32,
    pub(super) refused: u32,
}

impl Double {
    pub(super) fn new(shape: Shape, limit: f64) -> Self {
        let level = match shape {
            Shape::Bucket(holds) => f64::from(holds) * limit,
            Shape::Fixed(_) | Shape::Sliding(_) => 0.0,
        };
        Self {
            shape,
            limit,
            level,
            at: Duration::ZERO,
            log: VecDeque::new(),
            accepted: 0,
            refused: 0,
        }
    }

    pub(super) fn set_limit(&mut self, now: Duration, limit: f64) {
        self.fill(now);
        self.limit = limit;
        self.fill(now);
    }

    /// How much a window takes.
    fn most(&self, seconds: u32) -> f64 {
        (self.limit * f64::from(seconds)).max(1.0)
    }

    fn fill(&mut self, now: Duration) {
        match self.shape {
            Shape::Bucket(holds) => {
                let gone = (now - self.at).as_secs_f64();
                self.level = (self.level + gone * self.limit).min(self.most(holds));
            }
            Shape::Fixed(seconds) => {
                let window = |time: Duration| time.as_micros() / (u128::from(seconds) * 1_000_000);
                if window(now) > window(self.at) {
                    self.level = 0.0;
                }
            }
            Shape::Sliding(seconds) => {
                let window = Duration::from_secs(seconds.into());
                while self.log.front().is_some_and(|it| *it + window <= now) {
                    self.log.pop_front();
                }
            }
        }
        self.at = now;
    }

    /// Takes a request, or says how many seconds it would have to wait.
    pub(super) fn call(&mut self, now: Duration) -> Result<(), f64> {
        self.fill(now);
        let answer = self.admit(now);
        match answer {
            Ok(()) => self.accepted += 1,
            Err(_) => self.refused += 1,
        }
        answer
    }

    fn admit(&mut self, now: Duration) -> Result<(), f64> {
        match self.shape {
            Shape::Bucket(_) if self.level < 1.0 - 1e-9 => Err((1.0 - self.level) / self.limit),
            Shape::Bucket(_) => {
                self.level -= 1.0;
                Ok(())
            }
            Shape::Fixed(seconds) if self.level + 1.0 > self.most(seconds) + 1e-9 => {
                Err(self.rest(seconds))
            }
            Shape::Fixed(_) => {
                self.level += 1.0;
                Ok(())
            }
            Shape::Sliding(seconds) => {
                let most = self.most(seconds) as usize;
                if self.log.len() < most {
                    self.log.push_back(now);
                    return Ok(());
                }
                let leaves = self.log[self.log.len() - most];
                Err((leaves + Duration::from_secs(seconds.into()) - now).as_secs_f64())
            }
        }
    }

    /// Seconds until the window ends.
    fn rest(&self, seconds: u32) -> f64 {
        f64::from(seconds) - self.at.as_secs_f64() % f64::from(seconds)
    }

    /// What it tells of its limit with a refusal.
    fn share(&self) -> Share {
        let (window, renewed_in) = match self.shape {
            Shape::Bucket(_) => (60, 60.0),
            Shape::Fixed(seconds) => (seconds, self.rest(seconds)),
            Shape::Sliding(seconds) => (seconds, f64::from(seconds)),
        };
        Share {
            limit: self.limit * f64::from(window),
            left: Some(0.0),
            renewed_in: Some(renewed_in),
            window: None,
        }
    }
}

/// Who sends, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) shape: Shape,
    pub(super) says: Says,
    /// Whether limits are told with refusals.
    pub(super) headers: bool,
    /// One that sends without delay, or many whose requests take 80 to 120 ms there, refusals 100 ms back,
    /// and answers 0.9 to 2.1 s.
    pub(super) callers: usize,
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Played {
    /// The share of requests that were refused.
    pub(super) refused: f64,
    /// The share of the limit that was used. What a full bucket held at first comes on top.
    pub(super) used: f64,
}

impl Played {
    /// What is demanded: fewer than 2 % refused, at least 90 % used.
    pub(super) fn is_good(self) -> bool {
        self.refused < 0.02 && self.used >= 0.9
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Phase(usize),
    Arrives(usize),
    Answered(usize),
    Refused(usize),
    Wake,
}

/// Plays phases of (requests a second, seconds) against a double.
pub(super) fn play(case: Case, phases: &[(f64, u64)]) -> Played {
    let mut double = Double::new(case.shape, phases[0].0);
    let mut pace = Pace::new(None, None);
    let mut events = BinaryHeap::new();
    let (mut end, mut possible) = (Duration::ZERO, 0.0);
    for (at, (limit, seconds)) in phases.iter().enumerate() {
        events.push(Reverse((end, Next::Phase(at))));
        end += Duration::from_secs(*seconds);
        possible += limit * *seconds as f64;
    }
    // The same spread of delays at each run, and another for each caller.
    let slow = u64::from(case.callers > 1);
    let delay = |base: u64, spread: u64, who: usize| {
        Duration::from_millis(slow * (base + spread * ((who as u64 * 7919) % 11) / 11))
    };
    let mut sent = vec![Duration::ZERO; case.callers];
    let mut told: BTreeMap<usize, Told> = BTreeMap::new();
    let mut idle: VecDeque<usize> = (0..case.callers).collect();
    events.push(Reverse((Duration::ZERO, Next::Wake)));
    let mut woken_at = None;
    while let Some(Reverse((now, next))) = events.pop() {
        if now >= end {
            break;
        }
        match next {
            Next::Phase(at) => double.set_limit(now, phases[at].0),
            Next::Arrives(who) => match double.call(now) {
                Ok(()) => {
                    events.push(Reverse((now + delay(900, 1200, who), Next::Answered(who))));
                }
                Err(wait) => {
                    let wait = match case.says {
                        Says::Nothing => None,
                        Says::Wait => Some(Duration::from_millis((wait * 1000.0).ceil() as u64)),
                        Says::Seconds => Some(Duration::from_secs(wait.ceil() as u64)),
                    };
                    let requests = case.headers.then(|| double.share());
                    let tokens = None;
                    told.insert(
                        who,
                        Told {
                            requests,
                            tokens,
                            wait,
                        },
                    );
                    events.push(Reverse((now + delay(100, 0, who), Next::Refused(who))));
                }
            },
            Next::Answered(who) => {
                pace.accepted(0, 0);
                idle.push_back(who);
            }
            Next::Refused(who) => {
                pace.refused(now, sent[who], 0, &told.remove(&who).unwrap());
                idle.push_back(who);
            }
            Next::Wake => woken_at = None,
        }
        while let Some(who) = idle.front().copied() {
            match pace.take(now, 0) {
                Ok(()) => {
                    idle.pop_front();
                    sent[who] = now;
                    events.push(Reverse((now + delay(80, 40, who), Next::Arrives(who))));
                }
                Err(wait) => {
                    if woken_at.is_none_or(|at| now + wait < at) {
                        woken_at = Some(now + wait);
                        events.push(Reverse((now + wait, Next::Wake)));
                    }
                    break;
                }
            }
        }
    }
    let all = f64::from(double.accepted + double.refused);
    Played {
        refused: f64::from(double.refused) / all,
        used: f64::from(double.accepted) / possible,
    }
}
