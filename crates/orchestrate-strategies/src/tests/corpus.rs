//! Wrong plans with the codes and positions that are told, right plans without a false alarm; both as data.

use orchestrate_core::plan::Plan;
use serde_json::{Value, json};

use super::plan;
use crate::catalog::Catalog;
use crate::graph::{CODES, Graph, PlanProblem, check, read_plan};

const BAD: &str = include_str!("bad.json");
const GOOD: &str = include_str!("good.json");

/// The cases of a file. A text in the place of a step is an agent's step of that name.
fn cases(text: &str) -> Vec<Value> {
    let mut cases: Vec<Value> = serde_json::from_str(text).unwrap();
    for case in &mut cases {
        write_out(case.get_mut("root").unwrap());
        let definitions = case.get_mut("definitions").and_then(Value::as_object_mut);
        for (_, definition) in definitions.into_iter().flatten() {
            write_out(definition.get_mut("root").unwrap());
        }
    }
    cases
}

fn write_out(value: &mut Value) {
    if let Value::String(name) = value {
        *value = json!({"name": name, "step": "agent", "agent": name});
    }
    let Value::Object(fields) = value else { return };
    for (key, inner) in fields {
        match (key.as_str(), inner) {
            ("steps" | "nodes", Value::Array(steps)) => steps.iter_mut().for_each(write_out),
            ("arms", Value::Array(arms)) => {
                let thens = arms.iter_mut().filter_map(|arm| arm.get_mut("then"));
                thens.for_each(write_out);
            }
            ("body" | "otherwise" | "inline", step) => write_out(step),
            _ => {}
        }
    }
}

fn read(case: &Value) -> Result<Plan, Vec<PlanProblem>> {
    let shell = plan(super::step(super::agent("a")));
    let mut value = serde_json::to_value(&shell).unwrap();
    for field in ["root", "tools", "definitions", "merge"] {
        if let Some(given) = case.get(field) {
            value[field] = given.clone();
        }
    }
    read_plan(&value).map_err(|problems| problems.0)
}

#[test]
fn wrong_plans_are_refused_with_code_and_position() {
    let cases = cases(BAD);
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let problems = match read(case) {
            Ok(plan) => check(&plan, &Catalog::builtin()),
            Err(problems) => problems,
        };
        let told: Vec<Value> = problems
            .iter()
            .map(|problem| format!("{} {}", problem.code, problem.step.as_str()).into())
            .collect();
        if case["expect"] != Value::from(told.clone()) {
            wrong.push(format!(
                "{}: expected {}, got {problems:#?}",
                case["is"], case["expect"]
            ));
        }
        for problem in problems {
            assert!(CODES.iter().any(|(code, ..)| *code == problem.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn right_plans_raise_no_false_alarm_and_compile() {
    let cases = cases(GOOD);
    assert!(cases.len() >= 60, "{}", cases.len());
    for case in &cases {
        let plan = read(case).unwrap_or_else(|problems| panic!("{}: {problems:?}", case["is"]));
        assert_eq!(check(&plan, &Catalog::builtin()), vec![], "{}", case["is"]);
        let graph = Graph::compile(&plan, &Catalog::builtin()).unwrap();
        assert!(graph.node_count() > 0);
    }
}

/// Every code that can be told is told of some plan here, but for those of the document, of the
/// tools that are there, and of what is found only while a plan runs.
#[test]
fn every_code_has_a_wrong_plan() {
    let elsewhere = [
        "ORC0601", "ORC0603", "ORC0612", "ORC0614", "ORC0615", "ORC0625", "ORC0626",
    ];
    let codes = CODES.iter().map(|(code, ..)| *code);
    let missing: Vec<_> = codes
        .filter(|code| !elsewhere.contains(code) && !BAD.contains(code))
        .collect();
    assert_eq!(missing, [""; 0]);
}
