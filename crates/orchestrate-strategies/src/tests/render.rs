//! Pictures of one plan that has every kind of step.

use expect_test::expect;
use serde_json::json;

use super::{agent, plan, step};
use crate::graph::render::{Format, render};

fn every_kind() -> orchestrate_core::plan::Plan {
    plan(step(json!({"step": "sequence", "steps": [
        {"name": "views", "step": "parallel", "max_concurrency": 2, "steps": [agent("a"), agent("b")]},
        {"name": "way", "step": "branch", "arms": [{"label": "sure", "when": {"op": "compare", "field": "steps.views.a.confidence", "by": "gt", "value": 0.8}, "then": agent("c")}]},
        {"name": "dag", "step": "graph", "nodes": [{"name": "x", "step": "agent", "agent": "d"}, {"name": "y", "needs": ["x"], "step": "agent", "agent": "e"}]},
        {"name": "again", "step": "loop", "fuel": 3, "until": {"op": "compare", "field": "index", "by": "gte", "value": 2}, "body": agent("f")},
        {"name": "each", "step": "map", "over": "context.items", "max_items": 4, "body": agent("g")},
        {"name": "look", "step": "tool", "tool": "search"},
        {"name": "more", "step": "expand", "from": "steps.look.output", "max_steps": 5, "max_depth": 2, "agents": ["a", "crew"], "workflows": {"crew": {"inline": {"step": "parallel", "steps": [agent("b"), agent("c")]}}}},
        {"name": "inner", "step": "call", "inline": {"step": "sequence", "steps": [agent("d"), agent("e")]}},
        {"name": "gate", "step": "approve", "question": "Publish?\nIt is \"final\"."},
    ]}))).with_tool("search", orchestrate_core::tool::Effect::Read)
}

#[test]
fn a_text_tree() {
    expect![[r#"
        sequence, stops at a failure
        |- views: parallel, 2 at a time
        |  |- a: agent a (CAPABLE)
        |  `- b: agent b (CAPABLE)
        |- way: first way that holds
        |  `- [sure: steps.views.a.confidence > 0.8] c: agent c (CAPABLE)
        |- dag: graph
        |  |- x: agent d (CAPABLE)
        |  `- [after x] y: agent e (CAPABLE)
        |- again: repeat until index >= 2, at most 3 times
        |  `- f: agent f (CAPABLE)
        |- each: for each of context.items, at most 4
        |  `- g: agent g (CAPABLE)
        |- look: tool search (read)
        |- more: run what steps.look.output says, at most 5 steps, 2 deep
        |  `- [for crew] parallel
        |     |- b: agent b (CAPABLE)
        |     `- c: agent c (CAPABLE)
        |- inner: call
        |  `- sequence, stops at a failure
        |     |- d: agent d (CAPABLE)
        |     `- e: agent e (CAPABLE)
        `- gate: ask "Publish?" (approve, reject)
    "#]]
    .assert_eq(&render(&every_kind(), Format::Text));
}

#[test]
fn a_mermaid_flowchart() {
    expect![[r#"
        flowchart LR
          n0(["start"])
          n1["a<br/>CAPABLE"]
          n2["b<br/>CAPABLE"]
          n3{"way<br/>which way?"}
          n4["c<br/>CAPABLE"]
          n5["x<br/>d CAPABLE"]
          n6["y<br/>e CAPABLE"]
          n7{"again<br/>until index &gt;= 2"}
          n8["f<br/>CAPABLE"]
          n9{"each<br/>each of context.items"}
          n10["g<br/>CAPABLE"]
          n11["look<br/>search (read)"]
          n12{"more<br/>steps.look.output, at most 5 steps"}
          n13["d<br/>CAPABLE"]
          n14["e<br/>CAPABLE"]
          n15[/"gate<br/>Publish?"\]
          n16(["end"])
          n0 --> n1
          n0 --> n2
          n1 --> n3
          n2 --> n3
          n3 -->|"sure"| n4
          n4 --> n5
          n3 -->|"none"| n5
          n5 --> n6
          n6 --> n7
          n7 --> n8
          n8 -.->|"again, at most 3 rounds"| n7
          n8 --> n9
          n9 --> n10
          n10 -.->|"at most 4 items"| n9
          n10 --> n11
          n11 --> n12
          n12 --> n13
          n13 --> n14
          n14 --> n15
          n15 --> n16
    "#]]
    .assert_eq(&render(&every_kind(), Format::Mermaid));
}

#[test]
fn a_dot_graph_quotes_what_it_must() {
    let mut plan = plan(step(agent("a")));
    plan.root.name = None;
    expect![[r#"
        digraph plan {
          rankdir=LR;
          node [fontname="sans-serif", fontsize=11];
          edge [fontname="sans-serif", fontsize=9];
          n0 [shape=oval, label="start"];
          n1 [shape=box, label="a\nCAPABLE"];
          n2 [shape=oval, label="end"];
          n0 -> n1 [label=""];
          n1 -> n2 [label=""];
        }
    "#]]
    .assert_eq(&render(&plan, Format::Dot));
}

#[test]
fn an_svg_has_a_box_per_agent_and_closes_what_it_opens() {
    let svg = render(&every_kind(), Format::Svg);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<g>").count(), svg.matches("</g>").count());
    for name in ["a", "b", "c", "x", "y", "f", "g"] {
        assert!(
            svg.contains(&format!("text-anchor=\"middle\">{name}</text>")),
            "{name}"
        );
    }
    assert!(
        !svg.contains("http://") || svg.matches("http://").count() == 1,
        "nothing is loaded from outside"
    );
}
