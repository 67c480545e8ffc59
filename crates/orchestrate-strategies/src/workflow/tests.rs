//! Workflows by id: what may be registered, what is found, and what is refused before anything runs.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::plan::StepKind;
use orchestrate_core::task::Context;
use orchestrate_core::team::Team;
use orchestrate_core::template::Tier;
use orchestrate_core::testing::template;
use serde_json::json;

use super::{Member, Recipe, WorkflowDefinition, WorkflowReference};
use crate::catalog::Catalog;

fn team() -> Team {
    Team::new(["a", "b"].map(|id| template(id, Tier::Cheap).into()))
}

fn agent(id: &str) -> Member {
    AgentId::new(id).unwrap().into()
}

fn workflow(id: &str) -> Member {
    WorkflowReference::to(id).into()
}

/// Workflows by id, each a line of its members.
fn catalog(workflows: &[(&str, Vec<Member>)]) -> Catalog {
    let mut catalog = Catalog::builtin();
    for (id, members) in workflows {
        let recipe = Recipe::default().with(members.clone());
        let definition = WorkflowDefinition::new(*id, recipe);
        catalog.register_workflow(definition).unwrap();
    }
    catalog
}

fn check(catalog: &Catalog, id: &str, expected: Expect) {
    let planned = catalog.plan_workflow(id, &team(), "t", Context::new());
    let mut told = String::new();
    match planned {
        Ok(plan) => {
            let problems = crate::graph::check(&plan, catalog);
            writeln!(told, "planned, {} problems", problems.len()).unwrap();
        }
        Err(error) => writeln!(told, "{error}").unwrap(),
    }
    expected.assert_eq(&told);
}

#[test]
fn a_workflow_is_found_by_its_id_and_none_is_replaced() {
    let mut catalog = catalog(&[("audit", vec![agent("a")])]);
    assert_eq!(catalog.get_workflow("audit").unwrap().id, "audit");
    let again = WorkflowDefinition::new("audit", Recipe::default());
    let error = catalog.register_workflow(again).unwrap_err();
    assert_eq!(error.to_string(), "workflow `audit` is registered already");
    let error = catalog.get_workflow("audits").unwrap_err();
    expect!["unknown workflow `audits` (possible: audit)"].assert_eq(&error.to_string());
    check(
        &catalog,
        "audit",
        expect![[r#"
        planned, 0 problems
    "#]],
    );
}

#[test]
fn a_workflow_may_name_one_that_is_registered_later() {
    let catalog = catalog(&[
        ("outer", vec![workflow("inner"), agent("b")]),
        ("inner", vec![agent("a")]),
    ]);
    check(
        &catalog,
        "outer",
        expect![[r#"
        planned, 0 problems
    "#]],
    );
}

#[test]
fn a_circle_is_told_before_anything_runs() {
    let direct = catalog(&[("self", vec![workflow("self")])]);
    check(
        &direct,
        "self",
        expect![[r#"
        a workflow contains itself: self > self
    "#]],
    );
    let mut round = catalog(&[
        ("one", vec![workflow("two")]),
        ("two", vec![workflow("three")]),
    ]);
    assert!(round.workflow_cycles().is_empty());
    // Names in parameters count like members.
    let params = json!({"workflow": "one"}).as_object().unwrap().clone();
    let recipe = Recipe::new("nested").params(params).with([agent("a")]);
    let third = WorkflowDefinition::new("three", recipe);
    round.register_workflow(third).unwrap();
    assert_eq!(round.workflow_cycles(), [["one", "three", "two"]]);
    check(
        &round,
        "two",
        expect![[r#"
        a workflow contains itself: one > three > two > one
    "#]],
    );
}

#[test]
fn workflows_stand_inside_each_other_only_so_deep() {
    let catalog = catalog(&[
        ("w1", vec![agent("a")]),
        ("w2", vec![workflow("w1")]),
        ("w3", vec![workflow("w2")]),
        ("w4", vec![workflow("w3")]),
        ("w5", vec![workflow("w4")]),
    ]);
    check(
        &catalog,
        "w3",
        expect![[r#"
        planned, 0 problems
    "#]],
    );
    check(
        &catalog,
        "w4",
        expect![[r#"
        planned, 0 problems
    "#]],
    );
    check(
        &catalog,
        "w5",
        expect![[r#"
        in workflow `w5`: in workflow `w4`: in workflow `w3`: in workflow `w2`: nested too deeply: at most 4 levels are allowed here, and this is one more: workflow `w5` > workflow `w4` > workflow `w3` > workflow `w2` > workflow `w1`
    "#]],
    );
}

#[test]
fn a_seat_has_the_values_and_the_key_that_its_reference_says() {
    let catalog = catalog(&[("inner", vec![agent("a")])]);
    let reference = WorkflowReference::to("inner")
        .map("context.repo", "path")
        .keyed(StepName::new("found").unwrap());
    let recipe = Recipe::default().with([agent("b"), reference.into()]);
    let step = catalog.compose(&recipe, &team(), &Context::new()).unwrap();
    let children = step.children();
    let call = children.last().unwrap();
    assert_eq!(call.result_key.as_ref().unwrap().as_str(), "found");
    let StepKind::Call(inner) = &call.kind else {
        panic!("{call:?}")
    };
    let mapped: Vec<_> = inner.context_mapping.values().collect();
    assert_eq!(mapped, ["path"]);
}
