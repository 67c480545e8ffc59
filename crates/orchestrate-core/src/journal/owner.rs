//! Who may write to a run.

use std::any::Any;
use std::fmt;

use super::{Digest, chain};
use crate::id::RunId;

/// The right to append to one run. A journal gives it; whoever comes to own the run later makes it worthless.
pub struct Ownership {
    /// The run.
    pub run: RunId,
    /// Counts the owners of the run; every write carries it.
    pub epoch: u64,
    /// The number of the entry that comes next.
    pub next: u64,
    /// The digest of the last entry.
    pub head: Digest,
    /// What the backend holds for as long as the run is owned, for example a lock.
    guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Ownership {
    /// The ownership of a run whose last entry has this digest.
    #[must_use]
    pub fn new(run: RunId, epoch: u64, next: u64, head: Digest) -> Self {
        Self {
            run,
            epoch,
            next,
            head,
            guard: None,
        }
    }

    /// The same, with something that is let go when it is dropped.
    #[must_use]
    pub fn holding(mut self, guard: impl Any + Send + Sync) -> Self {
        self.guard = Some(Box::new(guard));
        self
    }

    /// The same right to attend, holding nothing: it does not keep the run owned.
    #[must_use]
    pub fn witness(&self) -> Self {
        Self::new(self.run.clone(), self.epoch, self.next, self.head)
    }

    /// The digests that entries with these texts will have, in order.
    pub fn digests<'a>(&self, bodies: impl IntoIterator<Item = &'a [u8]>) -> Vec<Digest> {
        let (mut before, mut number) = (self.head, self.next);
        let digest = |body: &[u8]| {
            before = chain(before, number, body);
            number += 1;
            before
        };
        bodies.into_iter().map(digest).collect()
    }

    /// Takes note that entries were recorded, the last of which has this digest.
    pub fn advance(&mut self, count: u64, head: Digest) {
        self.next += count;
        self.head = head;
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ownership")
            .field("run", &self.run)
            .field("epoch", &self.epoch)
            .field("next", &self.next)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}
