//! The canonical text of a plan, written step by step.
//!
//! It is the text of the whole plan as one JSON value, but that value is never built: for a plan of
//! many thousand steps it would take more memory and time than running them.

use serde::Serialize;
use serde_json::Value;

use super::{GraphNode, OnError, Plan, Step, StepKind};
use crate::canonical;

/// The same as [`canonical::to_string`] of the plan as a JSON value.
pub(super) fn canonical_text(plan: &Plan) -> Vec<u8> {
    let shell = Plan {
        root: Step::new(without_steps()),
        format: plan.format.clone(),
        task: plan.task.clone(),
        context: plan.context.clone(),
        agents: plan.agents.clone(),
        tools: plan.tools.clone(),
        definitions: plan.definitions.clone(),
        merge: plan.merge.clone(),
        limits: plan.limits,
    };
    let mut out = Vec::new();
    object(&mut out, &shell, |out, key| {
        let is_root = key == "root";
        if is_root {
            step(out, &plan.root);
        }
        is_root
    });
    out
}

fn step(out: &mut Vec<u8>, whole: &Step) {
    let (inside, kind) = match &whole.kind {
        StepKind::Sequence {
            steps,
            on_error,
            collect,
        } => {
            let kind = StepKind::Sequence {
                steps: Vec::new(),
                on_error: *on_error,
                collect: collect.clone(),
            };
            (steps, kind)
        }
        StepKind::Parallel {
            steps,
            join,
            max_concurrency,
            on_error,
            collect,
        } => {
            let kind = StepKind::Parallel {
                steps: Vec::new(),
                join: *join,
                max_concurrency: *max_concurrency,
                on_error: *on_error,
                collect: collect.clone(),
            };
            (steps, kind)
        }
        StepKind::Graph {
            nodes,
            on_error,
            collect,
        } => {
            let kind = StepKind::Graph {
                nodes: Vec::new(),
                on_error: *on_error,
                collect: collect.clone(),
            };
            let shell = shell(whole, kind);
            let node = |out: &mut Vec<u8>, node: &GraphNode| object(out, node, |_, _| false);
            return object(out, &shell, |out, key| {
                key == "nodes" && list(out, nodes, node)
            });
        }
        // The others hold few steps of their own.
        _ => return object(out, whole, |_, _| false),
    };
    object(out, &shell(whole, kind), |out, key| {
        key == "steps" && list(out, inside, step)
    });
}

fn shell(step: &Step, kind: StepKind) -> Step {
    Step {
        name: step.name.clone(),
        result_key: step.result_key.clone(),
        deadline_ms: step.deadline_ms,
        limits: step.limits.clone(),
        kind,
    }
}

fn without_steps() -> StepKind {
    StepKind::Sequence {
        steps: Vec::new(),
        on_error: OnError::Stop,
        collect: None,
    }
}

/// Writes a value; `instead` may write the value of a key of its own and then says so.
fn object(out: &mut Vec<u8>, value: &impl Serialize, instead: impl Fn(&mut Vec<u8>, &str) -> bool) {
    // What is in a plan can always be written: strings, numbers, lists and string-keyed maps.
    match serde_json::to_value(value).unwrap_or_default() {
        Value::Object(map) => canonical::write_object(out, &map, |out, key, value| {
            if !instead(out, key) {
                canonical::write(out, value);
            }
        }),
        other => canonical::write(out, &other),
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) -> bool {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AgentId, StepName};
    use crate::plan::Join;
    use crate::testing::agent;

    #[test]
    fn it_is_the_text_of_the_whole_plan() {
        let team = agent(&["a"]);
        let leaf = || Step::agent(AgentId::new("a").unwrap()).named(StepName::new("x").unwrap());
        let sequence = Step::new(StepKind::Sequence {
            steps: vec![leaf(), leaf()],
            on_error: OnError::Continue,
            collect: None,
        });
        let branch = Step::new(StepKind::Branch {
            arms: Vec::new(),
            otherwise: Some(Box::new(sequence.clone())),
        });
        let graph = Step::new(StepKind::Graph {
            nodes: vec![GraphNode::new(
                sequence.clone().named(StepName::new("n").unwrap()),
                [] as [StepName; 0],
            )],
            on_error: OnError::Stop,
            collect: None,
        });
        let parallel = Step::new(StepKind::Parallel {
            steps: vec![sequence, graph, branch],
            join: Join::Any,
            max_concurrency: Some(2),
            on_error: OnError::Stop,
            collect: None,
        })
        .named(StepName::new("root").unwrap());
        for root in [leaf(), parallel] {
            let plan = Plan::new("t", &team, root);
            let whole = canonical::to_string(&serde_json::to_value(&plan).unwrap());
            assert_eq!(String::from_utf8(canonical_text(&plan)).unwrap(), whole);
        }
    }
}
