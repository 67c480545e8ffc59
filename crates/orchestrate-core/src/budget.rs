//! The ledger of spending: reserve before, settle after. No reservation, no call.
//!
//! Accounts form a tree (run, branch, agent); a reservation is taken on the whole path up to the
//! run or not at all. The law, held by a property test: on every account, spent plus reserved never
//! passes the cap, in any order of calls. An attempt that used more than it had reserved is the
//! one thing that can break a promise, so `settle` reports it.

use crate::limits::{Limits, Usage};
use crate::outcome::LimitKind;

/// Names an account of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(u32);

impl Account {
    /// The account of the whole run.
    pub const RUN: Self = Self(0);
}

#[derive(Debug, Clone)]
struct Entry {
    parent: Option<Account>,
    limits: Limits,
    spent: Usage,
    reserved: Usage,
}

/// A promise that `amount` may be spent from `account`. It must be settled once.
#[derive(Debug)]
#[must_use = "a reservation holds its amount until it is settled"]
pub struct Reservation {
    account: Account,
    amount: Usage,
}

impl Reservation {
    /// What is held.
    #[must_use]
    pub fn amount(&self) -> Usage {
        self.amount
    }
}

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The limit is used up by what was spent: waiting does not help.
    Exhausted(LimitKind),
    /// Others hold reservations that may come back: try again when one is settled.
    Busy(LimitKind),
}

/// What became of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What was booked.
    pub booked: Usage,
    /// Whether more was used than reserved; the surplus is booked too, it was spent.
    pub overrun: bool,
}

/// The accounts of one run.
#[derive(Debug, Clone)]
pub struct Budget {
    accounts: Vec<Entry>,
}

impl Budget {
    /// A budget with the run's account.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            accounts: vec![Entry {
                parent: None,
                limits,
                spent: Usage::default(),
                reserved: Usage::default(),
            }],
        }
    }

    /// Opens an account below another; its limits hold in addition to those above.
    pub fn open(&mut self, parent: Account, limits: Limits) -> Account {
        let account = Account(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX));
        self.accounts.push(Entry {
            parent: Some(parent),
            limits,
            spent: Usage::default(),
            reserved: Usage::default(),
        });
        account
    }

    /// Reserves an amount on an account and on all above it, or on none.
    ///
    /// # Errors
    /// [`Refused`] with the limit that stands in the way, nearest to the account first.
    pub fn reserve(&mut self, account: Account, amount: Usage) -> Result<Reservation, Refused> {
        let mut next = Some(account);
        while let Some(entry) = next.and_then(|a| self.accounts.get(a.0 as usize)) {
            entry.admits(amount)?;
            next = entry.parent;
        }
        self.each_up(account, |entry| entry.reserved += amount);
        Ok(Reservation { account, amount })
    }

    /// Gives a reservation back and books what was used.
    pub fn settle(&mut self, reservation: Reservation, used: Usage) -> Settled {
        let Reservation { account, amount } = reservation;
        self.each_up(account, |entry| {
            entry.reserved = entry.reserved.without(amount);
            entry.spent += used;
        });
        let overrun =
            used.calls > amount.calls || used.tokens > amount.tokens || used.cost > amount.cost;
        Settled {
            booked: used,
            overrun,
        }
    }

    /// Books what was used before this budget came to be, whatever the caps say.
    pub fn book(&mut self, account: Account, used: Usage) {
        self.each_up(account, |entry| entry.spent += used);
    }

    /// What an account has spent.
    #[must_use]
    pub fn spent(&self, account: Account) -> Usage {
        self.accounts
            .get(account.0 as usize)
            .map(|entry| entry.spent)
            .unwrap_or_default()
    }

    /// What is reserved on an account at this moment.
    #[must_use]
    pub fn reserved(&self, account: Account) -> Usage {
        self.accounts
            .get(account.0 as usize)
            .map(|entry| entry.reserved)
            .unwrap_or_default()
    }

    fn each_up(&mut self, account: Account, mut change: impl FnMut(&mut Entry)) {
        let mut next = Some(account);
        while let Some(entry) = next.and_then(|a| self.accounts.get_mut(a.0 as usize)) {
            change(entry);
            next = entry.parent;
        }
    }
}

impl Entry {
    fn admits(&self, amount: Usage) -> Result<(), Refused> {
        let check =
            |limit: Option<u64>, spent: u64, reserved: u64, more: u64, kind: LimitKind| match limit
            {
                Some(cap) if spent.saturating_add(more) > cap => Err(Refused::Exhausted(kind)),
                Some(cap) if spent.saturating_add(reserved).saturating_add(more) > cap => {
                    Err(Refused::Busy(kind))
                }
                _ => Ok(()),
            };
        let (spent, reserved, limits) = (self.spent, self.reserved, self.limits);
        check(
            limits.calls,
            spent.calls,
            reserved.calls,
            amount.calls,
            LimitKind::Calls,
        )?;
        check(
            limits.tokens,
            spent.tokens,
            reserved.tokens,
            amount.tokens,
            LimitKind::Tokens,
        )?;
        check(
            limits.cost.map(|c| c.0),
            spent.cost.0,
            reserved.cost.0,
            amount.cost.0,
            LimitKind::Cost,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Cost;
    use proptest::prelude::*;

    fn usage(calls: u64, tokens: u64) -> Usage {
        Usage {
            calls,
            tokens,
            cost: Cost(tokens * 7),
            unpriced_tokens: 0,
            cached_tokens: 0,
        }
    }

    #[test]
    fn a_child_is_held_by_every_account_above_it() {
        let mut budget = Budget::new(Limits {
            tokens: Some(100),
            ..Limits::default()
        });
        let branch = budget.open(
            Account::RUN,
            Limits {
                calls: Some(1),
                ..Limits::default()
            },
        );
        let held = budget.reserve(branch, usage(1, 60)).unwrap();
        assert_eq!(
            budget.reserve(branch, usage(1, 1)).unwrap_err(),
            Refused::Busy(LimitKind::Calls)
        );
        assert_eq!(
            budget.reserve(Account::RUN, usage(1, 50)).unwrap_err(),
            Refused::Busy(LimitKind::Tokens)
        );
        assert_eq!(
            budget.reserve(Account::RUN, usage(1, 101)).unwrap_err(),
            Refused::Exhausted(LimitKind::Tokens)
        );
        assert!(!budget.settle(held, usage(1, 10)).overrun);
        assert_eq!(
            budget.reserve(branch, usage(1, 1)).unwrap_err(),
            Refused::Exhausted(LimitKind::Calls)
        );
        assert_eq!(budget.spent(Account::RUN).tokens, 10);
    }

    proptest! {
        /// Any tree, any interleaving: spent plus reserved stays within every cap as long as nobody overruns.
        #[test]
        fn prop_spending_never_passes_a_cap(
            caps in proptest::collection::vec((0u64..400, 0u64..12), 1..6),
            steps in proptest::collection::vec((0usize..6, 1u64..120, 0u64..=100, any::<bool>()), 1..120),
        ) {
            let limits: Vec<Limits> = caps.iter().map(|(tokens, calls)| Limits { tokens: Some(*tokens), calls: Some(*calls), ..Limits::default() }).collect();
            let mut budget = Budget::new(limits[0]);
            let mut accounts = vec![Account::RUN];
            for limit in &limits[1..] {
                let parent = accounts[accounts.len() / 2];
                accounts.push(budget.open(parent, *limit));
            }
            let mut held = Vec::new();
            for (at, tokens, share, settle_first) in steps {
                if settle_first && !held.is_empty() {
                    let (reservation, amount): (Reservation, Usage) = held.remove(at % held.len());
                    let used = usage(amount.calls, amount.tokens * share / 100);
                    budget.settle(reservation, used);
                }
                let account = accounts[at % accounts.len()];
                let amount = usage(1, tokens);
                if let Ok(reservation) = budget.reserve(account, amount) {
                    held.push((reservation, amount));
                }
                for (account, limit) in accounts.iter().zip(&limits) {
                    let sum = budget.spent(*account) + budget.reserved(*account);
                    prop_assert!(sum.tokens <= limit.tokens.unwrap());
                    prop_assert!(sum.calls <= limit.calls.unwrap());
                }
            }
        }
    }
}
