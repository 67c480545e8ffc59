//! Bad plans: every problem told at once, with its code and its step.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{agent, plan, step};
use crate::catalog::Catalog;
use crate::graph::{CODES, bounds, check as check_plan};

fn check(root: Value, expect: &Expect) {
    let problems = check_plan(&plan(step(root)), &Catalog::builtin());
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    for problem in &problems {
        assert!(
            CODES.iter().any(|(code, _, _)| *code == problem.code),
            "{} has no page",
            problem.code
        );
    }
    expect.assert_eq(&lines.concat());
}

#[test]
fn all_problems_of_a_plan_are_told_at_once() {
    let bad_agent = json!({"name": "output", "step": "agent", "agent": "nobody", "timeout_ms": 0, "retry": {"max_attempts": 0}, "inputs": {"x": "steps.later.output", "y": "secrets.key"}});
    check(
        json!({"step": "sequence", "steps": [
            bad_agent,
            {"name": "later", "step": "parallel", "steps": [agent("a"), agent("a")], "join": {"policy": "quorum", "k": 3}, "max_concurrency": 0},
            {"name": "empty", "step": "sequence", "steps": []},
            {"name": "strange", "step": "sequence", "collect": {"strategy": "quantum"}, "steps": [agent("a")]},
            {"name": "loop", "step": "loop", "fuel": 0, "until": {"op": "exists", "field": "steps.round.result"}, "body": agent("a")},
            {"name": "map", "step": "map", "over": "steps.later.a.output.list", "max_items": 0, "body": agent("b")},
            {"name": "branch", "step": "branch", "arms": []},
        ]}),
        &expect![[r#"
            ORC0605 at step `(root)`: a step cannot be called `output`: the word has a meaning in references
            ORC0602 at step `output`: unknown agent `nobody` (possible: a, b, c, d, e, f, g, h)
            ORC0610 at step `output`: `retry.max_attempts` is 0, it must be at least 1
            ORC0610 at step `output`: `timeout_ms` is 0: no attempt could end
            ORC0606 at step `output`: `steps.later.output` names no earlier step (none has ended by then)
            ORC0607 at step `output`: `secrets.key` begins with something that is not known here (possible: `inputs.<name>`, `context.<key>`, `steps.<name>`, `results.<key>`, and `item`, `index` inside bodies)
            ORC0605 at step `later`: two steps are called `a`
            ORC0610 at step `later`: `max_concurrency` is 0, it must be at least 1
            ORC0610 at step `later`: a quorum of 3 cannot be met by 2 steps
            ORC0604 at step `empty`: the group has nothing inside
            ORC0611 at step `strange`: unknown strategy `quantum` (possible: sequential, parallel, debate, teaching, refinement, adaptive, synthesis, tool_enhanced, prompt_cached_sequential, delegation_chain, orchestrator_worker, supervisor, hierarchical, plan_execute, handoff, group_chat, react, self_correct, map_reduce, scatter_vote, event_flow, conditional, multi_conditional, nested, nested_sequential)
            ORC0610 at step `loop`: `fuel` is 0, it must be at least 1
            ORC0606 at step `loop`: `steps.round.result`: a result has `output`, `outcome`, `success` and `confidence`, not `result`
            ORC0610 at step `map`: `max_items` is 0, it must be at least 1
            ORC0604 at step `branch`: the group has nothing inside
        "#]],
    );
}

#[test]
fn a_graph_must_be_one() {
    let node = |id: &str, needs: &[&str]| json!({"name": id, "needs": needs, "step": "agent", "agent": "a"});
    check(
        json!({"step": "graph", "nodes": [node("x", &["y"]), node("y", &["z"]), node("z", &["x"]), node("w", &[])]}),
        &expect![[r#"
            ORC0609 at step `(root)`: these steps wait for each other: x, y, z
        "#]],
    );
    check(
        json!({"step": "graph", "nodes": [node("x", &["nowhere"]), {"step": "agent", "agent": "a"}]}),
        &expect![[r#"
            ORC0608 at step `x`: it needs `nowhere`, which is not there (possible: x)
            ORC0608 at step `(root)`: the step at position 1 has no name
        "#]],
    );
    let reader = |needs: &[&str]| json!({"name": "r", "needs": needs, "step": "agent", "agent": "a", "inputs": {"v": "steps.x.output"}});
    check(
        json!({"step": "graph", "nodes": [node("x", &[]), node("m", &["x"]), reader(&["m"])]}),
        &expect![[""]],
    );
    check(
        json!({"step": "graph", "nodes": [node("x", &[]), reader(&[])]}),
        &expect![[r#"
            ORC0606 at step `r`: `steps.x.output` names no earlier step (none has ended by then)
        "#]],
    );
}

#[test]
fn siblings_of_a_parallel_group_cannot_be_read() {
    let reader =
        json!({"name": "r", "step": "agent", "agent": "b", "inputs": {"v": "steps.a.output"}});
    check(
        json!({"step": "parallel", "steps": [agent("a"), reader]}),
        &expect![[r#"
            ORC0606 at step `r`: `steps.a.output` names no earlier step (none has ended by then)
        "#]],
    );
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let deep = (0..70).fold(
        agent("a"),
        |inner, _| json!({"step": "sequence", "steps": [inner]}),
    );
    check(
        deep,
        &expect![[r#"
        ORC0612 at step `0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0`: groups are nested more than 64 deep
    "#]],
    );
}

#[test]
fn bounds_follow_from_the_templates() {
    // Each agent: 10 s timeout, 10 to 100 tokens, tier CAPABLE (3 units), up to 3 attempts.
    let show = |root: Value| {
        let b = bounds(&plan(step(root)));
        format!(
            "calls {}/{}/{} tokens {}/{}/{} cost {}/{}/{} ms {}/{}/{} width {}\n",
            b.calls.least,
            b.calls.expected,
            b.calls.most,
            b.tokens.least,
            b.tokens.expected,
            b.tokens.most,
            b.cost.least,
            b.cost.expected,
            b.cost.most,
            b.latency_ms.least,
            b.latency_ms.expected,
            b.latency_ms.most,
            b.width
        )
    };
    let once = json!({"step": "agent", "agent": "a", "retry": {"max_attempts": 1}});
    let text = [
        show(once.clone()),
        show(json!({"step": "sequence", "steps": [once, once]})),
        show(json!({"step": "parallel", "steps": [once, once, once]})),
        show(json!({"step": "parallel", "max_concurrency": 2, "steps": [once, once, once]})),
        show(
            json!({"step": "branch", "arms": [{"label": "x", "when": {"op": "always", "value": true}, "then": once}]}),
        ),
        show(
            json!({"step": "loop", "fuel": 4, "until": {"op": "always", "value": false}, "body": once}),
        ),
        show(agent("a")),
    ];
    expect![[r#"
        calls 1/1/1 tokens 0/55/100 cost 0/3/3 ms 0/10000/10000 width 1
        calls 1/2/2 tokens 0/110/200 cost 0/6/6 ms 0/20000/20000 width 1
        calls 1/3/3 tokens 0/165/300 cost 0/9/9 ms 0/10000/10000 width 3
        calls 1/3/3 tokens 0/165/300 cost 0/9/9 ms 0/25000/25000 width 2
        calls 0/1/1 tokens 0/28/100 cost 0/1.5000/3 ms 0/5000/10000 width 1
        calls 1/1/4 tokens 0/55/400 cost 0/3/12 ms 0/10000/40000 width 1
        calls 1/1/3 tokens 0/55/300 cost 0/3/9 ms 0/10000/31500 width 1
    "#]]
    .assert_eq(&text.concat());
}
