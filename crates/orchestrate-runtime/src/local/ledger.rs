//! Who pays for an attempt: the run, every step with limits around it, and its agent if that has limits.

use std::collections::{BTreeMap, HashMap};

use orchestrate_core::budget::{Account, Budget, Payers, Refused, Reservation, Settled};
use orchestrate_core::event::{LimitHolder, Shortage};
use orchestrate_core::id::AgentId;
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::LimitKind;
use orchestrate_strategies::graph::replay::Replay;
use orchestrate_strategies::graph::{BranchId, Graph, Task};

/// The accounts of a run. Those of branches and agents are opened when the first attempt needs them.
#[derive(Debug)]
pub(super) struct Ledger {
    budget: Budget,
    /// By the position of the branch.
    branches: Vec<Account>,
    agents: HashMap<AgentId, Account>,
    /// Accounts other than the run's whose limit was reached, with whose they are.
    reached: BTreeMap<Account, (LimitHolder, LimitKind)>,
}

/// What an attempt may use: the most, and the least with which it makes sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) most: Usage,
    pub(super) least: Usage,
}

/// Why an attempt was given less than it might have used.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) of: LimitHolder,
    pub(super) limit: LimitKind,
    /// What had been used of that limit when the attempt began.
    pub(super) spent: Usage,
    /// What it might have used.
    pub(super) most: Usage,
}

impl Cut {
    /// What is said of an attempt that ended because it would have needed so many tokens more.
    pub(super) fn told(&self, reserved: Usage, short_of: u64) -> String {
        let Self {
            of,
            limit,
            spent,
            most,
        } = self;
        let enough = *spent + reserved + most.of_tokens(short_of);
        let (within, enough, flag) = match limit {
            LimitKind::Cost => (
                format!("${}", f64::from(reserved.cost)),
                f64::from(enough.cost).to_string(),
                "--max-cost",
            ),
            _ => (
                format!("{} tokens", reserved.tokens),
                enough.tokens.to_string(),
                "--max-tokens",
            ),
        };
        let (of, raised) = match of {
            LimitHolder::Run => ("the run".to_owned(), format!("`{flag} {enough}`")),
            LimitHolder::Step(step) => (format!("step `{step}`"), format!("one of {enough}")),
            LimitHolder::Agent(agent) => (format!("agent `{agent}`"), format!("one of {enough}")),
        };
        format!(
            "it came to no answer within the {within} that the limit of {} of {of} left for it; \
             {raised} would let it make its next call",
            limit.as_str()
        )
    }
}

/// Why an attempt may not begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    /// Until a reservation of this account is settled.
    Until(Account),
    /// For good: a limit of the run.
    ByRun(LimitKind, Box<Shortage>),
    /// For good: a limit of a branch or an agent. With the holder when it was not reached before.
    Apart(LimitKind, Option<(LimitHolder, Box<Shortage>)>),
}

impl Ledger {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            budget: Budget::new(limits),
            branches: Vec::new(),
            agents: HashMap::new(),
            reached: BTreeMap::new(),
        }
    }

    /// Reserves what an attempt may use on every account that pays for it, as far as their limits leave room.
    ///
    /// # Errors
    /// [`Held`] with what stands in the way; nothing is reserved then.
    pub(super) fn reserve(
        &mut self,
        graph: &Graph,
        task: &Task,
        range: Range,
    ) -> Result<(Reservation, Option<Box<Cut>>), Held> {
        let payers = self.payers(graph, task);
        if !self.reached.is_empty() {
            let reached = |account| self.reached.get(&account);
            if let Some((_, limit)) = self.budget.paying(payers).find_map(reached) {
                return Err(Held::Apart(*limit, None));
            }
        }
        let (amount, by) = self.budget.fitted(payers, range.most, range.least);
        let reserved = self.budget.reserve(payers, amount);
        let reservation = reserved.map_err(|refused| match refused {
            Refused::Busy { account, .. } => Held::Until(account),
            Refused::Exhausted { account, limit } => {
                let short = Shortage {
                    step: task.path.clone(),
                    needs: range.least,
                    spent: self.budget.spent(account),
                    limits: self.budget.limits(account),
                };
                self.exhausted(graph, account, limit, Box::new(short))
            }
        })?;
        let cut = by.map(|(account, limit)| {
            Box::new(Cut {
                of: self.holder(graph, account),
                limit,
                spent: self.budget.spent(account),
                most: range.most,
            })
        });
        Ok((reservation, cut))
    }

    pub(super) fn settle(&mut self, reservation: Reservation, used: Usage) -> Settled {
        self.budget.settle(reservation, used)
    }

    /// The accounts that a reservation is held on.
    pub(super) fn paying(&self, payers: Payers) -> impl Iterator<Item = Account> {
        self.budget.paying(payers)
    }

    /// Books what was used for a piece of work before this ledger came to be.
    pub(super) fn book(&mut self, graph: &Graph, task: &Task, used: Usage) {
        let payers = self.payers(graph, task);
        self.budget.book(payers, used);
    }

    /// Books what was used before the run began.
    pub(super) fn book_planning(&mut self, used: Usage) {
        self.budget.book(Account::RUN, used);
    }

    /// Books what the ended steps of a recorded run used, and takes over which limits were reached.
    pub(super) fn take_over(&mut self, replay: &Replay, all: Usage) {
        let graph = replay.graph();
        let spent = replay.spent();
        let apart: Usage = spent.branches.values().copied().sum();
        self.budget.book(Account::RUN, all.without(apart));
        for (branch, used) in &spent.branches {
            let account = self.branch(graph, *branch);
            self.budget.book(account, *used);
        }
        // What an agent used is booked on the run already, with the branch of its steps.
        for (agent, used) in &spent.agents {
            let agents = graph.agents();
            let limits = agents.get(agent).map(|agent| agent.limits);
            let account = self.agent(agent, limits.unwrap_or_default());
            self.budget.book(account, *used);
        }
        for (holder, limit) in replay.held() {
            let account = match holder {
                LimitHolder::Agent(agent) => {
                    let limits = graph.agents().get(agent).map(|agent| agent.limits);
                    limits.map(|limits| self.agent(agent, limits))
                }
                LimitHolder::Step(step) => {
                    let branch = graph.branch_at(step);
                    branch.map(|branch| self.branch(graph, branch))
                }
                // It holds for all that is left, and the walk knows it.
                LimitHolder::Run => None,
            };
            if let Some(account) = account {
                self.reached.insert(account, (holder.clone(), *limit));
            }
        }
    }

    fn exhausted(
        &mut self,
        graph: &Graph,
        account: Account,
        limit: LimitKind,
        short: Box<Shortage>,
    ) -> Held {
        match self.holder(graph, account) {
            LimitHolder::Run => Held::ByRun(limit, short),
            holder => {
                self.reached.insert(account, (holder.clone(), limit));
                Held::Apart(limit, Some((holder, short)))
            }
        }
    }

    /// Whose account it is.
    fn holder(&self, graph: &Graph, account: Account) -> LimitHolder {
        if let Some((agent, _)) = self.agents.iter().find(|(_, it)| **it == account) {
            return LimitHolder::Agent(agent.clone());
        }
        let at = self.branches.iter().position(|it| *it == account);
        let branch = at.and_then(|at| graph.branch_ids().nth(at));
        let path = branch.and_then(|branch| graph.branch_path(branch));
        path.cloned().map_or(LimitHolder::Run, LimitHolder::Step)
    }

    fn payers(&mut self, graph: &Graph, task: &Task) -> Payers {
        let nearest = match task.branch {
            Some(branch) => self.branch(graph, branch),
            None => Account::RUN,
        };
        let agent = task.agent().filter(|agent| !agent.limits.is_none());
        Payers {
            nearest,
            worker: agent.map(|agent| self.agent(&agent.id, agent.limits)),
        }
    }

    /// The account of a branch. What is around a branch comes before it, so its account is open already.
    fn branch(&mut self, graph: &Graph, id: BranchId) -> Account {
        let missing = graph.branch_ids().skip(self.branches.len());
        for branch in missing.take_while(|it| *it <= id).collect::<Vec<_>>() {
            let Some(branch) = graph.branch(branch) else {
                break;
            };
            let parent = branch.parent.map(BranchId::index);
            let parent = parent.and_then(|at| self.branches.get(at)).copied();
            let account = self
                .budget
                .open(parent.unwrap_or(Account::RUN), branch.limits);
            self.branches.push(account);
        }
        let account = self.branches.get(id.index());
        account.copied().unwrap_or(Account::RUN)
    }

    fn agent(&mut self, id: &AgentId, limits: Limits) -> Account {
        if let Some(account) = self.agents.get(id) {
            return *account;
        }
        let account = self.budget.open_apart(limits);
        self.agents.insert(id.clone(), account);
        account
    }
}
