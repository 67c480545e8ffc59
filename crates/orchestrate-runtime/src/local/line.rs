//! The steps that may begin as soon as there is room: in one line, and beside it those that wait until an
//! account has room again, so that nobody behind them waits too.

use std::collections::{BTreeMap, VecDeque};

use orchestrate_core::budget::Account;
use orchestrate_strategies::graph::NodeId;

use super::flights::Step;

/// Steps that have not begun another attempt.
#[derive(Debug, Default)]
pub(super) struct Line {
    line: VecDeque<Step>,
    /// By the account that has no room, in the order in which they came.
    aside: BTreeMap<Account, Vec<Step>>,
}

impl Line {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty() && self.aside.is_empty()
    }

    pub(super) fn push_back(&mut self, step: Step) {
        self.line.push_back(step);
    }

    pub(super) fn push_front(&mut self, step: Step) {
        self.line.push_front(step);
    }

    /// Lets a step wait until that account has room.
    pub(super) fn set_aside(&mut self, account: Account, step: Step) {
        self.aside.entry(account).or_default().push(step);
    }

    /// Puts those who wait for one of these accounts back into the line, before everybody else.
    pub(super) fn call_back(&mut self, accounts: impl Iterator<Item = Account>) {
        if self.aside.is_empty() {
            return;
        }
        for account in accounts {
            for step in self.aside.remove(&account).into_iter().flatten().rev() {
                self.line.push_front(step);
            }
        }
    }

    /// Takes the first in line of whom something holds.
    pub(super) fn take_first(&mut self, holds: impl FnMut(&Step) -> bool) -> Option<Step> {
        let at = self.line.iter().position(holds)?;
        self.line.remove(at)
    }

    /// Takes one step out, wherever it waits.
    pub(super) fn remove(&mut self, node: NodeId) -> Option<Step> {
        if let Some(step) = self.take_first(|step| step.node == node) {
            return Some(step);
        }
        let mut found = None;
        self.aside.retain(|_, steps| {
            if let Some(at) = steps.iter().position(|step| step.node == node) {
                found = Some(steps.remove(at));
            }
            !steps.is_empty()
        });
        found
    }

    /// Takes all out.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Step> + use<> {
        let line = std::mem::take(&mut self.line);
        let aside = std::mem::take(&mut self.aside);
        line.into_iter().chain(aside.into_values().flatten())
    }
}
