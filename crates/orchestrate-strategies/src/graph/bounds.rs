//! What a plan can take, computed before anything runs.
//!
//! - `least`: every step is reached at most as far as the shortest way needs, and no backend uses a model.
//! - `expected`: every step succeeds at its first attempt; the ways of a branch weigh the same, one
//!   round of a loop, one item of a map; tokens are the middle of the template's range, time is the
//!   template's timeout.
//! - `most`: all attempts, all rounds, all items, all steps that an expansion may have. Nothing
//!   observed passes it.
//!
//! Tools use no tokens and no money here. The time that people take to decide counts as far as the
//! plan bounds it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{
    AgentStep, Bound, Bounds, CallStep, Definition, ExpandStep, GraphNode, OnError, Plan,
    RetryPolicy, Step, StepKind, TOOL_TIMEOUT_MS, ToolStep,
};
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;

use super::place::Needs;

/// The bounds of a plan.
#[must_use]
pub fn bounds(plan: &Plan) -> Bounds {
    let Need {
        calls,
        tokens,
        cost,
        time,
        work,
        width,
        work_steps: _,
    } = Estimate::new(&plan.agents, &plan.tools, &plan.definitions).of(&plan.root);
    let limited = plan
        .limits
        .concurrency
        .map(u64::from)
        .filter(|limit| *limit < width && *limit > 0);
    // A list schedule on `c` workers takes at most the work divided by `c` plus the longest chain.
    let latency_ms = limited.map_or(time, |c| {
        time.with(work, |time, work| {
            time.saturating_add(work / c).min(work.max(time))
        })
    });
    let cost = Bound {
        least: Cost(cost.least),
        expected: Cost(cost.expected),
        most: Cost(cost.most),
    };
    Bounds {
        calls,
        tokens,
        cost,
        latency_ms,
        width: limited.unwrap_or(width),
    }
}

/// The most that a plan costs where an attempt of an agent costs at most so much.
pub fn most_cost(plan: &Plan, of_attempt: impl Fn(&Agent) -> Cost) -> Cost {
    let mut estimate = Estimate::new(&plan.agents, &plan.tools, &plan.definitions);
    estimate.cost = Some(&of_attempt);
    Cost(estimate.of(&plan.root).cost.most)
}

/// What a step needs. Time is the longest chain, work the sum of all times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Need {
    pub(crate) calls: Bound<u64>,
    pub(crate) tokens: Bound<u64>,
    /// In millionths of a unit.
    pub(crate) cost: Bound<u64>,
    pub(crate) time: Bound<u64>,
    work: Bound<u64>,
    width: u64,
    /// Pieces of work at most, rounds and items counted one by one.
    pub(crate) work_steps: u64,
}

/// Computes what steps need from what the plan holds beside them.
pub(crate) struct Estimate<'a> {
    agents: &'a BTreeMap<AgentId, Arc<Agent>>,
    tools: &'a BTreeMap<String, Effect>,
    definitions: &'a BTreeMap<StepName, Definition>,
    /// The most that an attempt of an agent costs; without it, the weight of its tier.
    cost: Option<&'a dyn Fn(&Agent) -> Cost>,
    /// What definitions need; nothing while one is being computed, so that a circle ends.
    known: RefCell<BTreeMap<StepName, Need>>,
}

trait Arithmetic {
    fn with(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self;
    fn plus(self, other: Self) -> Self;
}

impl Arithmetic for Bound<u64> {
    fn with(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            least: f(self.least, other.least),
            expected: f(self.expected, other.expected),
            most: f(self.most, other.most),
        }
    }

    fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }
}

impl<'a> Estimate<'a> {
    pub(crate) fn new(
        agents: &'a BTreeMap<AgentId, Arc<Agent>>,
        tools: &'a BTreeMap<String, Effect>,
        definitions: &'a BTreeMap<StepName, Definition>,
    ) -> Self {
        Self {
            agents,
            tools,
            definitions,
            cost: None,
            known: RefCell::default(),
        }
    }

    pub(crate) fn of(&self, step: &Step) -> Need {
        let mut need = self.of_kind(&step.kind);
        if let Some(limits) = step.limits.as_deref() {
            need = need.within(limits);
        }
        let Some(deadline) = step.longest_ms() else {
            return need;
        };
        // Its time may be over before anything inside has begun.
        let cut = |time: Bound<u64>| Bound {
            least: time.least.min(deadline),
            expected: time.expected.min(deadline),
            most: time.most.min(deadline),
        };
        Need {
            time: cut(need.time),
            ..need.with_least_of(Need::default())
        }
    }

    fn of_kind(&self, kind: &StepKind) -> Need {
        match kind {
            StepKind::Agent(agent) => self.of_agent(agent),
            StepKind::Tool(tool) => self.of_tool(tool),
            StepKind::Approve(approve) => {
                let time = Bound {
                    most: approve.timeout_ms.unwrap_or_default(),
                    ..Bound::default()
                };
                Need {
                    time,
                    work: time,
                    work_steps: 1,
                    ..Need::default()
                }
            }
            StepKind::Expand(expand) => self.of_expand(expand),
            StepKind::Call(call) => self.of_call(call),
            StepKind::Sequence {
                steps, on_error, ..
            } => {
                let mut parts = steps.iter().map(|step| self.of(step));
                let first = parts.next().unwrap_or_default();
                let all = parts.fold(first, Need::then);
                // A line that stops at a failure may end after its first step.
                if *on_error == OnError::Continue {
                    all
                } else {
                    all.with_least_of(first)
                }
            }
            StepKind::Parallel {
                steps,
                max_concurrency,
                ..
            } => {
                let parts: Vec<_> = steps.iter().map(|step| self.of(step)).collect();
                Need::side_by_side(&parts, *max_concurrency)
            }
            StepKind::Graph { nodes, .. } => self.of_graph(nodes),
            StepKind::Branch { arms, otherwise } => {
                let ways = arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref());
                let mut ways: Vec<Need> = ways.map(|step| self.of(step)).collect();
                if otherwise.is_none() {
                    ways.push(Need::default());
                }
                Need::one_of(&ways)
            }
            StepKind::Loop { body, fuel, .. } => self.of(body).repeated(u64::from(*fuel), 1),
            StepKind::Map {
                body,
                max_items,
                max_concurrency,
                ..
            } => {
                let body = self.of(body);
                let items = u64::from(*max_items);
                let width = max_concurrency.map_or(items, u64::from).min(items);
                let all = body.repeated(items, 0);
                let rounds = items.div_ceil(width.max(1));
                let time = Bound {
                    most: body.time.most.saturating_mul(rounds),
                    ..all.time
                };
                Need {
                    time,
                    width: body.width.saturating_mul(width),
                    ..all
                }
            }
        }
    }

    fn of_agent(&self, step: &AgentStep) -> Need {
        let agent = self.agents.get(&step.agent);
        agent.map_or_else(Need::default, |agent| {
            self.of_attempts(agent, step.retry, step.timeout_ms)
        })
    }

    fn of_tool(&self, step: &ToolStep) -> Need {
        let effect = self.tools.get(&step.tool);
        let retry = if effect.is_some_and(|effect| effect.is_repeatable()) {
            step.retry
        } else {
            RetryPolicy::NEVER
        };
        let attempts = u64::from(retry.max_attempts.max(1));
        let time = of_time(step.timeout_ms.unwrap_or(TOOL_TIMEOUT_MS), retry);
        Need {
            calls: Bound {
                least: 1,
                expected: 1,
                most: attempts,
            },
            time,
            work: time,
            width: 1,
            work_steps: 1,
            ..Need::default()
        }
    }

    /// As many steps as are allowed, each by the most demanding agent, tool or workflow that is.
    pub(crate) fn of_expand(&self, step: &ExpandStep) -> Need {
        let allowed = |id: &AgentId| step.agents.is_empty() || step.agents.contains(id);
        let agents = self.agents.iter().filter(|(id, _)| allowed(id));
        let agents = agents.map(|(_, agent)| self.of_attempts(agent, RetryPolicy::default(), None));
        let no_arguments = orchestrate_core::task::Context::new();
        let tools = step.tools.iter().map(|tool| {
            let step = ToolStep::new(tool.as_str(), no_arguments.clone());
            self.of_tool(&step)
        });
        let workflows = step.workflows.values().map(|call| self.of_call(call));
        let worst = agents
            .chain(tools)
            .chain(workflows)
            .fold(Need::default(), Need::with_most_of);
        let steps = u64::from(step.max_steps);
        Need {
            width: steps.saturating_mul(worst.width.max(1)),
            work_steps: steps.saturating_mul(worst.work_steps.max(1)),
            ..worst.repeated(steps, 0)
        }
    }

    fn of_call(&self, call: &CallStep) -> Need {
        if let Some(inline) = &call.inline {
            return self.of(inline);
        }
        let Some(name) = &call.definition else {
            return Need::default();
        };
        if let Some(need) = self.known.borrow().get(name) {
            return *need;
        }
        let Some(definition) = self.definitions.get(name) else {
            return Need::default();
        };
        self.known
            .borrow_mut()
            .insert(name.clone(), Need::default());
        let need = self.of(&definition.root);
        self.known.borrow_mut().insert(name.clone(), need);
        need
    }

    fn of_attempts(&self, agent: &Agent, retry: RetryPolicy, timeout_ms: Option<u64>) -> Need {
        let resources = &agent.template.resource_requirements;
        let attempts = u64::from(retry.max_attempts.max(1));
        let timeout = timeout_ms.unwrap_or(resources.timeout_seconds.saturating_mul(1000));
        let weight = match self.cost {
            Some(cost) => cost(agent).0,
            None => Cost::of_tier(agent.tier).0,
        };
        let middle = resources.min_tokens / 2 + resources.max_tokens / 2;
        let time = of_time(timeout, retry);
        Need {
            calls: Bound {
                least: 1,
                expected: 1,
                most: attempts,
            },
            tokens: Bound {
                least: 0,
                expected: middle,
                most: resources.max_tokens.saturating_mul(attempts),
            },
            cost: Bound {
                least: 0,
                expected: weight,
                most: weight.saturating_mul(attempts),
            },
            time,
            work: time,
            width: 1,
            work_steps: 1,
        }
    }

    fn of_graph(&self, nodes: &[GraphNode]) -> Need {
        let of_node = |node: &GraphNode| {
            let need = self.of(&node.step);
            if node.when.is_some() {
                need.with_least_of(Need::default())
            } else {
                need
            }
        };
        let parts: Vec<Need> = nodes.iter().map(of_node).collect();
        let needs = Needs::of(nodes);
        let mut ends: HashMap<usize, Bound<u64>> = HashMap::new();
        let mut longest = Bound::default();
        for position in &needs.order {
            let Some(part) = parts.get(*position) else {
                continue;
            };
            let before = needs.direct(*position).iter();
            let begins = before
                .filter_map(|need| ends.get(need))
                .fold(Bound::default(), |time: Bound<u64>, end| {
                    time.with(*end, u64::max)
                });
            let end = begins.plus(part.time);
            longest = longest.with(end, u64::max);
            ends.insert(*position, end);
        }
        Need {
            time: longest,
            ..Need::side_by_side(&parts, None)
        }
    }
}

fn of_time(timeout: u64, retry: RetryPolicy) -> Bound<u64> {
    let attempts = u64::from(retry.max_attempts.max(1));
    let waits =
        (1..retry.max_attempts).filter_map(|n| retry.next_delay(FailureClass::Transient, n, None));
    let slowest = timeout
        .saturating_mul(attempts)
        .saturating_add(waits.fold(0, u64::saturating_add));
    Bound {
        least: 0,
        expected: timeout,
        most: slowest,
    }
}

impl Need {
    /// The same under limits: they may leave no room for anything, and make what stands side by side wait.
    fn within(self, limits: &Limits) -> Self {
        let cut = |bound: Bound<u64>, most: Option<u64>| {
            let most = most.unwrap_or(u64::MAX);
            Bound {
                least: bound.least.min(most),
                expected: bound.expected.min(most),
                most: bound.most.min(most),
            }
        };
        let waits = limits.calls.is_some()
            || limits.tokens.is_some()
            || limits.cost.is_some()
            || limits.concurrency.is_some();
        let time = Bound {
            most: if waits {
                self.work.most
            } else {
                self.time.most
            },
            ..self.time
        };
        let places = limits.concurrency.map_or(u64::MAX, u64::from);
        Self {
            calls: cut(self.calls, limits.calls),
            tokens: cut(self.tokens, limits.tokens),
            cost: cut(self.cost, limits.cost.map(|cost| cost.0)),
            time,
            width: self.width.min(places),
            ..self
        }
        .with_least_of(Self::default())
    }

    fn then(self, next: Self) -> Self {
        Self {
            time: self.time.plus(next.time),
            width: self.width.max(next.width),
            ..self.sums(next)
        }
    }

    /// Calls, tokens, cost and work of both; time and width are the caller's matter.
    fn sums(self, other: Self) -> Self {
        Self {
            calls: self.calls.plus(other.calls),
            tokens: self.tokens.plus(other.tokens),
            cost: self.cost.plus(other.cost),
            work: self.work.plus(other.work),
            work_steps: self.work_steps.saturating_add(other.work_steps),
            ..self
        }
    }

    fn side_by_side(parts: &[Self], width: Option<u32>) -> Self {
        let places = width.map_or(parts.len(), |w| w as usize);
        let sum = parts.iter().copied().fold(Self::default(), Self::sums);
        let longest = parts
            .iter()
            .fold(Bound::default(), |time: Bound<u64>, part| {
                time.with(part.time, u64::max)
            });
        let mut widths: Vec<u64> = parts.iter().map(|part| part.width).collect();
        widths.sort_unstable_by(|a, b| b.cmp(a));
        let time = if places >= parts.len() {
            longest
        } else {
            let chains = parts
                .iter()
                .fold(Bound::default(), |time: Bound<u64>, part| {
                    time.plus(part.time)
                });
            longest.with(chains, |longest, chains| {
                longest
                    .saturating_add(chains / (places.max(1) as u64))
                    .min(chains)
            })
        };
        // Any one part may be the only one that is reached when the group is stopped.
        let least = parts
            .iter()
            .min_by_key(|part| part.calls.least)
            .copied()
            .unwrap_or_default();
        Self {
            time,
            width: widths.into_iter().take(places).fold(0, u64::saturating_add),
            ..sum
        }
        .with_least_of(least)
    }

    fn one_of(ways: &[Self]) -> Self {
        let count = u64::try_from(ways.len()).unwrap_or(1).max(1);
        let fold = |pick: fn(&Self) -> Bound<u64>| {
            let parts = || ways.iter().map(pick);
            Bound {
                least: parts().map(|bound| bound.least).min().unwrap_or_default(),
                // Rounded up: half a call is no call, and choices inside choices would come to nothing.
                expected: parts()
                    .fold(0u64, |sum, bound| sum.saturating_add(bound.expected))
                    .div_ceil(count),
                most: parts().map(|bound| bound.most).max().unwrap_or_default(),
            }
        };
        Self {
            calls: fold(|way| way.calls),
            tokens: fold(|way| way.tokens),
            cost: fold(|way| way.cost),
            time: fold(|way| way.time),
            work: fold(|way| way.work),
            width: ways.iter().map(|way| way.width).max().unwrap_or_default(),
            work_steps: ways
                .iter()
                .map(|way| way.work_steps)
                .max()
                .unwrap_or_default(),
        }
    }

    /// Up to `most` times, at least `least` times, expected once.
    fn repeated(self, most: u64, least: u64) -> Self {
        let times = |bound: Bound<u64>| Bound {
            least: bound.least.saturating_mul(least),
            expected: bound.expected,
            most: bound.most.saturating_mul(most),
        };
        Self {
            calls: times(self.calls),
            tokens: times(self.tokens),
            cost: times(self.cost),
            time: times(self.time),
            work: times(self.work),
            width: self.width,
            work_steps: self.work_steps.saturating_mul(most),
        }
    }

    /// The larger of both, in everything.
    fn with_most_of(self, other: Self) -> Self {
        Self {
            calls: self.calls.with(other.calls, u64::max),
            tokens: self.tokens.with(other.tokens, u64::max),
            cost: self.cost.with(other.cost, u64::max),
            time: self.time.with(other.time, u64::max),
            work: self.work.with(other.work, u64::max),
            width: self.width.max(other.width),
            work_steps: self.work_steps.max(other.work_steps),
        }
    }

    fn with_least_of(mut self, other: Self) -> Self {
        self.calls.least = other.calls.least;
        self.tokens.least = other.tokens.least;
        self.cost.least = other.cost.least;
        self.time.least = other.time.least;
        self.work.least = other.work.least;
        self
    }
}
