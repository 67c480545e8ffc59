//! The ledger of spending: reserve before, settle after. No reservation, no call.
//!
//! Accounts form a tree (the run, and the parts of it that have limits of their own); agents with limits
//! have accounts that stand apart, because an agent may work in many parts. A reservation is taken on the
//! whole path up to the run and on the agent's account, or not at all. The law, held by a property test:
//! on every account, spent plus reserved never passes the cap, in any order of calls. An attempt that
//! used more than it had reserved is the one thing that can break a promise, so `settle` reports it.

use crate::limits::{Cost, Limits, Usage};
use crate::outcome::LimitKind;

/// Names an account of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account(u32);

impl Account {
    /// The account of the whole run.
    pub const RUN: Self = Self(0);
}

/// Who pays for an attempt: an account with all above it, and one that stands apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payers {
    /// The account nearest to the work; those above it pay too.
    pub nearest: Account,
    /// The account of who does the work, if that has limits.
    pub worker: Option<Account>,
}

impl From<Account> for Payers {
    fn from(nearest: Account) -> Self {
        Self {
            nearest,
            worker: None,
        }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    parent: Option<Account>,
    limits: Limits,
    spent: Usage,
    reserved: Usage,
    /// Reservations that are not settled.
    open: u32,
}

impl Entry {
    fn new(parent: Option<Account>, limits: Limits) -> Self {
        Self {
            parent,
            limits,
            spent: Usage::default(),
            reserved: Usage::default(),
            open: 0,
        }
    }
}

/// A promise that `amount` may be spent. It must be settled once.
#[derive(Debug)]
#[must_use = "a reservation holds its amount until it is settled"]
pub struct Reservation {
    payers: Payers,
    amount: Usage,
}

impl Reservation {
    /// What is held.
    #[must_use]
    pub fn amount(&self) -> Usage {
        self.amount
    }

    /// Who pays.
    #[must_use]
    pub fn payers(&self) -> Payers {
        self.payers
    }
}

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The limit is used up by what was spent: waiting does not help.
    Exhausted {
        /// The account that has the limit.
        account: Account,
        /// Which limit.
        limit: LimitKind,
    },
    /// Others hold reservations that may come back: try again when one of this account is settled.
    Busy {
        /// The account on which they stand.
        account: Account,
        /// The limit that they hold; none when all places are taken.
        limit: Option<LimitKind>,
    },
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
            accounts: vec![Entry::new(None, limits)],
        }
    }

    /// Opens an account below another; its limits hold in addition to those above.
    pub fn open(&mut self, parent: Account, limits: Limits) -> Account {
        self.add(Entry::new(Some(parent), limits))
    }

    /// Opens an account that stands apart: it pays only where it is named as the worker's.
    pub fn open_apart(&mut self, limits: Limits) -> Account {
        self.add(Entry::new(None, limits))
    }

    fn add(&mut self, entry: Entry) -> Account {
        let account = Account(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX));
        self.accounts.push(entry);
        account
    }

    /// The accounts that pay, the nearest first and the run's last but for the worker's.
    pub fn paying(&self, payers: Payers) -> impl Iterator<Item = Account> {
        let parent = |account: &Account| self.accounts.get(account.0 as usize)?.parent;
        std::iter::successors(Some(payers.nearest), parent).chain(payers.worker)
    }

    /// Reserves an amount on every account that pays, or on none.
    ///
    /// # Errors
    /// [`Refused`] with what stands in the way, nearest to the work first; what waiting cannot help
    /// comes before what it can.
    pub fn reserve(
        &mut self,
        payers: impl Into<Payers>,
        amount: Usage,
    ) -> Result<Reservation, Refused> {
        let payers = payers.into();
        let mut busy = None;
        for account in self.paying(payers) {
            let Some(entry) = self.accounts.get(account.0 as usize) else {
                continue;
            };
            match entry.admits(account, amount) {
                Ok(()) => {}
                Err(exhausted @ Refused::Exhausted { .. }) => return Err(exhausted),
                Err(other) => busy = busy.or(Some(other)),
            }
        }
        if let Some(busy) = busy {
            return Err(busy);
        }
        self.each(payers, |entry| {
            entry.reserved += amount;
            entry.open += 1;
        });
        Ok(Reservation { payers, amount })
    }

    /// As much of an amount as the caps of those who pay leave room for beside what was spent, but not less
    /// than `least`; and if that is less than the amount, the account and the limit that leave the least room.
    /// Fewer tokens cost less in proportion; where only money is short the tokens stay, because most of them
    /// cost less than the dearest. What others hold is not looked at: it may come back.
    #[must_use]
    pub fn fitted(
        &self,
        payers: impl Into<Payers>,
        most: Usage,
        least: Usage,
    ) -> (Usage, Option<(Account, LimitKind)>) {
        let (mut amount, mut by) = (most, None);
        let mut money = (most.cost, None);
        for account in self.paying(payers.into()) {
            let Some(entry) = self.accounts.get(account.0 as usize) else {
                continue;
            };
            let left = entry
                .limits
                .tokens
                .map(|cap| cap.saturating_sub(entry.spent.tokens));
            if let Some(left) = left.filter(|left| *left < amount.tokens) {
                amount = most.of_tokens(left);
                by = Some((account, LimitKind::Tokens));
            }
            let left = entry
                .limits
                .cost
                .map(|cap| cap.0.saturating_sub(entry.spent.cost.0));
            if let Some(left) = left.filter(|left| *left < money.0.0) {
                money = (Cost(left), Some((account, LimitKind::Cost)));
            }
        }
        if money.0 < amount.cost {
            (amount.cost, by) = money;
        }
        if amount.tokens < least.tokens || amount.cost < least.cost {
            amount = least;
        }
        (amount, by)
    }

    /// The limits of an account.
    #[must_use]
    pub fn limits(&self, account: Account) -> Limits {
        let entry = self.accounts.get(account.0 as usize);
        entry.map(|entry| entry.limits).unwrap_or_default()
    }

    /// Gives a reservation back and books what was used.
    pub fn settle(&mut self, reservation: Reservation, used: Usage) -> Settled {
        let Reservation { payers, amount } = reservation;
        self.each(payers, |entry| {
            entry.reserved = entry.reserved.without(amount);
            entry.open = entry.open.saturating_sub(1);
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
    pub fn book(&mut self, payers: impl Into<Payers>, used: Usage) {
        self.each(payers.into(), |entry| entry.spent += used);
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

    fn each(&mut self, payers: Payers, mut change: impl FnMut(&mut Entry)) {
        let mut next = Some(payers.nearest);
        while let Some(entry) = next.and_then(|a| self.accounts.get_mut(a.0 as usize)) {
            change(entry);
            next = entry.parent;
        }
        let worker = payers.worker;
        if let Some(entry) = worker.and_then(|a| self.accounts.get_mut(a.0 as usize)) {
            change(entry);
        }
    }
}

impl Entry {
    fn admits(&self, account: Account, amount: Usage) -> Result<(), Refused> {
        let mut busy = None;
        let (spent, reserved, limits) = (self.spent, self.reserved, self.limits);
        let kinds = [
            (
                limits.calls,
                [spent.calls, reserved.calls, amount.calls],
                LimitKind::Calls,
            ),
            (
                limits.tokens,
                [spent.tokens, reserved.tokens, amount.tokens],
                LimitKind::Tokens,
            ),
            (
                limits.cost.map(|cost| cost.0),
                [spent.cost.0, reserved.cost.0, amount.cost.0],
                LimitKind::Cost,
            ),
        ];
        for (cap, [spent, reserved, more], limit) in kinds {
            let Some(cap) = cap else { continue };
            if spent.saturating_add(more) > cap {
                return Err(Refused::Exhausted { account, limit });
            }
            if spent.saturating_add(reserved).saturating_add(more) > cap {
                busy = busy.or(Some(limit));
            }
        }
        let full = limits.concurrency.is_some_and(|places| self.open >= places);
        if busy.is_some() || full {
            return Err(Refused::Busy {
                account,
                limit: busy,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usage(calls: u64, tokens: u64) -> Usage {
        Usage {
            calls,
            tokens,
            cost: Cost(tokens * 7),
            unpriced_tokens: 0,
            estimated_tokens: 0,
            cached_tokens: 0,
        }
    }

    fn exhausted<T>(account: Account, limit: LimitKind) -> Result<T, Refused> {
        Err(Refused::Exhausted { account, limit })
    }

    fn busy<T>(account: Account, limit: LimitKind) -> Result<T, Refused> {
        let limit = Some(limit);
        Err(Refused::Busy { account, limit })
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
        let mut refused = |account: Account, amount| budget.reserve(account, amount).map(|_| ());
        let held = refused(branch, usage(1, 60));
        assert_eq!(held, Ok(()));
        assert_eq!(refused(branch, usage(1, 1)), busy(branch, LimitKind::Calls));
        let run = Account::RUN;
        assert_eq!(refused(run, usage(1, 50)), busy(run, LimitKind::Tokens));
        assert_eq!(
            refused(run, usage(1, 101)),
            exhausted(run, LimitKind::Tokens)
        );
        // What waiting cannot help is told first, though it stands farther away.
        assert_eq!(
            refused(branch, usage(1, 101)),
            exhausted(run, LimitKind::Tokens)
        );
    }

    #[test]
    fn what_was_spent_is_gone_and_a_place_comes_back() {
        let limits = Limits {
            calls: Some(2),
            concurrency: Some(1),
            ..Limits::default()
        };
        let mut budget = Budget::new(Limits::default());
        let worker = budget.open_apart(limits);
        let payers = Payers {
            nearest: Account::RUN,
            worker: Some(worker),
        };
        let first = budget.reserve(payers, usage(1, 5)).unwrap();
        let full = budget.reserve(payers, usage(1, 5)).unwrap_err();
        assert_eq!(
            full,
            Refused::Busy {
                account: worker,
                limit: None
            }
        );
        assert!(!budget.settle(first, usage(1, 3)).overrun);
        let second = budget.reserve(payers, usage(1, 5)).unwrap();
        assert!(budget.settle(second, usage(1, 9)).overrun);
        let third = budget.reserve(payers, usage(1, 5)).unwrap_err();
        assert_eq!(
            third,
            Refused::Exhausted {
                account: worker,
                limit: LimitKind::Calls
            }
        );
        assert_eq!(budget.spent(worker).tokens, 12);
        assert_eq!(budget.spent(Account::RUN).tokens, 12);
    }

    #[test]
    fn what_is_left_is_given_and_not_less_than_makes_sense() {
        let limits = |tokens: u64, cost: u64| Limits {
            tokens: Some(tokens),
            cost: Some(Cost(cost)),
            ..Limits::default()
        };
        let mut budget = Budget::new(limits(100, 10_000));
        let branch = budget.open(Account::RUN, limits(1000, 350));
        let fitted = |budget: &Budget, most: u64| {
            let (amount, by) = budget.fitted(branch, usage(1, most), usage(1, 10));
            (amount.tokens, amount.cost.0, by)
        };
        assert_eq!(fitted(&budget, 40), (40, 280, None));
        let by_cost = Some((branch, LimitKind::Cost));
        assert_eq!(fitted(&budget, 80), (80, 350, by_cost));
        budget.book(Account::RUN, usage(1, 60));
        let by_tokens = Some((Account::RUN, LimitKind::Tokens));
        assert_eq!(fitted(&budget, 80), (40, 280, by_tokens));
        budget.book(Account::RUN, usage(1, 35));
        assert_eq!(fitted(&budget, 80), (10, 70, by_tokens));
        let refused = budget.reserve(branch, usage(1, 10)).map(|_| ());
        assert_eq!(refused, exhausted(Account::RUN, LimitKind::Tokens));
    }

    /// Limits of an account: tokens, calls, price of a token, places.
    type Caps = (Option<u64>, Option<u64>, Option<u64>, Option<u32>);

    fn limits((tokens, calls, cost, concurrency): Caps) -> Limits {
        Limits {
            tokens,
            calls,
            cost: cost.map(Cost),
            concurrency,
            ..Limits::default()
        }
    }

    fn caps() -> impl Strategy<Value = Caps> {
        let of = proptest::option::of::<std::ops::Range<u64>>;
        (
            of(0..400),
            of(0..12),
            of(0..2000),
            proptest::option::of(1u32..5),
        )
    }

    proptest! {
        /// Any tree of accounts, any workers, any prices, any interleaving: on every account, spent plus
        /// reserved stays within every cap, and no more attempts are under way than it has places, as
        /// long as nobody uses more than was reserved. What is fitted to the caps is no more than was wanted.
        #[test]
        fn prop_spending_never_passes_a_cap(
            tree in proptest::collection::vec((caps(), any::<prop::sample::Index>()), 1..8),
            workers in proptest::collection::vec(caps(), 0..3),
            steps in proptest::collection::vec(
                (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1u64..120, 0u64..9, 0u64..=100, any::<bool>()), 1..160),
        ) {
            let mut budget = Budget::new(limits(tree[0].0));
            let mut accounts = vec![(Account::RUN, limits(tree[0].0))];
            for (caps, parent) in &tree[1..] {
                let parent = parent.get(&accounts).0;
                let limits = limits(*caps);
                accounts.push((budget.open(parent, limits), limits));
            }
            let branches = accounts.len();
            for caps in &workers {
                let limits = limits(*caps);
                accounts.push((budget.open_apart(limits), limits));
            }
            let mut held: Vec<(Reservation, Usage)> = Vec::new();
            for (at, who, tokens, price, share, settle_first) in steps {
                if settle_first && !held.is_empty() {
                    let (reservation, amount) = held.remove(at.index(held.len()));
                    let used = Usage {
                        tokens: amount.tokens * share / 100,
                        cost: Cost(amount.cost.0 * share / 100),
                        ..amount
                    };
                    prop_assert!(!budget.settle(reservation, used).overrun);
                }
                let worker = who.index(workers.len() + 1).checked_sub(1).map(|at| accounts[branches + at].0);
                let payers = Payers { nearest: accounts[at.index(branches)].0, worker };
                let amount = Usage { calls: 1, tokens, cost: Cost(tokens * price), ..Usage::default() };
                // With a share of it as the least that makes sense.
                let least = amount.of_tokens(tokens * share / 100);
                let (amount, by) = budget.fitted(payers, amount, least);
                prop_assert!(least.tokens <= amount.tokens && amount.tokens <= tokens);
                prop_assert!(least.cost <= amount.cost && amount.cost.0 <= amount.tokens * price);
                prop_assert!(by.is_some() || (amount.tokens, amount.cost.0) == (tokens, tokens * price));
                if let Ok(reservation) = budget.reserve(payers, amount) {
                    held.push((reservation, amount));
                }
                for (account, limits) in &accounts {
                    let sum = budget.spent(*account) + budget.reserved(*account);
                    prop_assert!(limits.tokens.is_none_or(|cap| sum.tokens <= cap));
                    prop_assert!(limits.calls.is_none_or(|cap| sum.calls <= cap));
                    prop_assert!(limits.cost.is_none_or(|cap| sum.cost <= cap));
                    let under_way = held.iter().filter(|(it, _)| budget.paying(it.payers()).any(|a| a == *account));
                    prop_assert!(limits.concurrency.is_none_or(|places| under_way.count() <= places as usize));
                }
            }
        }
    }
}
