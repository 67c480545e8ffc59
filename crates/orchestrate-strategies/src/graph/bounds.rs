//! What a plan can take, computed before anything runs.
//!
//! - `least`: every step is reached at most as far as the shortest way needs, and no backend uses a model.
//! - `expected`: every step succeeds at its first attempt; the ways of a branch weigh the same, one
//!   round of a loop, one item of a map; tokens are the middle of the template's range, time is the
//!   template's timeout.
//! - `most`: all attempts, all rounds, all items. Nothing observed passes it.

use orchestrate_core::limits::Cost;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::plan::{AgentStep, Bound, Bounds, GraphNode, OnError, Plan, Step, StepKind};

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
    } = Need::of(&plan.root, plan);
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

/// What a step needs. Time is the longest chain, work the sum of all times.
#[derive(Debug, Clone, Copy, Default)]
struct Need {
    calls: Bound<u64>,
    tokens: Bound<u64>,
    cost: Bound<u64>,
    time: Bound<u64>,
    work: Bound<u64>,
    width: u64,
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

impl Need {
    fn of(step: &Step, plan: &Plan) -> Self {
        match &step.kind {
            StepKind::Agent(agent) => Self::of_agent(agent, plan),
            StepKind::Sequence {
                steps, on_error, ..
            } => {
                let mut parts = steps.iter().map(|step| Self::of(step, plan));
                let first = parts.next().unwrap_or_default();
                let all = parts.fold(first, Self::then);
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
            } => Self::side_by_side(
                &steps
                    .iter()
                    .map(|step| Self::of(step, plan))
                    .collect::<Vec<_>>(),
                *max_concurrency,
            ),
            StepKind::Graph { nodes, .. } => Self::of_graph(nodes, plan),
            StepKind::Branch { arms, otherwise } => {
                let ways = arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref());
                let mut ways: Vec<Self> = ways.map(|step| Self::of(step, plan)).collect();
                if otherwise.is_none() {
                    ways.push(Self::default());
                }
                Self::one_of(&ways)
            }
            StepKind::Loop { body, fuel, .. } => Self::of(body, plan).repeated(u64::from(*fuel), 1),
            StepKind::Map {
                body,
                max_items,
                max_concurrency,
                ..
            } => {
                let body = Self::of(body, plan);
                let items = u64::from(*max_items);
                let width = max_concurrency.map_or(items, u64::from).min(items);
                let all = body.repeated(items, 0);
                let rounds = items.div_ceil(width.max(1));
                let time = Bound {
                    most: body.time.most.saturating_mul(rounds),
                    ..all.time
                };
                Self {
                    time,
                    width: body.width.saturating_mul(width),
                    ..all
                }
            }
        }
    }

    fn of_agent(step: &AgentStep, plan: &Plan) -> Self {
        let Some(agent) = plan.agents.get(&step.agent) else {
            return Self::default();
        };
        let resources = &agent.template.resource_requirements;
        let attempts = u64::from(step.retry.max_attempts.max(1));
        let timeout = step
            .timeout_ms
            .unwrap_or(resources.timeout_seconds.saturating_mul(1000));
        let waits = (1..step.retry.max_attempts)
            .filter_map(|n| step.retry.next_delay(FailureClass::Transient, n, None));
        let slowest = timeout
            .saturating_mul(attempts)
            .saturating_add(waits.fold(0, u64::saturating_add));
        let weight = Cost::of_tier(agent.tier).0;
        let middle = resources.min_tokens / 2 + resources.max_tokens / 2;
        let time = Bound {
            least: 0,
            expected: timeout,
            most: slowest,
        };
        Self {
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
        }
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

    fn of_graph(nodes: &[GraphNode], plan: &Plan) -> Self {
        let needs: Vec<Self> = nodes
            .iter()
            .map(|node| Self::of(&node.step, plan))
            .collect();
        let mut ends: std::collections::HashMap<&str, Bound<u64>> =
            std::collections::HashMap::new();
        let mut longest = Bound::default();
        for position in Needs::of(nodes).order {
            let (Some(node), Some(need)) = (nodes.get(position), needs.get(position)) else {
                continue;
            };
            let begins = node
                .needs
                .iter()
                .filter_map(|need| ends.get(need.as_str()))
                .fold(Bound::default(), |time: Bound<u64>, end| {
                    time.with(*end, u64::max)
                });
            let end = begins.plus(need.time);
            longest = longest.with(end, u64::max);
            if let Some(name) = &node.step.name {
                ends.insert(name.as_str(), end);
            }
        }
        Self {
            time: longest,
            ..Self::side_by_side(&needs, None)
        }
    }

    fn one_of(ways: &[Self]) -> Self {
        let count = u64::try_from(ways.len()).unwrap_or(1).max(1);
        let fold = |pick: fn(&Self) -> Bound<u64>| {
            let parts = || ways.iter().map(pick);
            Bound {
                least: parts().map(|bound| bound.least).min().unwrap_or_default(),
                expected: parts().fold(0u64, |sum, bound| sum.saturating_add(bound.expected))
                    / count,
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
