//! Every strategy inside every other: all pairs, made from the table.

use std::collections::BTreeMap;

use orchestrate_core::id::AgentId;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::Plan;
use orchestrate_core::strategy::StrategyError;
use orchestrate_core::team::Team;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::conformance::{Row, rows};
use orchestrate_strategies::workflow::{Member, Recipe, WorkflowReference};

use serde_json::Value;

use crate::harness::{Scripted, executor, hold, team};

/// The outer strategy with the inner one in the place of one of its members.
fn pair(outer: &Row, inner: &Row) -> Result<Plan, StrategyError> {
    let inside: Vec<String> = inner.team.iter().map(|id| format!("inner_{id}")).collect();
    let member = |id: &String| Member::from(AgentId::new(id).unwrap());
    let recipe = Recipe::new(&inner.strategy)
        .params(inner.params.clone())
        .with(inside.iter().map(member));
    let seat = outer.seat;
    let seated = AgentId::new(&outer.team[seat]).unwrap();
    let workflow = WorkflowReference::inline(recipe).named(seated);
    let members = outer
        .team
        .iter()
        .enumerate()
        .map(|(at, id)| match at == seat {
            true => workflow.clone().into(),
            false => member(id),
        });
    let whole = Recipe::new(&outer.strategy)
        .params(outer.params.clone())
        .with(members);
    let all: Vec<String> = outer.team.iter().chain(&inside).cloned().collect();
    let team: Team = team(&all);
    let mut context = outer.context.clone();
    context.extend(inner.context.clone());
    let step = Catalog::builtin().compose(&whole, &team, &context)?;
    Ok(Plan::new("the task", &team, step).with_context(context))
}

/// What both rows say, the agents of the inner one under their names there.
fn answers(outer: &Row, inner: &Row) -> BTreeMap<String, Vec<Value>> {
    let mut answers = outer.answers.clone();
    for (id, list) in &inner.answers {
        let text = serde_json::to_string(list).unwrap();
        // Answers name agents of their own team only.
        let text = inner.team.iter().fold(text, |text, member| {
            text.replace(&format!("\"{member}\""), &format!("\"inner_{member}\""))
        });
        answers.insert(format!("inner_{id}"), serde_json::from_str(&text).unwrap());
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn every_strategy_works_inside_every_other() {
    let mut count = 0;
    for outer in rows() {
        for inner in rows() {
            let what = format!("{} inside {}", inner.strategy, outer.strategy);
            let plan = pair(outer, inner).unwrap_or_else(|error| panic!("{what}: {error}"));
            let backend = Scripted::new(&answers(outer, inner)).again_and_again();
            let log = backend.log();
            let report = executor(backend, &[]).run(&plan).await.unwrap();
            hold(&what, &plan, &report);
            let outcome = report.outcome.as_ref().unwrap();
            assert_eq!(outcome, &Outcome::Succeeded, "{what}: {}", report.output);
            let log = log.lock().unwrap();
            assert!(log.iter().any(|(id, _)| id.starts_with("inner_")), "{what}");
            count += 1;
        }
    }
    assert_eq!(count, rows().len() * rows().len());
}
