//! A plan for people: who, how, within which bounds, and why.

use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::plan::{Bound, ExecutionPlan};
use orchestrate_core::team::Agent;
use orchestrate_strategies::graph::most_cost;
use orchestrate_strategies::graph::render::{Format, render};

use super::columns::Columns;
use super::page::Page;
use super::text::{counted, dollars, duration};
use crate::wire::RunBy;

/// Who pays for an attempt of an agent, and how much at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charge {
    /// Nobody: no model is asked.
    Nothing,
    /// A model of known price.
    AtMost(Cost),
    /// A model of unknown price.
    Unpriced,
    /// A program, which pays by itself.
    Program,
    /// An agent elsewhere, which pays by itself.
    Remote,
}

/// The plan as a page of so many columns. `run_by` tells what runs an agent here, if anything does, and
/// `charge` who pays for it.
pub(crate) fn plan(
    plan: &ExecutionPlan,
    width: usize,
    run_by: impl Fn(&Agent) -> Option<RunBy>,
    charge: impl Fn(&Agent) -> Charge,
) -> String {
    let mut page = Page::new(width, "EXECUTION PLAN");
    let needs = &plan.requirements;
    page.gap();
    page.hanging(2, "Task:       ", &plan.task);
    let domains: Vec<&str> = needs.domains.iter().map(|domain| domain.as_str()).collect();
    page.hanging(2, "Domains:    ", &domains.join(", "));
    page.hanging(2, "Complexity: ", needs.complexity.as_str());
    page.hanging(2, "Strategy:   ", &plan.strategy);
    page.hanging(2, "Confidence: ", &format!("{:.2}", plan.confidence));

    page.section("TEAM");
    for agent in &plan.agents {
        let (id, tier) = (agent.id.as_str(), agent.tier.as_str());
        let template = plan.plan.agents.get(&agent.id);
        let runs = template
            .and_then(|agent| run_by(agent))
            .map_or("nothing here can run it".to_owned(), |name| {
                format!("run by {name}")
            });
        page.hanging(2, "- ", &format!("{id} ({tier}, {runs}): {}", agent.why));
    }
    page.section("GRAPH");
    for line in render(&plan.plan, Format::Text).lines() {
        page.line(2, line);
    }
    page.section("BOUNDS");
    for line in bounds(plan, &charge).lines() {
        page.line(2, line);
    }
    let unpriced = agents(plan, &charge, Charge::Unpriced);
    if !unpriced.is_empty() {
        let told = format!("{unpriced}: the price of the model is not known");
        page.hanging(2, "unpriced: ", &told);
    }
    let elsewhere = [
        (Charge::Program, "programs"),
        (Charge::Remote, "remote agents"),
    ];
    for (who, named) in elsewhere {
        let ids = agents(plan, &charge, who);
        if !ids.is_empty() {
            let told = format!("what {named} spend ({ids})");
            page.hanging(2, "not counted: ", &told);
        }
    }
    let limits = limits(&plan.plan.limits);
    if !limits.is_empty() {
        page.hanging(2, "limits of the run: ", &limits.join(", "));
    }
    if !plan.quality_gates.is_empty() {
        page.section("QUALITY GATES");
        for (name, threshold) in &plan.quality_gates {
            page.hanging(2, "- ", &format!("{name}: {threshold}"));
        }
    }
    page.section("REASONS");
    page.items(usize::MAX, plan.reasons.iter().map(String::as_str));
    page.gap();
    page.hanging(2, "Digest: ", &plan.digest);
    page.finish()
}

/// The agents of a plan for which somebody pays in a way.
fn agents(plan: &ExecutionPlan, charge: &impl Fn(&Agent) -> Charge, wanted: Charge) -> String {
    let agents = plan.plan.agents.values();
    let found = agents.filter(|agent| charge(agent) == wanted);
    let ids: Vec<&str> = found.map(|agent| agent.id.as_str()).collect();
    ids.join(", ")
}

fn bounds(plan: &ExecutionPlan, charge: &impl Fn(&Agent) -> Charge) -> String {
    let bounds = &plan.bounds;
    let mut columns = Columns::new(["", "LEAST", "EXPECTED", "MOST"]);
    columns.row(row("attempts", bounds.calls));
    columns.row(row("tokens", bounds.tokens));
    columns.row(cost(plan, charge));
    let latency = bounds.latency_ms;
    let time = |ms: u64| duration(ms as f64 / 1e3);
    columns.row(row(
        "time allowed",
        Bound {
            least: time(latency.least),
            expected: time(latency.expected),
            most: time(latency.most),
        },
    ));
    format!("{}at the same time: {}\n", columns.render(), bounds.width)
}

/// The bounds of cost: in dollars where models are asked, which is what limits of cost are in.
fn cost(plan: &ExecutionPlan, charge: &impl Fn(&Agent) -> Charge) -> [String; 4] {
    let charges: Vec<Charge> = plan.plan.agents.values().map(|it| charge(it)).collect();
    let has = |wanted: fn(&Charge) -> bool| charges.iter().any(wanted);
    let (priced, unpriced) = (
        has(|it| matches!(it, Charge::AtMost(_))),
        has(|it| *it == Charge::Unpriced),
    );
    if !priced && !unpriced {
        return row("cost (tier units)", plan.bounds.cost);
    }
    let most = most_cost(&plan.plan, |agent| match charge(agent) {
        Charge::AtMost(cost) => cost,
        Charge::Nothing | Charge::Unpriced | Charge::Program | Charge::Remote => Cost::ZERO,
    });
    let most = match (priced, unpriced) {
        (true, false) => format!("at most {}", dollars(most)),
        (true, true) => format!("at most {} and what is unpriced", dollars(most)),
        _ => "unpriced".to_owned(),
    };
    ["cost", "$0", "", &most].map(str::to_owned)
}

/// The limits of a run in words.
fn limits(limits: &Limits) -> Vec<String> {
    let Limits {
        calls,
        tokens,
        cost,
        wall_ms,
        concurrency,
        max_depth,
        max_width,
    } = limits;
    let told = [
        calls.map(|it| counted(it, "attempt")),
        tokens.map(|it| counted(it, "token")),
        cost.map(dollars),
        wall_ms.map(|it| duration(it as f64 / 1e3)),
        concurrency.map(|it| format!("{it} at the same time")),
        max_depth.map(|it| format!("depth {it}")),
        max_width.map(|it| format!("width {it}")),
    ];
    told.into_iter().flatten().collect()
}

fn row<T: std::fmt::Display>(name: &str, bound: Bound<T>) -> [String; 4] {
    [
        name.to_owned(),
        bound.least.to_string(),
        bound.expected.to_string(),
        bound.most.to_string(),
    ]
}
