//! A plan for people: who, how, within which bounds, and why.

use orchestrate_core::plan::{Bound, ExecutionPlan};
use orchestrate_core::team::Agent;
use orchestrate_strategies::graph::render::{Format, render};

use super::columns::Columns;
use super::page::Page;
use super::text::duration;
use crate::wire::RunBy;

/// The plan as a page of so many columns. `run_by` tells what runs an agent here, if anything does.
pub(crate) fn plan(
    plan: &ExecutionPlan,
    width: usize,
    run_by: impl Fn(&Agent) -> Option<RunBy>,
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
    for line in bounds(plan).lines() {
        page.line(2, line);
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

fn bounds(plan: &ExecutionPlan) -> String {
    let bounds = &plan.bounds;
    let mut columns = Columns::new(["", "LEAST", "EXPECTED", "MOST"]);
    columns.row(row("attempts", bounds.calls));
    columns.row(row("tokens", bounds.tokens));
    columns.row(row("cost (units)", bounds.cost));
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

fn row<T: std::fmt::Display>(name: &str, bound: Bound<T>) -> [String; 4] {
    [
        name.to_owned(),
        bound.least.to_string(),
        bound.expected.to_string(),
        bound.most.to_string(),
    ]
}
