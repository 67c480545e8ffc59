//! Times by which steps and groups must have ended.

use std::collections::BTreeMap;
use std::time::Duration;

use orchestrate_strategies::graph::NodeId;
use tokio::time::Instant;

use super::dispatcher::{Dispatcher, Going};

/// Deadlines in order. What has ended before its deadline is not taken out; telling the walk of it does nothing.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeMap<(Instant, u64), NodeId>,
    count: u64,
}

impl Deadlines {
    /// When the next one is.
    pub(super) fn next(&self) -> Option<Instant> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    fn due(&mut self, now: Instant) -> Option<NodeId> {
        let entry = self.by_time.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}

impl Dispatcher {
    /// Sets a deadline again that was set when the run was at this time, in microseconds.
    pub(super) fn restore_deadline(&mut self, node: NodeId, at_us: u64) {
        let left = at_us.saturating_sub(self.now_us);
        self.set_deadline(node, left.div_ceil(1000));
    }

    pub(super) fn set_deadline(&mut self, node: NodeId, ms: u64) {
        // A time beyond what the clock can tell never comes.
        if let Some(at) = Instant::now().checked_add(Duration::from_millis(ms)) {
            self.deadlines.count += 1;
            let key = (at, self.deadlines.count);
            self.deadlines.by_time.insert(key, node);
        }
    }

    /// Tells the walk whose time is over.
    pub(super) fn check_deadlines(&mut self) {
        if self.deadlines.next().is_none() || self.going == Going::Stopped {
            return;
        }
        let now = Instant::now();
        while let Some(node) = self.deadlines.due(now) {
            self.walk.expire(node);
        }
    }
}
