//! For the tests of strategies: a compact text of a step, made-up parts, and a check of references.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::limits::Usage;
use orchestrate_core::outcome::{FailureClass, Outcome, SkipReason};
use orchestrate_core::plan::{Step, StepKind};
use orchestrate_core::strategy::{Aggregate, Part};
use orchestrate_core::task::Context;
use serde_json::{Value, json};

/// Parameters or a context from a JSON object.
pub(crate) fn object(value: Value) -> Context {
    match value {
        Value::Object(map) => map,
        other => panic!("no object: {other}"),
    }
}

/// The step as a tree, one line per step, without instructions and retries.
pub(crate) fn tree(step: &Step) -> String {
    let mut out = String::new();
    write(&mut out, step, 0);
    out
}

fn write(out: &mut String, step: &Step, depth: usize) {
    let name = step.name.as_ref().map_or("", |name| name.as_str());
    let _ = write!(out, "{:indent$}{name}: ", "", indent = depth * 2);
    let collected = |collect: &Option<orchestrate_core::plan::Collect>| {
        collect.as_ref().map_or(String::new(), |collect| {
            format!(
                " -> {} {}",
                collect.strategy,
                Value::Object(collect.params.clone())
            )
        })
    };
    match &step.kind {
        StepKind::Agent(work) => {
            let _ = write!(out, "agent {}", work.agent);
            for (name, reference) in &work.inputs {
                let _ = write!(out, " {name}={reference}");
            }
        }
        StepKind::Sequence {
            on_error, collect, ..
        } => {
            let _ = write!(out, "sequence {}{}", word(on_error), collected(collect));
        }
        StepKind::Parallel {
            join,
            max_concurrency,
            on_error,
            collect,
            ..
        } => {
            let width = max_concurrency.map_or(String::new(), |width| format!(" width {width}"));
            let _ = write!(
                out,
                "parallel {} {}{width}{}",
                word(join),
                word(on_error),
                collected(collect)
            );
        }
        StepKind::Branch { arms, otherwise } => {
            out.push_str("branch\n");
            for arm in arms {
                let _ = writeln!(
                    out,
                    "{:indent$}{} when {}",
                    "",
                    arm.label,
                    arm.when,
                    indent = depth * 2 + 2
                );
                write(out, &arm.then, depth + 2);
            }
            if let Some(step) = otherwise {
                let _ = writeln!(out, "{:indent$}otherwise", "", indent = depth * 2 + 2);
                write(out, step, depth + 2);
            }
            return;
        }
        other => {
            let _ = write!(out, "{}", word(other));
        }
    }
    out.push('\n');
    for child in step.children() {
        write(out, child, depth + 1);
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap().replace('"', "")
}

/// Fails on a reference to a step that is no earlier sibling here or further out, and on siblings of one name.
pub(crate) fn assert_references_resolve(step: &Step) {
    visit(step, &mut Vec::new());
}

fn visit(step: &Step, earlier: &mut Vec<HashSet<String>>) {
    let read = |reference: &Reference, earlier: &[HashSet<String>]| {
        if let Some(name) = reference.step() {
            assert!(
                earlier.iter().any(|names| names.contains(name)),
                "`{reference}` names no earlier step"
            );
            let after = reference.segments().nth(2);
            assert!(
                matches!(after, Some("output" | "outcome" | "success" | "confidence")),
                "{reference}"
            );
        }
    };
    let ordered = matches!(step.kind, StepKind::Sequence { .. });
    match &step.kind {
        StepKind::Agent(work) => work
            .inputs
            .values()
            .for_each(|reference| read(reference, earlier)),
        StepKind::Branch { arms, .. } => {
            for arm in arms {
                arm.when.fields(&mut |field| read(field, earlier));
            }
        }
        _ => {}
    }
    earlier.push(HashSet::new());
    let mut names = HashSet::new();
    for child in step.children() {
        visit(child, earlier);
        if let Some(name) = &child.name {
            assert!(
                names.insert(name.clone()),
                "two siblings are called `{name}`"
            );
            if ordered {
                earlier.last_mut().unwrap().insert(name.to_string());
            }
        }
    }
    earlier.pop();
}

/// A part of one agent that succeeded.
pub(crate) fn good(agent: &str, output: Value, confidence: f64) -> Part {
    Part {
        name: agent.to_owned(),
        agent: AgentId::new(agent).ok(),
        outcome: Outcome::Succeeded,
        output: Arc::new(output),
        confidence,
        usage: Usage::default(),
        worked_us: 0,
        parts: Vec::new(),
    }
}

/// A part of one agent that failed in a class and gave nothing.
pub(crate) fn bad(agent: &str, class: FailureClass) -> Part {
    Part {
        outcome: Outcome::failed(class, format!("{agent} broke")),
        ..good(agent, Value::Null, 0.0)
    }
}

/// A part that was not needed.
pub(crate) fn not_taken(name: &str) -> Part {
    Part {
        outcome: Outcome::Skipped {
            reason: SkipReason::NotTaken,
        },
        ..good(name, Value::Null, 0.0)
    }
}

/// A part that was not run because `step` failed.
pub(crate) fn dependent(name: &str, step: &str) -> Part {
    Part {
        outcome: Outcome::Skipped {
            reason: SkipReason::Dependency {
                step: StepPath::root().child(&step),
            },
        },
        ..good(name, Value::Null, 0.0)
    }
}

/// A group of parts.
pub(crate) fn group(name: &str, outcome: Outcome, parts: Vec<Part>) -> Part {
    Part {
        agent: None,
        outcome,
        parts,
        ..good(name, Value::Null, 0.0)
    }
}

/// The part under another name.
pub(crate) fn called(name: &str, part: Part) -> Part {
    Part {
        name: name.to_owned(),
        ..part
    }
}

/// A branch that took one of its ways.
pub(crate) fn branch(name: &str, parts: Vec<Part>) -> Part {
    let taken = parts
        .iter()
        .find(|part| part.outcome != not_taken("").outcome)
        .cloned();
    match taken {
        Some(taken) => Part {
            name: name.to_owned(),
            parts,
            ..taken
        },
        None => group(name, not_taken("").outcome, parts),
    }
}

/// An aggregate in text: outcome, confidence, then one field per line.
pub(crate) fn text(aggregate: &Aggregate) -> String {
    let outcome = match &aggregate.outcome {
        Outcome::Succeeded => "succeeded".to_owned(),
        other => format!("{}: {}", other.word(), other.error().unwrap_or_default()),
    };
    let mut out = format!("{outcome} ({:.2})\n", aggregate.confidence);
    for (key, value) in &object(aggregate.output.clone()) {
        let _ = writeln!(out, "{key} = {value}");
    }
    out
}

/// A failure as a group's generic policy would say it.
pub(crate) fn generic_failure() -> Outcome {
    Outcome::failed(FailureClass::Policy, "not all parts succeeded")
}

/// An opinion in the form that agents give it.
pub(crate) fn verdict(word: &str) -> Value {
    json!({ "verdict": word })
}
