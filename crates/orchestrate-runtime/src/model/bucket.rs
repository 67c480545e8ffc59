//! A bucket that fills at a rate and never holds more than so much.

use std::time::Duration;

/// The bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// A second.
    rate: f64,
    most: f64,
    level: f64,
    at: Duration,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rate: f64, most: f64) -> Self {
        Self {
            rate,
            most,
            level: most,
            at: Duration::ZERO,
        }
    }

    /// Another rate and size from now on. What is in it stays, as far as there is room.
    pub(super) fn resize(&mut self, now: Duration, rate: f64, most: f64) {
        self.fill(now);
        self.rate = rate;
        self.most = most;
        self.level = self.level.min(most);
    }

    fn fill(&mut self, now: Duration) {
        let gone = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + gone * self.rate).min(self.most);
        self.at = self.at.max(now);
    }

    /// How long until it holds so much; more than it can ever hold counts as all that it can hold.
    pub(super) fn wait_for(&mut self, now: Duration, amount: f64) -> Duration {
        self.fill(now);
        let missing = amount.min(self.most) - self.level;
        if missing <= 1e-9 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64((missing / self.rate).clamp(1e-6, 3600.0))
        }
    }

    /// Takes so much out.
    pub(super) fn take(&mut self, amount: f64) {
        self.level -= amount.min(self.most);
    }

    /// Puts back what was taken and not used.
    pub(super) fn give_back(&mut self, amount: f64) {
        self.level = (self.level + amount).min(self.most);
    }

    /// It holds no more than this.
    pub(super) fn lower_to(&mut self, level: f64) {
        self.level = self.level.min(level);
    }
}
