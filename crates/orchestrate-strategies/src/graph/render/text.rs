//! A plan as an indented tree.

use orchestrate_core::id::StepPath;
use orchestrate_core::limits::Limits;
use orchestrate_core::plan::{GraphNode, Join, OnError, Plan, Step, StepKind};

use crate::graph::place::Called;

pub(super) fn render(plan: &Plan) -> String {
    let mut out = String::new();
    add(&mut out, plan, &plan.root, "", "", "");
    for (name, definition) in &plan.definitions {
        let label = format!("definition {name}: ");
        add(&mut out, plan, &definition.root, "", "", &label);
    }
    out
}

/// One line for the step, then its children. `first` opens the line, `rest` the lines below it.
fn add(out: &mut String, plan: &Plan, step: &Step, first: &str, rest: &str, label: &str) {
    let name = step
        .name
        .as_ref()
        .map(|name| format!("{name}: "))
        .unwrap_or_default();
    out.push_str(&format!("{first}{label}{name}{}\n", describe(plan, step)));
    let children = children(step);
    let last = children.len().saturating_sub(1);
    for (i, (label, child)) in children.into_iter().enumerate() {
        let (branch, below) = if i == last {
            ("`- ", "   ")
        } else {
            ("|- ", "|  ")
        };
        add(
            out,
            plan,
            child,
            &format!("{rest}{branch}"),
            &format!("{rest}{below}"),
            &label,
        );
    }
}

fn children(step: &Step) -> Vec<(String, &Step)> {
    match &step.kind {
        StepKind::Branch { arms, otherwise } => {
            let arms = arms
                .iter()
                .map(|arm| (format!("[{}: {}] ", arm.label, arm.when), &arm.then));
            arms.chain(
                otherwise
                    .as_deref()
                    .map(|step| ("[otherwise] ".to_owned(), step)),
            )
            .collect()
        }
        StepKind::Graph { nodes, .. } => {
            let label = |node: &GraphNode| {
                let needs: Vec<_> = node.needs.iter().map(ToString::to_string).collect();
                let after = (!needs.is_empty()).then(|| format!("after {}", needs.join(", ")));
                let when = node.when.as_ref().map(|when| format!("if {when}"));
                let label: Vec<_> = after.into_iter().chain(when).collect();
                if label.is_empty() {
                    String::new()
                } else {
                    format!("[{}] ", label.join(", "))
                }
            };
            nodes.iter().map(|node| (label(node), &node.step)).collect()
        }
        StepKind::Expand(expand) => {
            let calls = expand.workflows.iter();
            let inline = calls.filter_map(|(name, call)| {
                Some((format!("[for {name}] "), call.inline.as_deref()?))
            });
            inline.collect()
        }
        _ => step
            .children()
            .into_iter()
            .map(|step| (String::new(), step))
            .collect(),
    }
}

/// What a step does, in a few words.
fn describe(plan: &Plan, step: &Step) -> String {
    let mut text = describe_kind(plan, step);
    if let Some(ms) = step.longest_ms() {
        text.push_str(&format!(", within {ms} ms"));
    }
    if let Some(limits) = &step.limits {
        text.push_str(&limited(limits));
    }
    if let Some(key) = &step.result_key {
        text.push_str(&format!(", as `{key}`"));
    }
    text
}

fn describe_kind(plan: &Plan, step: &Step) -> String {
    let on_error = |on_error: OnError| match on_error {
        OnError::Stop => ", stops at a failure",
        OnError::Continue => ", goes on after a failure",
        OnError::SkipDependents => "",
    };
    let width = |width: Option<u32>| {
        width
            .map(|width| format!(", {width} at a time"))
            .unwrap_or_default()
    };
    let join = |join: Join| match join {
        Join::All => String::new(),
        Join::Any => ", until one succeeds".to_owned(),
        Join::Quorum { k } => format!(", until {k} succeed"),
        Join::Best => ", the best counts".to_owned(),
    };
    let by = |collect: &Option<orchestrate_core::plan::Collect>| {
        collect
            .as_ref()
            .filter(|collect| collect.strategy != "parallel")
            .map(|collect| format!("{} as ", collect.strategy))
            .unwrap_or_default()
    };
    match &step.kind {
        StepKind::Agent(agent) => {
            let tier = plan
                .agents
                .get(&agent.agent)
                .map(|agent| format!(" ({})", agent.tier))
                .unwrap_or_default();
            format!("agent {}{tier}", agent.agent)
        }
        StepKind::Sequence {
            on_error: rule,
            collect,
            ..
        } => format!("{}sequence{}", by(collect), on_error(*rule)),
        StepKind::Parallel {
            join: policy,
            max_concurrency,
            on_error: rule,
            collect,
            ..
        } => {
            let stops = if *rule == OnError::Stop {
                on_error(*rule)
            } else {
                ""
            };
            format!(
                "{}parallel{}{}{stops}",
                by(collect),
                width(*max_concurrency),
                join(*policy)
            )
        }
        StepKind::Graph {
            on_error: rule,
            collect,
            ..
        } => format!("{}graph{}", by(collect), on_error(*rule)),
        StepKind::Branch { .. } => "first way that holds".to_owned(),
        StepKind::Tool(tool) => format!("tool {}{}", tool.tool, effect(plan, &tool.tool)),
        StepKind::Approve(approve) => format!(
            "ask \"{}\" ({})",
            first_line(&approve.question),
            approve.decisions.join(", ")
        ),
        StepKind::Expand(expand) => {
            let deep = if expand.max_depth > 1 {
                format!(", {} deep", expand.max_depth)
            } else {
                String::new()
            };
            format!(
                "run what {} says, at most {} steps{deep}",
                expand.from, expand.max_steps
            )
        }
        StepKind::Call(call) => match &call.definition {
            Some(name) => format!("call {name}"),
            None => "call".to_owned(),
        },
        StepKind::Loop { until, fuel, .. } => format!("repeat until {until}, at most {fuel} times"),
        StepKind::Map {
            over,
            max_items,
            max_concurrency,
            join: policy,
            ..
        } => {
            format!(
                "for each of {over}, at most {max_items}{}{}",
                width(*max_concurrency),
                join(*policy)
            )
        }
    }
}

/// Limits of a step in a few words, those of time told apart.
fn limited(limits: &Limits) -> String {
    let parts = [
        limits.calls.map(|it| format!("{it} calls")),
        limits.tokens.map(|it| format!("{it} tokens")),
        limits.cost.map(|it| format!("cost {it}")),
        limits
            .concurrency
            .map(|it| format!("{it} at the same time")),
        limits.max_depth.map(|it| format!("depth {it}")),
        limits.max_width.map(|it| format!("width {it}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(", at most {}", parts.join(", "))
    }
}

/// What a call of a tool may change, as far as the plan says so.
pub(super) fn effect(plan: &Plan, tool: &str) -> String {
    plan.tools
        .get(tool)
        .map(|effect| format!(" ({effect})"))
        .unwrap_or_default()
}

/// The beginning of a text that may be long.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 60 {
        line.to_owned()
    } else {
        line.chars().take(59).chain(['…']).collect()
    }
}

/// The label of a step in a picture: its name, or its path when it has none.
pub(super) fn title(step: &Step, path: &StepPath) -> String {
    match (&step.name, &step.kind) {
        (Some(name), _) => name.to_string(),
        (None, StepKind::Agent(agent)) => agent.agent.to_string(),
        (None, StepKind::Tool(tool)) => tool.tool.clone(),
        (None, _) => path.to_string(),
    }
}

/// The path of a child, as the graph has it.
pub(super) fn child_path(step: &Step, position: usize, parent: &StepPath) -> StepPath {
    parent.child(&Called::of(step.name.as_ref(), position))
}
