//! Laws over random plans: they end, they are deterministic, they stay within their bounds.

use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};
use orchestrate_core::plan::Plan;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{fail, plan, step, succeed, walk};
use crate::catalog::Catalog;
use crate::graph::walk::{Effect, StepResult, Walk};
use crate::graph::{Graph, bounds, check};

/// Random steps of all kinds over the agents a to h; references only to what a checked plan may name.
fn any_step() -> impl Strategy<Value = Value> {
    let condition = prop_oneof![
        any::<bool>().prop_map(|value| json!({"op": "always", "value": value})),
        (0i64..3)
            .prop_map(|n| json!({"op": "compare", "field": "context.n", "by": "gte", "value": n})),
    ];
    let leaf = (proptest::sample::select(vec!["a", "b", "c", "d", "e"]), 1u32..3)
        .prop_map(|(id, attempts)| json!({"step": "agent", "agent": id, "retry": {"max_attempts": attempts}}));
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..5);
        let on_error = proptest::sample::select(vec!["stop", "continue"]);
        let join = prop_oneof![Just(json!({"policy": "all"})), Just(json!({"policy": "any"})), Just(json!({"policy": "quorum", "k": 1})), Just(json!({"policy": "best"}))];
        let until = condition.clone();
        prop_oneof![
            (many.clone(), on_error.clone()).prop_map(|(steps, on_error)| json!({"step": "sequence", "steps": steps, "on_error": on_error})),
            (many.clone(), on_error, join, proptest::option::of(1u32..4)).prop_map(|(steps, on_error, join, width)| {
                let mut value = json!({"step": "parallel", "steps": steps, "on_error": on_error, "join": join});
                if let Some(width) = width {
                    value["max_concurrency"] = width.into();
                }
                value
            }),
            (many.clone(), any::<u64>()).prop_map(|(steps, edges)| {
                let nodes: Vec<Value> = steps.into_iter().enumerate().map(|(i, mut step)| {
                    let needs: Vec<String> = (0..i).filter(|j| edges >> (i * 5 + j) & 1 == 1).map(|j| format!("n{j}")).collect();
                    step["name"] = format!("n{i}").into();
                    step["needs"] = needs.into();
                    step
                }).collect();
                json!({"step": "graph", "nodes": nodes})
            }),
            (condition.clone(), inner.clone(), proptest::option::of(inner.clone())).prop_map(|(when, then, otherwise)| {
                let mut value = json!({"step": "branch", "arms": [{"label": "x", "when": when, "then": then}]});
                if let Some(otherwise) = otherwise {
                    value["otherwise"] = otherwise;
                }
                value
            }),
            (inner.clone(), until, 1u32..4).prop_map(|(body, until, fuel)| json!({"step": "loop", "body": body, "until": until, "fuel": fuel})),
            (inner, proptest::option::of(1u32..3)).prop_map(|(body, width)| {
                let mut value = json!({"step": "map", "over": "context.items", "max_items": 3, "body": body});
                if let Some(width) = width {
                    value["max_concurrency"] = width.into();
                }
                value
            }),
        ]
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (any_step(), 0i64..4).prop_map(|(root, n)| {
        let context = json!({"n": n, "items": ["x", "y", "z"]});
        plan(step(root)).with_context(context.as_object().cloned().unwrap_or_default())
    })
}

/// Drives a walk with random choices of what ends next and how. Gives calls made, peak width, and what was recorded per step.
fn drive(
    walk: &mut Walk,
    choices: &[u16],
    stop_after: Option<usize>,
) -> (u64, u64, Vec<(String, String)>) {
    let (mut calls, mut peak, mut turn) = (0u64, 0usize, 0usize);
    let mut flying: Vec<(crate::graph::walk::Ready, bool)> = Vec::new();
    let mut ended = Vec::new();
    loop {
        while let Some(ready) = walk.next_ready() {
            calls += 1;
            flying.push((ready, false));
        }
        peak = peak.max(flying.len());
        while let Some(effect) = walk.next_effect() {
            match effect {
                Effect::Cancel { node, .. } => flying
                    .iter_mut()
                    .filter(|(ready, _)| ready.node == node)
                    .for_each(|(_, cancelled)| *cancelled = true),
                Effect::StepSkipped { task, outcome } => {
                    ended.push((task.path.to_string(), outcome.word().to_owned()));
                }
                _ => {}
            }
        }
        if flying.is_empty() {
            return (calls, peak as u64, ended);
        }
        if stop_after == Some(turn) {
            walk.cancel(CancelReason::User);
            turn += 1;
            continue;
        }
        let choice = choices
            .get(turn % choices.len().max(1))
            .copied()
            .unwrap_or(7);
        let (ready, cancelled) = flying.remove(usize::from(choice >> 2) % flying.len());
        let result = match choice % 4 {
            _ if cancelled => StepResult::without_output(Outcome::Cancelled {
                reason: CancelReason::JoinDecided,
            }),
            0 => fail("by chance"),
            _ => succeed(
                json!(ready.task.path.as_str()),
                f64::from(choice % 10) / 10.0,
            ),
        };
        ended.push((
            ready.task.path.to_string(),
            result.outcome.word().to_owned(),
        ));
        walk.finish(ready.node, result);
        turn += 1;
        assert!(turn < 100_000, "the plan does not end");
    }
}

proptest! {
    #[test]
    fn prop_every_checked_plan_ends_and_records_each_step_once(plan in any_plan(), choices in proptest::collection::vec(any::<u16>(), 1..60), stop in proptest::option::of(0usize..12)) {
        prop_assert_eq!(check(&plan, &Catalog::builtin()), vec![]);
        let mut walk = walk(&plan);
        let (_, _, mut ended) = drive(&mut walk, &choices, stop);
        prop_assert!(walk.result().is_some(), "nothing is in flight, nothing is ready, and the root has not ended");
        prop_assert_eq!(walk.in_flight(), 0);
        prop_assert!(!petgraph::algo::is_cyclic_directed(&walk.graph().nodes));
        let steps = walk.graph().tasks().count();
        prop_assert_eq!(ended.len(), steps, "every step of the graph ends exactly once");
        ended.sort();
        ended.dedup_by(|a, b| a.0 == b.0);
        prop_assert_eq!(ended.len(), steps, "no path stands for two steps");
    }

    #[test]
    fn prop_what_is_observed_stays_within_the_static_bounds(plan in any_plan(), choices in proptest::collection::vec(any::<u16>(), 1..60)) {
        let most = bounds(&plan);
        let (calls, peak, _) = drive(&mut walk(&plan), &choices, None);
        prop_assert!(calls <= most.calls.most, "{calls} calls, at most {}", most.calls.most);
        prop_assert!(peak <= most.width, "{peak} at once, at most {}", most.width);
        prop_assert!(most.calls.least <= calls, "{calls} calls, at least {}", most.calls.least);
    }

    #[test]
    fn prop_the_same_plan_gives_the_same_graph_and_the_same_choices_the_same_end(plan in any_plan(), choices in proptest::collection::vec(any::<u16>(), 1..40)) {
        let saved: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        prop_assert_eq!(saved.digest(), plan.digest());
        let graph = |plan: &Plan| Graph::compile(plan, &Catalog::builtin()).unwrap().to_string();
        prop_assert_eq!(graph(&plan), graph(&saved));
        let (mut one, mut two) = (walk(&plan), walk(&saved));
        prop_assert_eq!(drive(&mut one, &choices, None), drive(&mut two, &choices, None));
        prop_assert_eq!(one.result(), two.result());
    }

    /// When no step's success depends on timing, the order in which steps end changes nothing.
    #[test]
    fn prop_results_merge_in_a_fixed_order_whatever_ends_first(plan in any_plan(), one in proptest::collection::vec(any::<u16>(), 1..40), two in proptest::collection::vec(any::<u16>(), 1..40)) {
        let mut plan = plan;
        let text = serde_json::to_string(&plan.root).unwrap();
        let text = text.replace(r#"{"policy":"any"}"#, r#"{"policy":"all"}"#).replace(r#"{"policy":"quorum","k":1}"#, r#"{"policy":"all"}"#);
        plan.root = serde_json::from_str(&text.replace(r#""on_error":"stop""#, r#""on_error":"continue""#)).unwrap();
        let end = |choices: &[u16]| {
            let mut walk = walk(&plan);
            let steady: Vec<u16> = choices.iter().map(|choice| (choice & !3) | 1).collect();
            let mut flying = Vec::new();
            let mut turn = 0;
            loop {
                while let Some(ready) = walk.next_ready() {
                    flying.push(ready);
                }
                if flying.is_empty() {
                    break;
                }
                let ready = flying.remove(usize::from(steady[turn % steady.len()]) % flying.len());
                // Agent `b` always fails, the others always succeed.
                let result = if ready.task.worker().to_string() == "b" { StepResult::without_output(Outcome::failed(FailureClass::Reported, "no")) } else { succeed(json!(ready.task.path.as_str()), 0.5) };
                walk.finish(ready.node, result);
                turn += 1;
            }
            walk.result().cloned()
        };
        prop_assert_eq!(end(&one), end(&two));
    }
}
