//! What is the same for every strategy: it succeeds, it does without a member as the table says, it keeps to limits,
//! it can be cancelled.

use std::collections::BTreeMap;

use orchestrate_core::limits::Limits;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::task::Context;
use orchestrate_strategies::conformance::{Row, rows};
use serde_json::{Value, json};

use crate::harness::{Scripted, executor, hold, plan};

/// The row's answers, but for one member.
fn but(row: &Row, id: &str, answer: Value) -> BTreeMap<String, Vec<Value>> {
    let mut answers = row.answers.clone();
    answers.insert(id.to_owned(), vec![answer]);
    answers
}

/// How a run may end that was stopped before this member had ended: as what stopped it, and as a
/// success only where the strategy can do without that member.
fn may_have_succeeded(row: &Row, last: &str, outcome: &Outcome) -> bool {
    outcome.is_success()
        && row
            .without
            .get(last)
            .is_some_and(|word| word == "succeeded")
}

#[tokio::test(start_paused = true)]
async fn every_strategy_succeeds_when_everybody_does() {
    for row in rows() {
        let plan = plan(row, &row.team, &Context::new(), &Context::new());
        let backend = Scripted::new(&row.answers);
        let report = executor(backend, &[]).run(&plan).await.unwrap();
        hold(&row.strategy, &plan, &report);
        let outcome = report.outcome.as_ref().unwrap();
        assert_eq!(
            outcome,
            &Outcome::Succeeded,
            "{}: {}",
            row.strategy,
            report.output
        );
        assert!(report.output.is_object(), "{}", row.strategy);
        assert!(report.usage.calls > 0, "{}", row.strategy);
    }
}

/// For each strategy and each member: the member always fails, or hangs until its time is over.
async fn without(answer: Value) {
    let mut wrong = Vec::new();
    for row in rows() {
        for (id, expected) in &row.without {
            let plan = plan(row, &row.team, &Context::new(), &Context::new());
            let backend = Scripted::new(&but(row, id, answer.clone()));
            let report = executor(backend, &[]).run(&plan).await.unwrap();
            let what = format!("{} without `{id}`", row.strategy);
            hold(&what, &plan, &report);
            let outcome = report.outcome.as_ref().unwrap();
            if outcome.word() != expected {
                wrong.push(format!(
                    "{what}: {outcome:?}, not {expected}: {}",
                    report.output
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn every_strategy_ends_as_the_table_says_when_a_member_fails() {
    without(json!({"fail": "broken"})).await;
}

#[tokio::test(start_paused = true)]
async fn every_strategy_ends_as_the_table_says_when_a_member_hangs() {
    without(json!({"hang": true})).await;
}

#[tokio::test(start_paused = true)]
async fn every_strategy_stops_at_a_limit_of_calls_and_says_so() {
    for row in rows() {
        let full = plan(row, &row.team, &Context::new(), &Context::new());
        let backend = Scripted::new(&row.answers);
        let log = backend.log();
        let calls = executor(backend, &[]).run(&full).await.unwrap().usage.calls;
        let last = log.lock().unwrap().last().unwrap().0.clone();
        let limits = Limits {
            calls: Some(calls - 1),
            ..Limits::default()
        };
        let plan = full.with_limits(limits);
        let backend = Scripted::new(&row.answers);
        let report = executor(backend, &[]).run(&plan).await.unwrap();
        hold(&row.strategy, &plan, &report);
        assert!(report.usage.calls < calls, "{}", row.strategy);
        let outcome = report.outcome.as_ref().unwrap();
        assert!(
            matches!(outcome, Outcome::LimitReached { .. })
                || may_have_succeeded(row, &last, outcome),
            "{}: {outcome:?}",
            row.strategy
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_strategy_can_be_cancelled_in_the_middle_and_keeps_what_had_ended() {
    for row in rows() {
        // Whoever is asked last hangs, so that everything before has ended.
        let full = plan(row, &row.team, &Context::new(), &Context::new());
        let backend = Scripted::new(&row.answers);
        let log = backend.log();
        executor(backend, &[]).run(&full).await.unwrap();
        let last = log.lock().unwrap().last().unwrap().0.clone();
        let backend = Scripted::new(&but(row, &last, json!({"hang": true})));
        let handle = executor(backend, &[]).start(&full).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        handle.cancel();
        let report = handle.report().await.unwrap();
        hold(&row.strategy, &full, &report);
        let outcome = report.outcome.as_ref().unwrap();
        assert!(
            matches!(outcome, Outcome::Cancelled { .. }) || may_have_succeeded(row, &last, outcome),
            "{}: {outcome:?}",
            row.strategy
        );
        assert!(
            report
                .agents
                .iter()
                .all(|it| it.error.is_some() || it.outcome.lets_pass()),
            "{}",
            row.strategy
        );
    }
}
