//! What was malformed and left out, each told once until somebody asks.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Collects warnings from whatever thread meets them.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<BTreeSet<String>>);

impl Warnings {
    pub(crate) fn add(&self, warning: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(warning);
    }

    pub(crate) fn take(&self) -> Vec<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all).into_iter().collect()
    }
}
