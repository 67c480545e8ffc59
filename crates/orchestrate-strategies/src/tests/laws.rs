//! Laws over random plans of all kinds of step: they end, they are deterministic, they stay within their bounds.

use std::collections::BTreeMap;

use orchestrate_core::outcome::{CancelReason, Census, FailureClass, Outcome};
use orchestrate_core::plan::Plan;
use orchestrate_core::testing::random_plan;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

use super::{fail, succeed, walk};
use crate::catalog::Catalog;
use crate::graph::walk::{Effect, Ready, StepResult, Walk};
use crate::graph::{Graph, Work, bounds, check};

fn choices() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(any::<u16>(), 0..220)
}

fn any_plan() -> impl Strategy<Value = Plan> {
    choices().prop_map(|choices| random_plan(&choices, true))
}

/// What a run over random choices came to.
#[derive(Debug, Default, PartialEq)]
struct Driven {
    calls: u64,
    peak: u64,
    /// Each step and the word of its outcome, in the order in which they ended.
    ended: Vec<(String, String)>,
    outcomes: Vec<Outcome>,
}

/// What an agent answers: now and then sub-tasks, which only an expansion around it takes up.
fn output(ready: &Ready, choice: u16) -> Value {
    if choice.is_multiple_of(5) {
        json!({"sub_tasks": [{"agent": "a", "task": "more"}, {"agent": "nobody", "task": "lost"}, {"agent": "pair", "task": "both"}]})
    } else {
        json!(ready.task.path.as_str())
    }
}

/// Drives a walk with random choices of what ends next and how, and of which deadlines pass.
fn drive(walk: &mut Walk, choices: &[u16], stop_after: Option<usize>) -> Driven {
    let mut driven = Driven::default();
    let mut turn = 0usize;
    let mut flying: Vec<(Ready, bool)> = Vec::new();
    let mut deadlines = Vec::new();
    let asks = |ready: &Ready| matches!(ready.task.work, Work::Approve(_));
    loop {
        while let Some(ready) = walk.next_ready() {
            driven.calls += u64::from(!asks(&ready));
            flying.push((ready, false));
        }
        let working = flying.iter().filter(|(ready, _)| !asks(ready)).count();
        driven.peak = driven.peak.max(working as u64);
        while let Some(effect) = walk.next_effect() {
            match effect {
                Effect::Cancel { node, .. } => flying
                    .iter_mut()
                    .filter(|(ready, _)| ready.node == node)
                    .for_each(|(_, cancelled)| *cancelled = true),
                Effect::StepSkipped { task, outcome } => {
                    let path = task.path.to_string();
                    driven.ended.push((path, outcome.word().to_owned()));
                    driven.outcomes.push(outcome);
                }
                Effect::Deadline { node, .. } => deadlines.push(node),
                _ => {}
            }
        }
        if flying.is_empty() {
            return driven;
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
        turn += 1;
        assert!(turn < 100_000, "the plan does not end");
        if choice % 7 == 3 && !deadlines.is_empty() {
            walk.expire(deadlines.remove(usize::from(choice) % deadlines.len()));
            continue;
        }
        let (ready, cancelled) = flying.remove(usize::from(choice >> 2) % flying.len());
        let result = match choice % 4 {
            _ if cancelled => StepResult::without_output(Outcome::Cancelled {
                reason: CancelReason::JoinDecided,
            }),
            0 => fail("by chance"),
            _ => succeed(output(&ready, choice), f64::from(choice % 10) / 10.0),
        };
        let path = ready.task.path.to_string();
        driven.ended.push((path, result.outcome.word().to_owned()));
        driven.outcomes.push(result.outcome.clone());
        walk.finish(ready.node, result);
    }
}

fn counted(census: &Census) -> u32 {
    census.succeeded
        + census.partial
        + census.failures()
        + census.skipped
        + census.cancelled
        + census.limited
        + census.unknown
        + census.paused
}

/// The random plans are of all kinds, or these laws would say little.
#[test]
fn random_plans_have_all_kinds_of_step() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..200 {
        let plan = any_plan().new_tree(&mut runner).unwrap().current();
        let text = serde_json::to_string(&plan.root).unwrap();
        for kind in text.split("\"step\":\"").skip(1) {
            let kind = kind.split('"').next().unwrap_or_default();
            *kinds.entry(kind.to_owned()).or_default() += 1;
        }
        for feature in [
            "\"any\":",
            "\"when\":{",
            "deadline_ms",
            "result_key",
            "\"start\":",
        ] {
            let found = u32::from(text.contains(feature));
            *kinds.entry(feature.to_owned()).or_default() += found;
        }
    }
    let rare: Vec<_> = kinds.iter().filter(|(_, count)| **count < 5).collect();
    assert!(kinds.len() == 16 && rare.is_empty(), "{kinds:?}");
}

proptest! {
    #[test]
    fn prop_every_checked_plan_ends_and_records_each_step_once(plan in any_plan(), choices in proptest::collection::vec(any::<u16>(), 1..60), stop in proptest::option::of(0usize..12)) {
        prop_assert_eq!(check(&plan, &Catalog::builtin()), vec![]);
        let mut walk = walk(&plan);
        let driven = drive(&mut walk, &choices, stop);
        prop_assert!(walk.result().is_some(), "nothing is in flight, nothing is ready, and the root has not ended");
        prop_assert_eq!(walk.in_flight(), 0);
        prop_assert!(!petgraph::algo::is_cyclic_directed(&walk.graph().nodes));
        let steps = walk.graph().tasks().count();
        let mut ended = driven.ended;
        prop_assert_eq!(ended.len(), steps, "every step of the graph ends exactly once");
        ended.sort();
        ended.dedup_by(|a, b| a.0 == b.0);
        prop_assert_eq!(ended.len(), steps, "no path stands for two steps");
        let ordered: Vec<_> = walk.in_order().iter().map(|task| task.path.to_string()).collect();
        prop_assert_eq!(ordered.len(), steps, "every step has its place in the plan");
        let census = Census::of(&driven.outcomes);
        prop_assert_eq!(counted(&census), census.requested);
        prop_assert_eq!(census.requested as usize, steps);
    }

    #[test]
    fn prop_what_is_observed_stays_within_the_static_bounds(plan in any_plan(), choices in proptest::collection::vec(any::<u16>(), 1..60)) {
        let most = bounds(&plan);
        let driven = drive(&mut walk(&plan), &choices, None);
        let calls = driven.calls;
        prop_assert!(calls <= most.calls.most, "{calls} calls, at most {}", most.calls.most);
        prop_assert!(driven.peak <= most.width, "{} at once, at most {}", driven.peak, most.width);
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
    fn prop_results_merge_in_a_fixed_order_whatever_ends_first(choices in choices(), one in proptest::collection::vec(any::<u16>(), 1..40), two in proptest::collection::vec(any::<u16>(), 1..40)) {
        let plan = random_plan(&choices, false);
        let end = |choices: &[u16]| {
            let mut walk = walk(&plan);
            let mut flying = Vec::new();
            let mut given = BTreeMap::new();
            let mut turn = 0;
            loop {
                while let Some(ready) = walk.next_ready() {
                    let inputs: Vec<String> = ready.inputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    let key = format!("{:?}", ready.scope.result("k"));
                    given.insert(ready.task.path.to_string(), (inputs, key));
                    flying.push(ready);
                }
                if flying.is_empty() {
                    break;
                }
                let ready = flying.remove(usize::from(choices[turn % choices.len()]) % flying.len());
                // Agent `b` always fails, the others always succeed.
                let result = if ready.task.worker().to_string() == "b" { StepResult::without_output(Outcome::failed(FailureClass::Reported, "no")) } else { succeed(json!({"at": ready.task.path.as_str()}), 0.5) };
                walk.finish(ready.node, result);
                turn += 1;
            }
            (walk.result().cloned(), given)
        };
        prop_assert_eq!(end(&one), end(&two));
    }
}
