//! The points that an executor is held to name tests that are there; and what is told of a handoff.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect;
use orchestrate_core::bus::BusMessage;
use orchestrate_core::plan::Plan;
use orchestrate_core::task::Context;
use orchestrate_strategies::catalog::Catalog;
use orchestrate_strategies::conformance::points;
use orchestrate_strategies::workflow::Recipe;
use serde_json::json;

use crate::harness::{Scripted, executor, team};

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push(path);
        }
    }
}

#[test]
fn every_point_of_the_executor_names_tests_that_are_there() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &mut files,
    );
    let texts: Vec<String> = files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(points().len(), 15);
    for point in points() {
        assert!(!point.tests.is_empty(), "{}", point.point);
        for test in &point.tests {
            let head = format!("fn {test}(");
            let is_there = texts.iter().any(|text| text.contains(&head));
            assert!(is_there, "no test `{test}` for: {}", point.point);
        }
    }
}

/// A handoff is heard of when it begins, and not when everything is over.
#[tokio::test(start_paused = true)]
async fn handoffs_are_told_while_they_happen() {
    let members = ["a", "b"].map(str::to_owned);
    let answers = BTreeMap::from([
        (
            "a".to_owned(),
            vec![json!({"handoff_to": "b", "text": "looked"})],
        ),
        ("b".to_owned(), vec![json!({"text": "fixed"})]),
    ]);
    let team = team(&members);
    let step = Catalog::builtin()
        .compose(&Recipe::new("handoff"), &team, &Context::new())
        .unwrap();
    let executor = executor(Scripted::new(&answers), &[]);
    let mut handle = executor.start(&Plan::new("t", &team, step)).unwrap();
    let mut events = handle.events();
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        for message in BusMessage::of(&event) {
            let topic = message.topic.rsplit('.').next().unwrap_or_default();
            told.push(format!("{topic} {}", message.agent.unwrap_or_default()));
        }
    }
    expect![[r#"
        plan_started 
        task_assigned a
        task_completed a
        handoff_initiated a
        task_assigned b
        task_completed b
        handoff_completed b
        plan_completed 
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
}
