//! Random plans of all kinds of step, made from a list of choices: the same list gives the same plan.

use serde_json::{Value, json};

use super::agent;
use crate::id::{AgentId, StepName};
use crate::plan::{Merge, Plan, Step};
use crate::tool::Effect;

/// The agents that random plans name; `nobody` is none of them.
pub const AGENTS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Choices to make a plan from. When they are used up, each further one is the plainest.
#[derive(Debug)]
struct Choices<'a> {
    left: std::slice::Iter<'a, u16>,
    /// Whether what happens may depend on what ends first.
    racing: bool,
    /// How many names were given.
    named: u32,
    /// Whether the plan's definition is being made, which cannot call itself.
    defining: bool,
}

impl Choices<'_> {
    fn below(&mut self, count: usize) -> usize {
        self.left.next().map_or(0, |n| usize::from(*n) % count)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn of<'b>(&mut self, words: &[&'b str]) -> &'b str {
        let at = self.below(words.len());
        words.get(at).copied().unwrap_or_default()
    }

    fn name(&mut self) -> String {
        self.named += 1;
        format!("n{}", self.named)
    }
}

/// A random plan up to depth 6 that passes the check. With `racing`, what happens in it may depend
/// on which step ends first.
///
/// Its tools are `look`, which changes nothing, and `change`.
#[must_use]
pub fn random_plan(choices: &[u16], racing: bool) -> Plan {
    let mut choices = Choices {
        left: choices.iter(),
        racing,
        named: 0,
        defining: false,
    };
    let n = choices.below(4);
    let root = step(&mut choices, 6);
    choices.defining = true;
    let definition = step(&mut choices, 2);
    let root: Step = serde_json::from_value(root).unwrap_or_else(|_| Step::agent(first()));
    let mut plan = Plan::new("random", &agent(&AGENTS), root)
        .with_tool("look", Effect::Read)
        .with_tool("change", Effect::Write);
    let context = json!({
        "n": n,
        "items": ["x", "y", "z"],
        "tasks": [
            {"agent": "a", "task": "one"},
            {"id": "two", "specialist_id": "b", "instruction": "two", "depends_on": ["task_0"]},
            {"agent": "nobody", "task": "three"},
            {"agent": "pair", "task": "four"},
        ],
        "fragment": {"step": "parallel", "steps": [{"step": "agent", "agent": "c"}, {"step": "agent", "agent": "d"}]},
        "broken": {"step": "sequence", "steps": []},
        "nothing": {},
    });
    plan.context = context.as_object().cloned().unwrap_or_default();
    let rules = [("k", Merge::Merge), ("nested_result", Merge::List)];
    for (key, rule) in rules {
        if let Ok(key) = StepName::new(key) {
            plan = plan.with_merge(key, rule);
        }
    }
    if let (Ok(name), Ok(root)) = (
        StepName::new("definition"),
        serde_json::from_value(definition),
    ) {
        plan = plan.with_definition(name, root);
    }
    plan
}

fn first() -> AgentId {
    // A name of letters is always valid; the loop ends at its first turn.
    loop {
        if let Ok(id) = AgentId::new("a") {
            return id;
        }
    }
}

fn step(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut value = if depth == 0 {
        leaf(choices)
    } else {
        match choices.below(10) {
            0..=2 => leaf(choices),
            3 => {
                json!({"step": "sequence", "steps": list(choices, depth), "on_error": on_error(choices)})
            }
            4 => parallel(choices, depth),
            5 => graph(choices, depth),
            6 => branch(choices, depth),
            7 => {
                json!({"step": "loop", "body": step(choices, depth - 1), "until": condition(choices), "fuel": 1 + choices.below(3), "start": {"value": {"s": 1}}})
            }
            8 => map(choices, depth),
            _ => call(choices, depth),
        }
    };
    if choices.one_in(6) {
        set(&mut value, "result_key", "k".into());
    }
    if choices.one_in(10) {
        let (depth, width) = (1 + choices.below(3), 1 + choices.below(4));
        let limits = json!({"max_depth": depth, "max_width": width});
        set(&mut value, "limits", limits);
    }
    if choices.racing && choices.one_in(8) {
        set(&mut value, "deadline_ms", 50.into());
    }
    value
}

fn set(value: &mut Value, key: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(key.to_owned(), to);
    }
}

fn leaf(choices: &mut Choices<'_>) -> Value {
    let kinds = if choices.defining { 7 } else { 8 };
    match choices.below(kinds) {
        0..=3 => {
            let agent = choices.of(&AGENTS);
            let attempts = 1 + choices.below(2);
            json!({"step": "agent", "agent": agent, "retry": {"max_attempts": attempts}, "inputs": {"n": "context.n"}})
        }
        4 => {
            json!({"step": "tool", "tool": choices.of(&["look", "change"]), "inputs": {"n": "context.n"}})
        }
        5 => json!({"step": "approve", "question": "Go on?", "show": {"n": "context.n"}}),
        6 => {
            let from = choices.of(&["tasks", "fragment", "broken", "nothing", "gone"]);
            let depth = 1 + choices.below(3);
            let mut value = json!({"step": "expand", "from": format!("context.{from}"), "max_steps": 4 + choices.below(3), "max_depth": depth, "optional": choices.one_in(3)});
            if choices.one_in(3) {
                let steps =
                    json!([{"step": "agent", "agent": "c"}, {"step": "agent", "agent": "d"}]);
                set(&mut value, "agents", json!(["a", "b", "c", "d", "pair"]));
                set(
                    &mut value,
                    "workflows",
                    json!({"pair": {"inline": {"step": "parallel", "steps": steps}}}),
                );
            }
            value
        }
        _ => json!({"step": "call", "definition": "definition", "max_depth": 9}),
    }
}

fn on_error(choices: &mut Choices<'_>) -> &'static str {
    if choices.racing {
        choices.of(&["stop", "continue"])
    } else {
        "continue"
    }
}

fn list(choices: &mut Choices<'_>, depth: usize) -> Vec<Value> {
    let count = 1 + choices.below(4);
    (0..count).map(|_| step(choices, depth - 1)).collect()
}

fn condition(choices: &mut Choices<'_>) -> Value {
    match choices.below(4) {
        0 => json!({"op": "always", "value": true}),
        1 => json!({"op": "always", "value": false}),
        n => json!({"op": "compare", "field": "context.n", "by": "gte", "value": n}),
    }
}

fn parallel(choices: &mut Choices<'_>, depth: usize) -> Value {
    let policies = [
        json!({"policy": "all"}),
        json!({"policy": "best"}),
        json!({"policy": "any"}),
        json!({"policy": "quorum", "k": 1}),
    ];
    let count = if choices.racing { 4 } else { 2 };
    let join = policies.get(choices.below(count)).cloned();
    let mut value = json!({"step": "parallel", "steps": list(choices, depth), "on_error": on_error(choices), "join": join});
    if choices.one_in(3) {
        set(&mut value, "max_concurrency", (1 + choices.below(3)).into());
    }
    value
}

fn graph(choices: &mut Choices<'_>, depth: usize) -> Value {
    let count = 1 + choices.below(5);
    let mut names: Vec<String> = Vec::new();
    let mut nodes = Vec::new();
    for _ in 0..count {
        let mut node = step(choices, depth - 1);
        let mut needs: Vec<Value> = Vec::new();
        let mut any: Vec<Value> = Vec::new();
        for name in &names {
            match choices.below(4) {
                1 => needs.push(name.as_str().into()),
                2 if choices.racing => any.push(name.as_str().into()),
                _ => {}
            }
        }
        if !any.is_empty() {
            needs.push(json!({ "any": any }));
        }
        let name = choices.name();
        set(&mut node, "name", name.as_str().into());
        set(&mut node, "needs", needs.into());
        if choices.one_in(4) {
            set(&mut node, "when", condition(choices));
        }
        names.push(name);
        nodes.push(node);
    }
    json!({"step": "graph", "nodes": nodes, "on_error": choices.of(&["skip_dependents", "continue"])})
}

fn branch(choices: &mut Choices<'_>, depth: usize) -> Value {
    let arm = json!({"label": "x", "when": condition(choices), "then": step(choices, depth - 1)});
    let mut value = json!({"step": "branch", "arms": [arm]});
    if choices.one_in(2) {
        set(&mut value, "otherwise", step(choices, depth - 1));
    }
    value
}

fn map(choices: &mut Choices<'_>, depth: usize) -> Value {
    let mut value = json!({"step": "map", "over": "context.items", "max_items": 3, "body": step(choices, depth - 1)});
    if choices.one_in(2) {
        set(&mut value, "max_concurrency", (1 + choices.below(2)).into());
    }
    value
}

fn call(choices: &mut Choices<'_>, depth: usize) -> Value {
    json!({"step": "call", "inline": step(choices, depth - 1), "context_mapping": {"context.n": "m"}, "max_depth": 9})
}
