//! Expansions, calls, keys, or-joins, conditions on nodes, deadlines, carried state: traces of a serial driver.

use expect_test::{Expect, expect};
use orchestrate_core::id::StepName;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{Merge, Plan};
use serde_json::{Value, json};

use super::walk::check_plan;
use super::{agent, effects, plan, step, succeed, walk};
use crate::graph::walk::Effect;

fn check(root: Value, answers: &[(&str, Value)], expect: &Expect) {
    check_plan(&plan(step(root)), answers, expect);
}

fn reader(name: &str, from: &str) -> Value {
    json!({"name": name, "step": "agent", "agent": name, "inputs": {"v": from}})
}

fn expanding(more: Value) -> Value {
    let mut expand =
        json!({"name": "work", "step": "expand", "from": "steps.a.output", "max_steps": 4});
    for (key, value) in more.as_object().unwrap() {
        expand[key] = value.clone();
    }
    json!({"step": "sequence", "steps": [agent("a"), expand, reader("h", "steps.work.output.results.0.output")]})
}

#[test]
fn sub_tasks_run_in_the_order_of_their_needs_and_see_what_they_need() {
    let answer = json!({"sub_tasks": [
        {"id": "look", "agent": "b", "task": "look"},
        {"id": "write", "specialist_id": "c", "instruction": "write", "depends_on": ["look"]},
        {"agent": "d", "task": "apart"},
    ]});
    check(
        expanding(json!({})),
        &[("a", answer)],
        &expect![[r#"
        run a
          grow work by 3
        run work#0/look | work#0/task_2
        run work#0/write(look="b")
          group work#0: succeeded
          group work: succeeded
        run h(v="b")
          group (root): succeeded
        => succeeded "h"
    "#]],
    );
}

/// An agent that is not there is a failure of its sub-task alone: it is told, and the rest runs.
#[test]
fn a_sub_task_for_an_unknown_agent_fails_alone() {
    let answer = json!([
        {"id": "x", "agent": "nobody", "task": "t"},
        {"id": "y", "agent": "b", "task": "t"},
        {"id": "z", "agent": "c", "task": "t", "needs": ["x"]},
    ]);
    check(
        expanding(json!({})),
        &[("a", answer.clone())],
        &expect![[r#"
        run a
          grow work by 3
          skip work#0/x: failed (unknown agent `nobody` (possible: a, b, c, d, e, f, g, h))
          skip work#0/z: skipped (not run: step `work#0/x` did not succeed)
        run work#0/y
          group work#0: partial (1 of 3 parts succeeded)
          group work: partial (1 of 3 parts succeeded)
          skip h: skipped (not run: step `work` did not succeed)
          group (root): failed (`work`: 1 of 3 parts succeeded)
        => failed (`work`: 1 of 3 parts succeeded) [{"id":"x","agent":"nobody","task":"t"},{"id":"y","agent":"b","task":"t"},{"id":"z","agent":"c","task":"t","needs":["x"]}]
    "#]],
    );
    // The same for one that is there and may not be used.
    let expand = json!({"agents": ["c"]});
    check(
        expanding(expand),
        &[("a", answer)],
        &expect![[r#"
        run a
          grow work by 3
          skip work#0/x: failed (unknown agent `nobody` (possible: c))
          skip work#0/y: failed (unknown agent `b` (possible: c))
          skip work#0/z: skipped (not run: step `work#0/x` did not succeed)
          group work#0: failed (`x`: unknown agent `nobody` (possible: c))
          group work: failed (`x`: unknown agent `nobody` (possible: c))
          skip h: skipped (not run: step `work` did not succeed)
          group (root): failed (`work`: `x`: unknown agent `nobody` (possible: c))
        => failed (`work`: `x`: unknown agent `nobody` (possible: c)) [{"id":"x","agent":"nobody","task":"t"},{"id":"y","agent":"b","task":"t"},{"id":"z","agent":"c","task":"t","needs":["x"]}]
    "#]],
    );
}

#[test]
fn an_expanded_agent_may_answer_with_sub_tasks_down_to_the_depth() {
    let more = |agent: &str| json!({"sub_tasks": [{"id": "next", "agent": agent, "task": "t"}]});
    let answers = [("a", more("b")), ("b", more("c")), ("c", more("d"))];
    check(
        expanding(json!({"max_depth": 2})),
        &answers,
        &expect![[r#"
        run a
          grow work by 1
        run work#0/next/work
          grow work#0/next/sub_tasks by 1
        run work#0/next/sub_tasks#0/next
          group work#0/next/sub_tasks#0: succeeded
          group work#0/next/sub_tasks: succeeded
          group work#0/next: succeeded
          group work#0: succeeded
          group work: succeeded
        run h(v={"sub_tasks":[{"id":"next","agent":"c","task":"t"}]})
          group (root): succeeded
        => succeeded "h"
    "#]],
    );
}

#[test]
fn a_fragment_is_checked_where_it_runs() {
    let fragment = json!({"step": "sequence", "steps": [
        {"step": "agent", "agent": "b", "inputs": {"v": "steps.a.output.n"}},
        {"name": "c", "step": "agent", "agent": "c"},
    ]});
    check(
        expanding(json!({})),
        &[("a", fragment)],
        &expect![[r#"
        run a
          grow work by 1
        run work#0/0
        run work#0/c
          group work#0: succeeded
          group work: succeeded
        run h
          group (root): succeeded
        => succeeded "h"
    "#]],
    );
    let wrong = json!({"step": "sequence", "steps": [
        {"step": "agent", "agent": "nobody"},
        {"step": "agent", "agent": "b", "inputs": {"v": "steps.later.output"}},
        {"step": "loop", "fuel": 0, "until": {"op": "always", "value": true}, "body": {"step": "agent", "agent": "c"}},
    ]});
    check(
        expanding(json!({})),
        &[("a", wrong)],
        &expect![[r#"
        run a
          group work: failed (ORC0602 at step `work#0/0`: unknown agent `nobody` (possible: a, b, c, d, e, f, g, h); ORC0606 at step `work#0/1`: `steps.later.output` names no earlier step (possible: a); ORC0610 at step `work#0/2`: `fuel` is 0, it must be at least 1)
          skip h: skipped (not run: step `work` did not succeed)
          group (root): failed (`work`: ORC0602 at step `work#0/0`: unknown agent `nobody` (possible: a, b, c, d, e, f, g, h); ORC0606 at step `work#0/1`: `steps.later.output` names no earlier step (possible: a); ORC0610 at step `work#0/2`: `fuel` is 0, it must be at least 1)
        => failed (`work`: ORC0602 at step `work#0/0`: unknown agent `nobody` (possible: a, b, c, d, e, f, g, h); ORC0606 at step `work#0/1`: `steps.later.output` names no earlier step (possible: a); ORC0610 at step `work#0/2`: `fuel` is 0, it must be at least 1) {"step":"sequence","steps":[{"step":"agent","agent":"nobody"},{"step":"agent","agent":"b","inputs":{"v":"steps.later.output"}},{"step":"loop","fuel":0,"until":{"op":"always","value":true},"body":{"step":"agent","agent":"c"}}]}
    "#]],
    );
    let formless = json!({"step": "sequence", "steps": [{"step": "agent"}, {"step": "teleport"}]});
    check(
        expanding(json!({})),
        &[("a", formless)],
        &expect![[r#"
        run a
          group work: failed (ORC0624 at step `work#0/0`: missing field `agent`; ORC0624 at step `work#0/1`: unknown variant `teleport`, expected one of `agent`, `tool`, `sequence`, `parallel`, `graph`, `branch`, `loop`, `map`, `expand`, `approve`, `call`)
          skip h: skipped (not run: step `work` did not succeed)
          group (root): failed (`work`: ORC0624 at step `work#0/0`: missing field `agent`; ORC0624 at step `work#0/1`: unknown variant `teleport`, expected one of `agent`, `tool`, `sequence`, `parallel`, `graph`, `branch`, `loop`, `map`, `expand`, `approve`, `call`)
        => failed (`work`: ORC0624 at step `work#0/0`: missing field `agent`; ORC0624 at step `work#0/1`: unknown variant `teleport`, expected one of `agent`, `tool`, `sequence`, `parallel`, `graph`, `branch`, `loop`, `map`, `expand`, `approve`, `call`) {"step":"sequence","steps":[{"step":"agent"},{"step":"teleport"}]}
    "#]],
    );
}

/// What is expanded never takes more than the bounds of the plan had counted for it.
#[test]
fn a_fragment_cannot_take_more_than_was_allotted() {
    let body = |more: Value| {
        let mut step = json!({"step": "agent", "agent": "b"});
        for (key, value) in more.as_object().unwrap() {
            step[key] = value.clone();
        }
        step
    };
    for (fragment, expected) in [
        (
            json!({"step": "loop", "fuel": 5, "until": {"op": "always", "value": false}, "body": body(json!({}))}),
            expect![
                "`work`: ORC0626 at step `work#0`: it comes to 5 work steps, 4 are left of those that were allotted"
            ],
        ),
        (
            body(json!({"retry": {"max_attempts": 50}})),
            expect![
                "`work`: ORC0626 at step `work#0`: it can take 50 attempts, 12 were allotted; ORC0626 at step `work#0`: it can take 5000 tokens, 1200 were allotted; ORC0626 at step `work#0`: it can take 150000000 millionths of cost, 36000000 were allotted; ORC0626 at step `work#0`: it can take 1821500 milliseconds, 126000 were allotted"
            ],
        ),
        (
            body(json!({"timeout_ms": 100_000_000})),
            expect![
                "`work`: ORC0626 at step `work#0`: it can take 300001500 milliseconds, 126000 were allotted"
            ],
        ),
        (
            body(json!({"result_key": "k"})),
            expect![
                "`work`: ORC0625 at step `work#0`: it writes `k`, which others may write at the same time: the plan has no rule for it"
            ],
        ),
        (
            json!({"step": "expand", "from": "steps.a.output", "max_steps": 1}),
            expect![
                "`work`: ORC0626 at step `work#0`: it expands 1 deep, 0 are left of what was allotted"
            ],
        ),
        (
            json!([{"agent": "b", "task": "1"}, {"agent": "b", "task": "2"}, {"agent": "b", "task": "3"}, {"agent": "b", "task": "4"}, {"agent": "b", "task": "5"}]),
            expect!["`work`: the list has 5 sub-tasks, 4 are left of those that were allotted"],
        ),
        (
            json!([{"agent": "b"}, {"task": "t"}]),
            expect!["`work`: sub-task 0: missing field `task`; sub-task 1: missing field `agent`"],
        ),
        (
            json!([{"id": "x", "agent": "b", "task": "t", "needs": ["y"]}, {"id": "y", "agent": "b", "task": "t", "needs": ["x"]}]),
            expect!["`work`: ORC0609 at step `work#0`: these steps wait for each other: x, y"],
        ),
        (
            json!("prose"),
            expect!["`work`: what is to be expanded is neither a step nor a list of sub-tasks"],
        ),
    ] {
        let plan = plan(step(expanding(json!({}))));
        let mut walk = walk(&plan);
        let ready = walk.next_ready().unwrap();
        walk.finish(ready.node, succeed(fragment, 1.0));
        assert!(walk.next_ready().is_none());
        expected.assert_eq(&walk.result().unwrap().outcome.error().unwrap());
    }
}

#[test]
fn nothing_to_expand_is_fine_where_the_plan_says_so() {
    check(
        expanding(json!({"optional": true})),
        &[("a", json!({"text": "done"}))],
        &expect![[r#"
        run a
          group work: skipped
        run h
          group (root): succeeded
        => succeeded "h"
    "#]],
    );
    check(
        expanding(json!({})),
        &[("a", json!({"sub_tasks": []}))],
        &expect![[r#"
        run a
          group work: succeeded
        run h
          group (root): succeeded
        => succeeded "h"
    "#]],
    );
}

#[test]
fn a_call_sees_its_own_context_and_gives_its_result_under_a_key() {
    let call = |more: Value| {
        let mut call = json!({"step": "call", "definition": "d", "context_mapping": {"steps.a.output.n": "text", "context.gone": "absent"}});
        for (key, value) in more.as_object().unwrap() {
            call[key] = value.clone();
        }
        call
    };
    let root = json!({"step": "sequence", "steps": [agent("a"), call(json!({})), reader("e", "results.nested_result"), call(json!({"name": "again", "result_key": "k"})), reader("f", "results.k.by")]});
    let inner = json!({"step": "sequence", "steps": [reader("b", "context.text"), reader("c", "context.kept")]});
    let context = json!({"kept": "from outside", "text": "hidden"});
    let plan = plan(step(root))
        .with_definition(StepName::new("d").unwrap(), step(inner))
        .with_context(context.as_object().cloned().unwrap());
    check_plan(
        &plan,
        &[("a", json!(3)), ("c", json!(0.5))],
        &expect![[r#"
        run a
        run 1/0/b(v=3)
        run 1/0/c(v="from outside")
          group 1/0: succeeded
          group 1: succeeded
        run e(v={"by":"c","n":0.5})
        run again/0/b(v=3)
        run again/0/c(v="from outside")
          group again/0: succeeded
          group again: succeeded
        run f(v="c")
          group (root): succeeded
        => succeeded "f"
    "#]],
    );
}

/// Inside a call nothing of the caller's steps is seen, and afterwards nothing of those inside.
#[test]
fn a_call_has_a_scope_of_its_own() {
    let root = json!({"step": "sequence", "steps": [agent("a"), {"step": "call", "inline": agent("b")}, agent("c")]});
    let mut walk = walk(&plan(step(root)));
    let mut seen = Vec::new();
    while let Some(ready) = walk.next_ready() {
        let scope: Vec<_> = ready
            .scope
            .iter()
            .map(|entry| entry.step.to_string())
            .collect();
        seen.push(format!("{}: {}", ready.task.path, scope.join(", ")));
        walk.finish(ready.node, succeed(json!(1), 1.0));
    }
    assert_eq!(seen, ["a: ", "1/b: ", "c: 1, a"]);
}

#[test]
fn results_under_one_key_become_one_by_the_plans_rule() {
    let keyed =
        |name: &str| json!({"name": name, "step": "agent", "agent": name, "result_key": "k"});
    let root = json!({"step": "sequence", "steps": [
        {"step": "parallel", "steps": [keyed("a"), keyed("b"), keyed("c")]},
        reader("d", "results.k"),
    ]});
    for (rule, expected) in [
        (Merge::First, r#"{"x":1}"#),
        (Merge::Last, r#"{"x":3}"#),
        (Merge::List, r#"[{"x":1},{"x":2,"y":2},{"x":3}]"#),
        (Merge::Merge, r#"{"x":3,"y":2}"#),
    ] {
        let plan = plan(step(root.clone())).with_merge(StepName::new("k").unwrap(), rule);
        let mut walk = walk(&plan);
        let mut flying: Vec<_> = std::iter::from_fn(|| walk.next_ready()).collect();
        // The last ends first: the order of the plan counts all the same.
        while let Some(ready) = flying.pop() {
            let output = match ready.task.path.as_str() {
                "0/a" => json!({"x": 1}),
                "0/b" => json!({"x": 2, "y": 2}),
                _ => json!({"x": 3}),
            };
            walk.finish(ready.node, succeed(output, 1.0));
        }
        let reader = walk.next_ready().unwrap();
        assert_eq!(reader.inputs[0].1.to_string(), expected, "{rule:?}");
    }
}

fn racing() -> Plan {
    let node = |name: &str, needs: Value| json!({"name": name, "needs": needs, "step": "agent", "agent": name});
    plan(step(json!({"step": "graph", "nodes": [
        node("a", json!([])),
        node("b", json!([])),
        node("c", json!({"any": ["a", "b"]})),
        node("d", json!(["b"])),
    ]})))
}

/// The first success starts what waits for any; the slower branch goes on, and what needs it runs.
#[test]
fn an_or_join_loses_no_slower_branch() {
    let mut walk = walk(&racing());
    let a = walk.next_ready().unwrap();
    let b = walk.next_ready().unwrap();
    walk.finish(a.node, succeed(json!("a"), 1.0));
    let c = walk.next_ready().expect("`c` starts at the first success");
    assert_eq!(c.task.path.as_str(), "c");
    walk.finish(c.node, succeed(json!("c"), 1.0));
    assert!(
        walk.result().is_none() && walk.next_ready().is_none(),
        "`b` is not lost"
    );
    walk.finish(b.node, succeed(json!("b"), 1.0));
    let d = walk.next_ready().unwrap();
    assert_eq!(d.task.path.as_str(), "d");
    walk.finish(d.node, succeed(json!("d"), 1.0));
    assert!(walk.next_ready().is_none(), "`c` runs once");
    assert!(walk.result().unwrap().outcome.is_success());
    while let Some(effect) = walk.next_effect() {
        assert!(
            !matches!(effect, Effect::Cancel { .. }),
            "nothing is cancelled"
        );
    }
}

#[test]
fn an_or_join_without_a_success_is_skipped() {
    check_plan(
        &racing(),
        &[("a", json!("broken")), ("b", json!("broken"))],
        &expect![[r#"
        run a | b
          skip c: skipped (not run: step `a` did not succeed)
          skip d: skipped (not run: step `b` did not succeed)
          group (root): failed (`a`: broken)
        => failed (`a`: broken) {"census":{"requested":4,"succeeded":0,"partial":0,"failed":{"reported":2},"skipped":2,"cancelled":0,"limited":0,"unknown":0}}
    "#]],
    );
    check_plan(
        &racing(),
        &[("a", json!("broken"))],
        &expect![[r#"
        run a | b
        run c | d
          group (root): partial (3 of 4 parts succeeded)
        => partial (3 of 4 parts succeeded) {"census":{"requested":4,"succeeded":3,"partial":0,"failed":{"reported":1},"skipped":0,"cancelled":0,"limited":0,"unknown":0}}
    "#]],
    );
}

/// What was not needed satisfies an `all`, and is no success for an `any`.
#[test]
fn a_condition_on_a_node_leaves_it_out_without_failing_what_needs_it() {
    let never = json!({"op": "exists", "field": "context.gone"});
    let root = json!({"step": "graph", "nodes": [
        {"name": "a", "step": "agent", "agent": "a"},
        {"name": "b", "needs": ["a"], "when": never, "step": "sequence", "steps": [agent("b")]},
        {"name": "c", "needs": ["b"], "step": "agent", "agent": "c"},
        {"name": "d", "needs": {"any": ["b"]}, "step": "agent", "agent": "d"},
        {"name": "e", "needs": [{"any": ["b", {"all": ["a", "c"]}]}], "step": "agent", "agent": "e"},
    ]});
    check(
        root,
        &[],
        &expect![[r#"
        run a
          branch b: none
          skip b/b: skipped
          skip d: skipped
        run c
        run e
          group (root): succeeded
        => succeeded {"census":{"requested":5,"succeeded":3,"partial":0,"failed":{},"skipped":2,"cancelled":0,"limited":0,"unknown":0}}
    "#]],
    );
}

#[test]
fn a_loop_begins_with_a_value_and_hands_each_round_on() {
    let body = json!({"name": "x", "step": "agent", "agent": "a", "inputs": {"last": "steps.previous.output.n", "round": "index"}});
    let until = json!({"op": "compare", "field": "index", "by": "gte", "value": 2});
    let root = json!({"step": "loop", "fuel": 5, "start": {"value": {"n": 41}}, "until": until, "body": body});
    check(
        root,
        &[("a", json!(42))],
        &expect![[r#"
          grow (root) by 1
        run #0(last=41, round=0)
          grow (root) by 1
        run #1(last=42, round=1)
          grow (root) by 1
        run #2(last=42, round=2)
          group (root): succeeded
        => succeeded {"by":"a","n":42}
    "#]],
    );
}

/// What a round could not give any more, the round before it gave.
#[test]
fn a_loop_that_fails_keeps_what_it_had() {
    let root = json!({"step": "loop", "fuel": 5, "until": {"op": "always", "value": false}, "body": agent("a")});
    let mut walk = walk(&plan(step(root)));
    let first = walk.next_ready().unwrap();
    walk.finish(first.node, succeed(json!("good"), 0.5));
    let second = walk.next_ready().unwrap();
    walk.finish(second.node, super::fail("broken"));
    let result = walk.result().unwrap();
    assert_eq!(
        (result.outcome.word(), &*result.output),
        ("failed", &json!("good"))
    );
}

fn trace_of_deadline(root: Value, done: &[&str]) -> String {
    let mut walk = walk(&plan(step(root)));
    let mut trace = Vec::new();
    let flying: Vec<_> = std::iter::from_fn(|| walk.next_ready()).collect();
    let Some(Effect::Deadline { node, ms: 50 }) = walk.next_effect() else {
        panic!("a deadline is told first");
    };
    for ready in &flying {
        if done.contains(&ready.task.path.as_str()) {
            walk.finish(ready.node, succeed(json!(ready.task.path.as_str()), 1.0));
        }
    }
    walk.expire(node);
    effects(&mut walk, &mut trace);
    for ready in flying {
        let reason = orchestrate_core::outcome::CancelReason::Deadline;
        let outcome = orchestrate_core::outcome::Outcome::Cancelled { reason };
        walk.finish(
            ready.node,
            crate::graph::walk::StepResult::without_output(outcome),
        );
    }
    while walk.next_ready().is_some() {}
    effects(&mut walk, &mut trace);
    walk.expire(node);
    assert!(
        walk.next_effect().is_none(),
        "what has ended has no deadline"
    );
    let result = walk.result().unwrap();
    trace.push(format!("=> {}", super::told(&result.outcome)));
    trace.join("\n") + "\n"
}

#[test]
fn a_group_whose_time_is_over_counts_what_had_succeeded() {
    let group = |join: Value| json!({"step": "parallel", "join": join, "deadline_ms": 50, "max_concurrency": 2, "steps": [agent("a"), agent("b"), agent("c")]});
    let all = group(json!({"policy": "all"}));
    let quorum = group(json!({"policy": "quorum", "k": 2}));
    let best = group(json!({"policy": "best"}));
    expect![[r#"
          cancel 2 Deadline
          skip c: cancelled (cancelled: its time was over)
          group (root): partial (1 of 3 parts succeeded)
        => partial (1 of 3 parts succeeded)
    "#]]
    .assert_eq(&trace_of_deadline(all, &["a"]));
    expect![[r#"
          cancel 2 Deadline
          skip c: cancelled (cancelled: its time was over)
          group (root): failed (it took longer than 50 ms: 1 of 3 had succeeded)
        => failed (it took longer than 50 ms: 1 of 3 had succeeded)
    "#]]
    .assert_eq(&trace_of_deadline(quorum, &["a"]));
    expect![[r#"
          cancel 1 Deadline
          skip c: cancelled (cancelled: its time was over)
          group (root): succeeded
        => succeeded
    "#]]
    .assert_eq(&trace_of_deadline(best, &["b"]));
}

#[test]
fn depth_and_width_are_limits_with_an_outcome() {
    let limited = |root: Value, limits: Limits| {
        let context = json!({"items": [1, 2, 3]});
        plan(step(root))
            .with_limits(limits)
            .with_context(context.as_object().cloned().unwrap())
    };
    let nested = json!({"step": "sequence", "on_error": "continue", "steps": [
        {"step": "call", "inline": {"step": "call", "inline": agent("a")}},
        agent("b"),
    ]});
    let depth = Limits {
        max_depth: Some(1),
        ..Limits::default()
    };
    check_plan(
        &limited(nested, depth),
        &[],
        &expect![[r#"
          skip 0/0/a: limit_reached (stopped: the limit of depth was reached)
          group 0: limit_reached (stopped: the limit of depth was reached)
        run b
          group (root): limit_reached (stopped: the limit of depth was reached)
        => limit_reached (stopped: the limit of depth was reached) "b"
    "#]],
    );
    let map = json!({"step": "map", "over": "context.items", "max_items": 9, "body": agent("a")});
    let width = Limits {
        max_width: Some(2),
        ..Limits::default()
    };
    check_plan(
        &limited(map, width),
        &[],
        &expect![[r#"
          group (root): limit_reached (stopped: the limit of width was reached)
        => limit_reached (stopped: the limit of width was reached) {"census":{"requested":0,"succeeded":0,"partial":0,"failed":{},"skipped":0,"cancelled":0,"limited":0,"unknown":0},"outputs":[]}
    "#]],
    );
}
