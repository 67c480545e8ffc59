//! How agents fare: heartbeats and recent outcomes, folded into a status. Time is handed in, never read.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::AgentTemplate;
use crate::event::{Event, EventKind};
use crate::outcome::{FailureClass, Outcome};
use crate::task::words;

words! {
    /// Whether an agent can be given work.
    AgentStatus, "agent status", {
        /// It can.
        Available = "available",
        /// It works on as much as it may at the same time.
        Busy = "busy",
        /// It failed too often of late.
        Failing = "failing",
        /// It gave signs of life and has stopped doing so.
        Unreachable = "unreachable",
    }
}

/// When an agent counts as failing or unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthRules {
    /// How long a heartbeat is good for, in microseconds.
    pub heartbeat_us: u64,
    /// How many of the latest outcomes count.
    pub window: usize,
    /// Outcomes before a failure rate says anything.
    pub least: usize,
    /// The failure rate from which on an agent is failing, from 0 to 1.
    pub failing_from: f64,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self {
            heartbeat_us: 30_000_000,
            window: 20,
            least: 4,
            failing_from: 0.5,
        }
    }
}

/// What is known of one agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentHealth {
    /// When it last gave a sign of life, in microseconds of the caller's clock. Agents that run in this process give none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat_us: Option<u64>,
    /// Steps that it works on now.
    pub running: u32,
    /// Its latest outcomes, oldest first; true is success.
    pub recent: VecDeque<bool>,
}

impl AgentHealth {
    /// The share of its latest outcomes that failed, from 0 to 1; none before the first.
    #[must_use]
    pub fn failure_rate(&self) -> Option<f64> {
        let failed = self.recent.iter().filter(|success| !**success).count();
        (!self.recent.is_empty()).then(|| failed as f64 / self.recent.len() as f64)
    }
}

/// The health of agents by the id of their template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthBoard {
    rules: HealthRules,
    agents: BTreeMap<String, AgentHealth>,
}

/// A status that is no longer what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The agent's template.
    pub agent: String,
    /// What it was.
    pub from: AgentStatus,
    /// What it is.
    pub to: AgentStatus,
}

impl HealthBoard {
    /// A board on which nothing is known.
    #[must_use]
    pub fn new(rules: HealthRules) -> Self {
        Self {
            rules,
            agents: BTreeMap::new(),
        }
    }

    /// What is known of an agent.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&AgentHealth> {
        self.agents.get(id)
    }

    /// Whether an agent can be given work at a time. One of which nothing is known can.
    #[must_use]
    pub fn status(&self, template: &AgentTemplate, now_us: u64) -> AgentStatus {
        let Some(health) = self.agents.get(&template.id) else {
            return AgentStatus::Available;
        };
        let silent = health
            .last_heartbeat_us
            .is_some_and(|at| now_us.saturating_sub(at) > self.rules.heartbeat_us);
        let failing = health.recent.len() >= self.rules.least
            && health
                .failure_rate()
                .is_some_and(|rate| rate >= self.rules.failing_from);
        let most = template.manifest.max_parallel_tasks;
        if silent {
            AgentStatus::Unreachable
        } else if failing {
            AgentStatus::Failing
        } else if most.is_some_and(|most| health.running >= most) {
            AgentStatus::Busy
        } else {
            AgentStatus::Available
        }
    }

    /// An agent gave a sign of life.
    pub fn heartbeat(&mut self, template: &AgentTemplate, now_us: u64) -> Option<StatusChange> {
        self.change(template, now_us, |health, _| {
            health.last_heartbeat_us = Some(now_us);
        })
    }

    /// An agent began a step.
    pub fn began(&mut self, template: &AgentTemplate, now_us: u64) -> Option<StatusChange> {
        self.change(template, now_us, |health, _| health.running += 1)
    }

    /// An agent ended a step. Only what the agent itself did counts: a step that was cancelled or
    /// not executed, or whose input or credentials were wrong, says nothing about its health.
    pub fn ended(
        &mut self,
        template: &AgentTemplate,
        outcome: &Outcome,
        now_us: u64,
    ) -> Option<StatusChange> {
        self.change(template, now_us, |health, rules| {
            health.running = health.running.saturating_sub(1);
            health.count(outcome, rules);
        })
    }

    /// Takes in how the steps of a recorded run ended. The agents of a plan are named by their ids
    /// in the team, so the caller says which template each was made from.
    pub fn record<'a>(&mut self, event: &Event, template_of: impl Fn(&str) -> Option<&'a str>) {
        let EventKind::StepFinished {
            worker,
            outcome,
            attempts,
            ..
        } = &event.kind
        else {
            return;
        };
        if *attempts > 0
            && let Some(agent) = worker.agent()
            && let Some(template) = template_of(agent.as_str())
        {
            let health = self.agents.entry(template.to_owned()).or_default();
            health.count(outcome, &self.rules);
        }
    }

    /// Takes in outcomes that a store remembers of an agent, oldest first; true is success.
    pub fn recall(&mut self, agent: &str, recent: impl IntoIterator<Item = bool>) {
        let health = self.agents.entry(agent.to_owned()).or_default();
        for success in recent {
            health.add(success, &self.rules);
        }
    }

    fn change(
        &mut self,
        template: &AgentTemplate,
        now_us: u64,
        change: impl FnOnce(&mut AgentHealth, &HealthRules),
    ) -> Option<StatusChange> {
        let from = self.status(template, now_us);
        let health = self.agents.entry(template.id.clone()).or_default();
        change(health, &self.rules);
        let to = self.status(template, now_us);
        (from != to).then(|| StatusChange {
            agent: template.id.clone(),
            from,
            to,
        })
    }
}

/// Whether an outcome speaks for or against the health of its agent; none when it says nothing of it.
#[must_use]
pub fn speaks_for_health(outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Succeeded => Some(true),
        Outcome::Failed { class, .. } => {
            let own = !class.lies_elsewhere() && *class != FailureClass::Input;
            own.then_some(false)
        }
        _ => None,
    }
}

impl AgentHealth {
    fn count(&mut self, outcome: &Outcome, rules: &HealthRules) {
        if let Some(success) = speaks_for_health(outcome) {
            self.add(success, rules);
        }
    }

    fn add(&mut self, success: bool, rules: &HealthRules) {
        self.recent.push_back(success);
        while self.recent.len() > rules.window {
            self.recent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::CancelReason;
    use crate::template::AgentRegistry;

    fn reviewer(most: Option<u32>) -> AgentTemplate {
        let registry = AgentRegistry::builtin();
        let mut template = registry.require("code_reviewer").unwrap().as_ref().clone();
        template.manifest.max_parallel_tasks = most;
        template
    }

    #[test]
    fn an_agent_is_failing_only_by_its_own_failures() {
        let (template, mut board) = (reviewer(None), HealthBoard::default());
        let failed = Outcome::failed(FailureClass::Reported, "no");
        let not_its_own = [
            Outcome::failed(FailureClass::Credentials, "no key"),
            Outcome::failed(FailureClass::Quota, "no credit"),
            Outcome::failed(FailureClass::Transient, "overloaded"),
            Outcome::failed(FailureClass::NotExecuted, "no backend"),
            Outcome::Cancelled {
                reason: CancelReason::User,
            },
        ];
        for outcome in &not_its_own {
            for _ in 0..9 {
                assert_eq!(board.ended(&template, outcome, 0), None);
            }
        }
        for _ in 0..3 {
            assert_eq!(board.ended(&template, &failed, 0), None);
        }
        let change = board.ended(&template, &failed, 0).unwrap();
        assert_eq!(
            (change.from, change.to),
            (AgentStatus::Available, AgentStatus::Failing)
        );
        let mut back = None;
        for _ in 0..20 {
            back = back.or(board.ended(&template, &Outcome::Succeeded, 0));
        }
        assert_eq!(back.map(|change| change.to), Some(AgentStatus::Available));
        let health = board.get("code_reviewer").unwrap();
        assert_eq!(
            (health.recent.len(), health.failure_rate()),
            (20, Some(0.0))
        );
    }

    #[test]
    fn who_gave_signs_of_life_and_stopped_is_unreachable() {
        let (template, mut board) = (reviewer(None), HealthBoard::default());
        assert_eq!(board.status(&template, u64::MAX), AgentStatus::Available);
        board.heartbeat(&template, 10);
        assert_eq!(board.status(&template, 30_000_010), AgentStatus::Available);
        assert_eq!(
            board.status(&template, 30_000_011),
            AgentStatus::Unreachable
        );
        let change = board.heartbeat(&template, 40_000_000);
        assert_eq!(change.map(|change| change.to), Some(AgentStatus::Available));
    }

    #[test]
    fn who_works_on_as_much_as_it_may_is_busy() {
        let (template, mut board) = (reviewer(Some(2)), HealthBoard::default());
        assert_eq!(board.began(&template, 0), None);
        let change = board.began(&template, 0);
        assert_eq!(change.map(|change| change.to), Some(AgentStatus::Busy));
        let change = board.ended(&template, &Outcome::Succeeded, 0);
        assert_eq!(change.map(|change| change.to), Some(AgentStatus::Available));
    }
}
