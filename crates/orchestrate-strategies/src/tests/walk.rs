//! What runs when, shown as traces of a serial driver.

use expect_test::{Expect, expect};
use orchestrate_core::outcome::{CancelReason, LimitKind};
use orchestrate_core::plan::{Plan, Step};
use serde_json::{Value, json};

use super::{agent, effects, fail, plan, step, succeed, told, walk};
use crate::graph::walk::StepResult;

/// Runs a plan, answering each step by its agent: a number is a success with that confidence and an
/// output that holds it, a text is a failure. What is ready at the same time is written on one line.
fn check(root: Value, answers: &[(&str, Value)], expect: &Expect) {
    check_plan(&plan(step(root)), answers, expect);
}

pub(super) fn check_plan(plan: &Plan, answers: &[(&str, Value)], expect: &Expect) {
    let mut walk = walk(plan);
    let mut trace = Vec::new();
    loop {
        let mut ready = Vec::new();
        while let Some(next) = walk.next_ready() {
            ready.push(next);
        }
        effects(&mut walk, &mut trace);
        if ready.is_empty() {
            break;
        }
        let shown = |r: &crate::graph::walk::Ready| {
            let inputs: Vec<_> = r
                .inputs
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if inputs.is_empty() {
                r.task.path.to_string()
            } else {
                format!("{}({})", r.task.path, inputs.join(", "))
            }
        };
        trace.push(format!(
            "run {}",
            ready.iter().map(shown).collect::<Vec<_>>().join(" | ")
        ));
        for ready in ready {
            walk.finish(
                ready.node,
                answer(ready.task.worker().to_string().as_str(), answers),
            );
        }
        effects(&mut walk, &mut trace);
    }
    let result = walk.result().expect("every plan ends");
    trace.push(format!("=> {} {}", told(&result.outcome), result.output));
    expect.assert_eq(&(trace.join("\n") + "\n"));
}

fn answer(agent: &str, answers: &[(&str, Value)]) -> StepResult {
    match answers
        .iter()
        .find(|(id, _)| *id == agent)
        .map(|(_, answer)| answer)
    {
        Some(Value::String(message)) => fail(message),
        Some(Value::Number(n)) => succeed(json!({"by": agent, "n": n}), n.as_f64().unwrap_or(1.0)),
        Some(output) => succeed(output.clone(), 1.0),
        None => succeed(json!(agent), 1.0),
    }
}

#[test]
fn a_sequence_stops_at_its_first_failure_and_names_the_cause() {
    let root = json!({"step": "sequence", "steps": [agent("a"), agent("b"), {"name": "inner", "step": "sequence", "steps": [agent("c"), agent("d")]}]});
    check(
        root.clone(),
        &[],
        &expect![[r#"
        run a
        run b
        run inner/c
        run inner/d
          group inner: succeeded
          group (root): succeeded
        => succeeded "d"
    "#]],
    );
    check(
        root,
        &[("a", json!("broken"))],
        &expect![[r#"
        run a
          skip b: skipped (not run: step `a` did not succeed)
          skip inner/c: skipped (not run: step `a` did not succeed)
          skip inner/d: skipped (not run: step `a` did not succeed)
          group (root): failed (`a`: broken)
        => failed (`a`: broken) null
    "#]],
    );
}

#[test]
fn a_sequence_that_continues_is_partly_done() {
    let root = json!({"step": "sequence", "on_error": "continue", "steps": [agent("a"), agent("b"), agent("c")]});
    check(
        root,
        &[("b", json!("broken"))],
        &expect![[r#"
        run a
        run b
        run c
          group (root): partial (2 of 3 parts succeeded)
        => partial (2 of 3 parts succeeded) "c"
    "#]],
    );
}

#[test]
fn parallel_steps_start_together_and_keep_to_their_width() {
    let steps = json!([agent("a"), agent("b"), agent("c"), agent("d"), agent("e")]);
    check(
        json!({"step": "parallel", "steps": steps}),
        &[("c", json!("broken"))],
        &expect![[r#"
            run a | b | c | d | e
              group (root): partial (4 of 5 parts succeeded)
            => partial (4 of 5 parts succeeded) {"census":{"requested":5,"succeeded":4,"partial":0,"failed":{"reported":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
    check(
        json!({"step": "parallel", "max_concurrency": 2, "steps": steps}),
        &[],
        &expect![[r#"
            run a | b
            run c | d
            run e
              group (root): succeeded
            => succeeded {"census":{"requested":5,"succeeded":5,"partial":0,"failed":{},"skipped":0,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
}

#[test]
fn joins_decide_early_and_skip_what_has_not_begun() {
    let steps = json!([agent("a"), agent("b"), agent("c"), agent("d")]);
    check(
        json!({"step": "parallel", "max_concurrency": 1, "join": {"policy": "any"}, "steps": steps}),
        &[("a", json!("broken"))],
        &expect![[r#"
            run a
            run b
              skip d: skipped (not run: its group was decided without it)
              skip c: skipped (not run: its group was decided without it)
              group (root): succeeded
            => succeeded {"census":{"requested":4,"succeeded":1,"partial":0,"failed":{"reported":1},"skipped":2,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
    check(
        json!({"step": "parallel", "join": {"policy": "quorum", "k": 3}, "steps": steps}),
        &[("a", json!("x")), ("b", json!("y"))],
        &expect![[r#"
            run a | b | c | d
              group (root): failed (2 of 4 succeeded, 3 needed: `a`: x)
            => failed (2 of 4 succeeded, 3 needed: `a`: x) {"census":{"requested":4,"succeeded":2,"partial":0,"failed":{"reported":2},"skipped":0,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
    check(
        json!({"step": "parallel", "join": {"policy": "best"}, "steps": steps}),
        &[("a", json!(0.2)), ("b", json!(0.9)), ("c", json!(0.9))],
        &expect![[r#"
            run a | b | c | d
              group (root): succeeded
            => succeeded "d"
        "#]],
    );
    check(
        json!({"step": "parallel", "on_error": "stop", "max_concurrency": 2, "steps": steps}),
        &[("a", json!("broken"))],
        &expect![[r#"
            run a | b
              cancel 2 SiblingFailed
              skip d: skipped (not run: step `a` did not succeed)
              skip c: skipped (not run: step `a` did not succeed)
              group (root): partial (1 of 4 parts succeeded)
            => partial (1 of 4 parts succeeded) {"census":{"requested":4,"succeeded":1,"partial":0,"failed":{"reported":1},"skipped":2,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
}

#[test]
fn a_graph_waits_for_needs_and_leaves_out_only_dependents() {
    let node = |id: &str, needs: &[&str]| json!({"name": id, "needs": needs, "step": "agent", "agent": id});
    let nodes = json!([
        node("d", &["b", "c"]),
        node("a", &[]),
        node("b", &["a"]),
        node("c", &["a"]),
        node("e", &["c"])
    ]);
    check(
        json!({"step": "graph", "nodes": nodes}),
        &[],
        &expect![[r#"
            run a
            run b | c
            run d | e
              group (root): succeeded
            => succeeded {"census":{"requested":5,"succeeded":5,"partial":0,"failed":{},"skipped":0,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
    check(
        json!({"step": "graph", "nodes": nodes}),
        &[("b", json!("broken"))],
        &expect![[r#"
            run a
            run b | c
              skip d: skipped (not run: step `b` did not succeed)
            run e
              group (root): partial (3 of 5 parts succeeded)
            => partial (3 of 5 parts succeeded) {"census":{"requested":5,"succeeded":3,"partial":0,"failed":{"reported":1},"skipped":1,"cancelled":0,"limited":0,"unknown":0}}
        "#]],
    );
}

#[test]
fn a_branch_takes_the_first_way_that_holds_and_no_way_is_no_failure() {
    let root = |otherwise: bool| {
        let mut branch = json!({"name": "way", "step": "branch", "arms": [
            {"label": "sure", "when": {"op": "compare", "field": "steps.a.confidence", "by": "gt", "value": 0.8}, "then": {"name": "sure", "step": "sequence", "steps": [agent("b"), agent("c")]}},
            {"label": "named", "when": {"op": "exists", "field": "steps.a.output.name"}, "then": agent("d")},
        ]});
        if otherwise {
            branch["otherwise"] = agent("e");
        }
        json!({"step": "sequence", "on_error": "continue", "steps": [agent("a"), branch, {"name": "f", "step": "agent", "agent": "f", "inputs": {"chosen": "steps.way.output", "how": "steps.way.outcome"}}]})
    };
    check(
        root(true),
        &[("a", json!(0.9))],
        &expect![[r#"
        run a
          branch way: sure
          skip way/d: skipped
          skip way/e: skipped
        run way/sure/b
        run way/sure/c
          group way/sure: succeeded
          group way: succeeded
        run f(chosen="c", how="succeeded")
          group (root): succeeded
        => succeeded "f"
    "#]],
    );
    check(
        root(true),
        &[("a", json!(0.1))],
        &expect![[r#"
        run a
          branch way: otherwise
          skip way/d: skipped
          skip way/sure/b: skipped
          skip way/sure/c: skipped
        run way/e
          group way: succeeded
        run f(chosen="e", how="succeeded")
          group (root): succeeded
        => succeeded "f"
    "#]],
    );
    check(
        root(false),
        &[("a", json!("broken"))],
        &expect![[r#"
        run a
          branch way: none
          skip way/d: skipped
          skip way/sure/b: skipped
          skip way/sure/c: skipped
          group way: skipped
        run f(how="skipped")
          group (root): partial (1 of 2 parts succeeded)
        => partial (1 of 2 parts succeeded) "f"
    "#]],
    );
}

#[test]
fn a_loop_carries_its_last_result_and_ends_by_condition_fuel_or_failure() {
    let root = |fuel: u32, field: &str| {
        json!({"step": "loop", "fuel": fuel,
        "body": {"step": "agent", "agent": "a", "inputs": {"before": "steps.previous.output.n", "round": "index"}},
        "until": {"op": "compare", "field": field, "by": "gte", "value": 2}})
    };
    check(
        root(5, "index"),
        &[("a", json!(0.5))],
        &expect![[r#"
          grow (root) by 1
        run #0(round=0)
          grow (root) by 1
        run #1(before=0.5, round=1)
          grow (root) by 1
        run #2(before=0.5, round=2)
          group (root): succeeded
        => succeeded {"by":"a","n":0.5}
    "#]],
    );
    check(
        root(2, "steps.round.output.n"),
        &[("a", json!(1))],
        &expect![[r#"
              grow (root) by 1
            run #0(round=0)
              grow (root) by 1
            run #1(before=1, round=1)
              group (root): limit_reached (stopped: the limit of loop rounds was reached)
            => limit_reached (stopped: the limit of loop rounds was reached) {"by":"a","n":1}
        "#]],
    );
    check(
        root(3, "index"),
        &[("a", json!("broken"))],
        &expect![[r#"
          grow (root) by 1
        run #0(round=0)
          group (root): failed (broken)
        => failed (broken) null
    "#]],
    );
}

#[test]
fn a_map_runs_a_body_per_item_within_its_bounds() {
    let root = |max_items: u32| {
        json!({"step": "sequence", "steps": [agent("a"), {"name": "each", "step": "map", "over": "steps.a.output", "max_items": max_items, "max_concurrency": 2,
        "body": {"step": "agent", "agent": "b", "inputs": {"x": "item", "i": "index"}}}]})
    };
    check(
        root(5),
        &[("a", json!(["p", "q", "r"]))],
        &expect![[r#"
            run a
              grow each by 3
            run each#0(i=0, x="p") | each#1(i=1, x="q")
            run each#2(i=2, x="r")
              group each: succeeded
              group (root): succeeded
            => succeeded {"census":{"requested":3,"succeeded":3,"partial":0,"failed":{},"skipped":0,"cancelled":0,"limited":0,"unknown":0},"outputs":["b","b","b"]}
        "#]],
    );
    check(
        root(2),
        &[("a", json!(["p", "q", "r"]))],
        &expect![[r#"
        run a
          group each: failed (the list has 3 items, at most 2 are allowed)
          group (root): failed (`each`: the list has 3 items, at most 2 are allowed)
        => failed (`each`: the list has 3 items, at most 2 are allowed) ["p","q","r"]
    "#]],
    );
    check(
        root(2),
        &[("a", json!([]))],
        &expect![[r#"
            run a
              grow each by 0
              group each: succeeded
              group (root): succeeded
            => succeeded {"census":{"requested":0,"succeeded":0,"partial":0,"failed":{},"skipped":0,"cancelled":0,"limited":0,"unknown":0},"outputs":[]}
        "#]],
    );
    check(
        root(2),
        &[("a", json!(7))],
        &expect![[r#"
        run a
          group each: failed (what is to be mapped over is not a list)
          group (root): failed (`each`: what is to be mapped over is not a list)
        => failed (`each`: what is to be mapped over is not a list) {"by":"a","n":7}
    "#]],
    );
}

#[test]
fn names_are_looked_up_from_the_inside_out() {
    let reader = json!({"name": "r", "step": "agent", "agent": "c", "inputs": {"near": "steps.x.output", "far": "steps.outer.x.output"}});
    let root = json!({"step": "sequence", "steps": [
        {"name": "outer", "step": "sequence", "steps": [{"name": "x", "step": "agent", "agent": "a"}]},
        {"name": "inner", "step": "sequence", "steps": [{"name": "x", "step": "agent", "agent": "b"}, reader]},
    ]});
    check(
        root,
        &[],
        &expect![[r#"
        run outer/x
          group outer: succeeded
        run inner/x
        run inner/r(far="a", near="b")
          group inner: succeeded
          group (root): succeeded
        => succeeded "c"
    "#]],
    );
}

fn stopped_in_the_middle(
    stop: impl Fn(&mut crate::graph::walk::Walk),
    finish: impl Fn() -> StepResult,
) -> String {
    let root: Step = step(json!({"step": "sequence", "steps": [
        {"step": "parallel", "max_concurrency": 2, "steps": [agent("a"), agent("b"), agent("c")]},
        {"step": "loop", "fuel": 9, "until": {"op": "always", "value": false}, "body": agent("d")},
    ]}));
    let mut walk = walk(&plan(root));
    let mut trace = Vec::new();
    let first = walk.next_ready().expect("a");
    let second = walk.next_ready().expect("b");
    walk.finish(first.node, succeed(json!("a"), 1.0));
    stop(&mut walk);
    effects(&mut walk, &mut trace);
    assert!(walk.next_ready().is_none(), "nothing starts after a stop");
    assert!(walk.result().is_none(), "what is in flight is waited for");
    walk.finish(second.node, finish());
    effects(&mut walk, &mut trace);
    trace.push(format!(
        "=> {}",
        told(&walk.result().expect("it ends").outcome)
    ));
    trace.join("\n") + "\n"
}

#[test]
fn a_cancelled_run_starts_nothing_waits_for_what_is_in_flight_and_says_so() {
    let cancelled = || {
        StepResult::without_output(orchestrate_core::outcome::Outcome::Cancelled {
            reason: CancelReason::User,
        })
    };
    expect![[r#"
          cancel 3 User
          skip 0/c: cancelled (cancelled by the user)
          group 0: cancelled (cancelled by the user)
          group (root): cancelled (cancelled by the user)
        => cancelled (cancelled by the user)
    "#]]
    .assert_eq(&stopped_in_the_middle(
        |walk| walk.cancel(CancelReason::User),
        cancelled,
    ));
}

#[test]
fn a_limit_lets_what_is_in_flight_end() {
    expect![[r#"
          skip 0/c: limit_reached (stopped: the limit of tokens was reached)
          group 0: limit_reached (stopped: the limit of tokens was reached)
          group (root): limit_reached (stopped: the limit of tokens was reached)
        => limit_reached (stopped: the limit of tokens was reached)
    "#]]
    .assert_eq(&stopped_in_the_middle(
        |walk| walk.limit(LimitKind::Tokens),
        || succeed(json!("b"), 1.0),
    ));
}
