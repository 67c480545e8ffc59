//! Which step starts next: one that is ready or has waited, whose agent has a place and whose reservation holds.

use orchestrate_core::budget::{Account, Reservation};
use orchestrate_core::event::{EventKind, LimitHolder};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_strategies::graph::{AgentWork, Work};
use tokio::time::Instant;

use super::assign::Doer;
use super::dispatcher::Dispatcher;
use super::flights::Step;
use super::ledger::Held;
use super::recording::Cleared;

impl Dispatcher {
    /// The next step that has its reservation; none when there is none or no place for it.
    pub(super) fn next_step(&mut self) -> Option<(Step, Doer, Reservation)> {
        let places = self.limits.concurrency.map_or(usize::MAX, |n| n as usize);
        self.queue_rested();
        while self.at_work() < places {
            let mut step = self.next_with_a_place()?;
            let task = step.task.clone();
            let doer = match self.doer(&task.work) {
                Ok(Some(doer)) => doer,
                Ok(None) => {
                    if let Work::Approve(question) = &task.work {
                        self.ask(step, question);
                    }
                    continue;
                }
                Err(outcome) => {
                    self.finish_without_output(step, outcome);
                    self.apply_effects();
                    continue;
                }
            };
            // Asked here and not in the attempt, so that nothing begins that cannot succeed.
            if let Some(failure) = doer.unavailable(&task) {
                let outcome = Outcome::failed(failure.class, failure.message.as_str());
                self.fail(step, outcome, failure);
                self.apply_effects();
                continue;
            }
            let graph = self.walk.graph();
            match self.ledger.reserve(graph, &task, doer.range()) {
                Ok((reservation, cut)) => {
                    step.cut = cut;
                    return Some((step, doer, reservation));
                }
                Err(Held::Until(account)) if self.at_work() > 0 => {
                    if account == Account::RUN {
                        self.waiting.push_front(step);
                        return None;
                    }
                    // Only those who are under the same limit wait; the rest of the run goes on.
                    self.waiting.set_aside(account, step);
                }
                Err(Held::ByRun(limit, short)) => {
                    self.waiting.push_front(step);
                    self.publish(EventKind::LimitReached {
                        of: LimitHolder::Run,
                        limit,
                        short: Some(short),
                    });
                    self.limit(limit);
                    self.apply_effects();
                }
                Err(Held::Apart(limit, holder)) => self.limit_apart(step, limit, holder),
                // Nothing is under way that could give anything back: this would be a mistake of the ledger.
                Err(Held::Until(_)) => {
                    let why = "a reservation is held by nobody";
                    let outcome = Outcome::failed(FailureClass::Internal, why);
                    self.finish_without_output(step, outcome);
                    self.apply_effects();
                }
            }
        }
        None
    }

    /// Lets those whose rest is over wait in line with the others.
    fn queue_rested(&mut self) {
        if self.flights.next_wake().is_none() {
            return;
        }
        let now = Instant::now();
        while let Some(step) = self.flights.wake(now) {
            self.waiting.push_back(step);
        }
    }

    /// How many attempts are under way or about to be.
    fn at_work(&self) -> usize {
        self.flights.working() + self.cleared.len()
    }

    /// The same of the agents made from a template.
    fn at_work_of(&self, template: &str) -> usize {
        let of_template = |it: &&Cleared| {
            let work = it.step.task.agent_work();
            work.is_some_and(|work| work.agent.template.id == template)
        };
        self.flights.of(template) + self.cleared.iter().filter(of_template).count()
    }

    /// The first step in line whose agent may begin another one now.
    fn next_with_a_place(&mut self) -> Option<Step> {
        let mut line = std::mem::take(&mut self.waiting);
        let waiting = line.take_first(|step| self.has_place(step));
        self.waiting = line;
        if waiting.is_some() {
            return waiting;
        }
        loop {
            let step = Step::new(self.walk.next_ready()?);
            if self.has_place(&step) {
                return Some(step);
            }
            self.waiting.push_back(step);
        }
    }

    /// Whether the agent of a step works on fewer steps than its manifest allows at the same time.
    fn has_place(&self, step: &Step) -> bool {
        let work = step.task.agent_work();
        work.is_none_or(|work| {
            let template = &work.agent.template;
            let most = template.manifest.max_parallel_tasks;
            most.is_none_or(|most| self.at_work_of(&template.id) < most as usize)
        })
    }

    /// What carries work out that makes attempts; none for a question to a person.
    ///
    /// # Errors
    /// How the step ends when there is nothing that could.
    pub(super) fn doer(&self, work: &Work) -> Result<Option<Doer>, Outcome> {
        match work {
            Work::Agent(AgentWork { agent, .. }) => match self.assigned.get(&agent.id) {
                Some(assigned) => Ok(Some(Doer::Agent(assigned.clone()))),
                None => Err(Outcome::failed(
                    FailureClass::NotExecuted,
                    self.backends.refusal(&agent.id),
                )),
            },
            Work::Tool { tool, .. } => Ok(Some(Doer::Tool(self.tools.find(tool)?))),
            Work::Approve(_) => Ok(None),
            // The walk ends such work itself.
            Work::Refused { outcome, .. } => Err(outcome.clone()),
        }
    }
}
