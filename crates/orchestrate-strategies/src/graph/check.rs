//! Static checks: a plan that passes executes. All problems are told at once, each with a stable code.

use std::collections::{BTreeMap, HashSet};

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::id::StepName;
use orchestrate_core::plan::{
    AgentStep, Collect, GraphNode, Join, PLAN_FORMAT, Plan, Step, StepKind,
};

use super::place::{At, Called, Needs};
use super::problem::PlanProblem;
use crate::catalog::Catalog;

/// Groups inside groups, at most.
pub const MAX_DEPTH: usize = 64;

/// What each code means and how to mend it; `orchestrate explain` shows it.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "ORC0601",
        "the plan has a format that this version does not read",
        "make the plan again with this version",
    ),
    (
        "ORC0602",
        "a step names an agent that the plan does not hold",
        "add the agent to the plan's `agents`, or correct the name",
    ),
    (
        "ORC0603",
        "an agent of the plan is not valid",
        "mend the field that is named",
    ),
    (
        "ORC0604",
        "a group has nothing inside",
        "give it a step, or remove it",
    ),
    (
        "ORC0605",
        "two steps of a group have one name, or a name has a meaning of its own",
        "rename one of them",
    ),
    (
        "ORC0606",
        "a reference names no step that has ended by then",
        "refer to an earlier step of this group or of a group around it",
    ),
    (
        "ORC0607",
        "a reference begins with something that is not known",
        "begin with `context.`, `steps.<name>`, `item` or `index`",
    ),
    (
        "ORC0608",
        "a step of a graph has no name, or needs one that is not there",
        "name it, or correct `needs`",
    ),
    (
        "ORC0609",
        "steps of a graph need each other in a circle",
        "remove one of the needs",
    ),
    (
        "ORC0610",
        "a bound is zero or cannot be met",
        "give it a value of 1 or more, and a quorum that is not above the number of steps",
    ),
    (
        "ORC0611",
        "no strategy of that name makes the output of a group, or its parameters are wrong",
        "use a name that `orchestrate strategies list` shows",
    ),
    (
        "ORC0612",
        "groups are nested too deeply",
        "put inner groups beside each other",
    ),
];

/// Names with a meaning of their own behind `steps.<group>.` or inside bodies.
const RESERVED: [&str; 8] = [
    "output",
    "outcome",
    "success",
    "confidence",
    "item",
    "index",
    "previous",
    "round",
];

/// Everything that is wrong with a plan; empty when it can run.
#[must_use]
pub fn check(plan: &Plan, catalog: &Catalog) -> Vec<PlanProblem> {
    let mut checker = Checker {
        plan,
        catalog,
        problems: Vec::new(),
    };
    if plan.format != PLAN_FORMAT {
        checker.report(
            "ORC0601",
            &At::Root,
            format!(
                "the format is `{}`, this version reads `{PLAN_FORMAT}`",
                plan.format
            ),
        );
    }
    for (id, agent) in &plan.agents {
        if let Err(error) = agent.template.validate() {
            checker.report("ORC0603", &At::Root, error.to_string());
        }
        if *id != agent.id {
            checker.report(
                "ORC0603",
                &At::Root,
                format!("agent `{}` stands under the id `{id}`", agent.id),
            );
        }
    }
    if plan.limits.concurrency == Some(0) {
        checker.report(
            "ORC0610",
            &At::Root,
            "`limits.concurrency` is 0: nothing could run".into(),
        );
    }
    checker.step(&plan.root, &At::Root, &mut Vec::new());
    checker.problems
}

struct Checker<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    problems: Vec<PlanProblem>,
}

/// A step that can be referred to: what stands inside it can be named behind it.
type Visible<'a> = BTreeMap<&'a str, Option<&'a Step>>;

impl<'a> Checker<'a> {
    fn report(&mut self, code: &'static str, at: &At<'_>, message: String) {
        self.problems.push(PlanProblem {
            code,
            step: at.path(),
            message,
        });
    }

    fn step(&mut self, step: &'a Step, at: &At<'_>, scopes: &mut Vec<Visible<'a>>) {
        if scopes.len() > MAX_DEPTH {
            return self.report(
                "ORC0612",
                at,
                format!("groups are nested more than {MAX_DEPTH} deep"),
            );
        }
        scopes.push(Visible::new());
        match &step.kind {
            StepKind::Agent(agent) => self.agent(agent, at, scopes),
            StepKind::Sequence { steps, collect, .. } => {
                self.group(steps.iter(), collect.as_ref(), at);
                for (position, child) in steps.iter().enumerate() {
                    self.step(child, &at.child(child, position), scopes);
                    if let (Some(name), Some(frame)) = (&child.name, scopes.last_mut()) {
                        frame.insert(name.as_str(), Some(child));
                    }
                }
            }
            StepKind::Parallel {
                steps,
                join,
                max_concurrency,
                collect,
                ..
            } => {
                self.group(steps.iter(), collect.as_ref(), at);
                self.bound("max_concurrency", *max_concurrency, at);
                self.join(*join, Some(steps.len()), at);
                self.each(steps.iter(), at, scopes);
            }
            StepKind::Graph { nodes, collect, .. } => {
                self.group(nodes.iter().map(|node| &node.step), collect.as_ref(), at);
                self.graph(nodes, at, scopes);
            }
            StepKind::Branch { arms, otherwise } => {
                self.group(
                    arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref()),
                    None,
                    at,
                );
                if arms.is_empty() && otherwise.is_some() {
                    self.report("ORC0604", at, "the branch has no arms".into());
                }
                for arm in arms {
                    self.condition(&arm.when, at, scopes);
                }
                self.each(
                    arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref()),
                    at,
                    scopes,
                );
            }
            StepKind::Loop { body, until, fuel } => {
                self.bound("fuel", Some(*fuel), at);
                self.body(body, at, scopes, &["previous", "index"]);
                if let Some(frame) = scopes.last_mut() {
                    frame.extend([("round", Some(&**body)), ("index", None)]);
                }
                self.condition(until, at, scopes);
            }
            StepKind::Map {
                over,
                body,
                max_items,
                max_concurrency,
                join,
            } => {
                self.bound("max_items", Some(*max_items), at);
                self.bound("max_concurrency", *max_concurrency, at);
                self.join(*join, None, at);
                self.reference(over, at, scopes);
                self.body(body, at, scopes, &["item", "index"]);
            }
        }
        scopes.pop();
    }

    fn agent(&mut self, step: &'a AgentStep, at: &At<'_>, scopes: &[Visible<'a>]) {
        if !self.plan.agents.contains_key(&step.agent) {
            let possible: Vec<_> = self
                .plan
                .agents
                .keys()
                .map(orchestrate_core::id::AgentId::as_str)
                .collect();
            self.report(
                "ORC0602",
                at,
                format!(
                    "unknown agent `{}` (possible: {})",
                    step.agent,
                    possible.join(", ")
                ),
            );
        }
        self.bound("retry.max_attempts", Some(step.retry.max_attempts), at);
        if step.timeout_ms == Some(0) {
            self.report(
                "ORC0610",
                at,
                "`timeout_ms` is 0: no attempt could end".into(),
            );
        }
        if let Some(toolbox) = &step.toolbox {
            self.bound("toolbox.max_steps", Some(toolbox.max_steps), at);
        }
        step.references(&mut |field| self.reference(field, at, scopes));
    }

    /// What holds for every group: something inside, names that differ, a strategy that exists.
    fn group(
        &mut self,
        children: impl Iterator<Item = &'a Step>,
        collect: Option<&Collect>,
        at: &At<'_>,
    ) {
        let mut names = HashSet::new();
        let mut count = 0usize;
        for child in children {
            count += 1;
            let Some(name) = &child.name else { continue };
            if !names.insert(name) {
                self.report("ORC0605", at, format!("two steps are called `{name}`"));
            }
            if RESERVED.contains(&name.as_str()) || name.as_str().contains('.') {
                self.report(
                    "ORC0605",
                    at,
                    format!(
                        "a step cannot be called `{name}`: the word has a meaning in references"
                    ),
                );
            }
        }
        if count == 0 {
            self.report("ORC0604", at, "the group has nothing inside".into());
        }
        if let Some(collect) = collect
            && let Err(error) = self
                .catalog
                .get_strategy(&collect.strategy, &collect.params)
        {
            self.report("ORC0611", at, error.to_string());
        }
    }

    fn each(
        &mut self,
        children: impl Iterator<Item = &'a Step>,
        at: &At<'_>,
        scopes: &mut Vec<Visible<'a>>,
    ) {
        for (position, child) in children.enumerate() {
            self.step(child, &at.child(child, position), scopes);
        }
    }

    fn body(
        &mut self,
        body: &'a Step,
        at: &At<'_>,
        scopes: &mut Vec<Visible<'a>>,
        locals: &[&'static str],
    ) {
        scopes.push(
            locals
                .iter()
                .map(|name| {
                    (
                        *name,
                        if *name == "previous" {
                            Some(body)
                        } else {
                            None
                        },
                    )
                })
                .collect(),
        );
        self.step(body, &At::Iteration(at), scopes);
        scopes.pop();
    }

    fn graph(&mut self, nodes: &'a [GraphNode], at: &At<'_>, scopes: &mut Vec<Visible<'a>>) {
        let needs = Needs::of(nodes);
        for (position, node) in nodes.iter().enumerate() {
            if node.step.name.is_none() {
                self.report(
                    "ORC0608",
                    at,
                    format!("the step at position {position} has no name"),
                );
            }
            // Every need that was found has a position; only if some was not are the names compared.
            if needs.direct(position).len() < node.needs.len() {
                let names: Vec<&StepName> = nodes
                    .iter()
                    .filter_map(|node| node.step.name.as_ref())
                    .collect();
                let possible: Vec<_> = names.iter().map(|name| name.as_str()).collect();
                for need in node.needs.iter().filter(|need| !names.contains(need)) {
                    let message = format!(
                        "it needs `{need}`, which is not there (possible: {})",
                        possible.join(", ")
                    );
                    self.report("ORC0608", &at.child(&node.step, position), message);
                }
            }
        }
        if needs.order.len() < nodes.len() {
            let stuck = nodes
                .iter()
                .enumerate()
                .filter(|(i, _)| !needs.order.contains(i));
            let names: Vec<_> = stuck
                .filter_map(|(_, node)| node.step.name.as_ref())
                .map(StepName::as_str)
                .collect();
            return self.report(
                "ORC0609",
                at,
                format!("these steps wait for each other: {}", names.join(", ")),
            );
        }
        for (position, node) in needs
            .order
            .iter()
            .filter_map(|i| Some((*i, nodes.get(*i)?)))
        {
            // Which steps have ended when this one starts: what it needs, and what that needs.
            let ended = needs.named_by(position, &node.step).into_iter();
            let ended = ended.filter_map(|i| nodes.get(i));
            scopes.push(
                ended
                    .filter_map(|node| Some((node.step.name.as_ref()?.as_str(), Some(&node.step))))
                    .collect(),
            );
            self.step(&node.step, &at.child(&node.step, position), scopes);
            scopes.pop();
        }
    }

    fn bound(&mut self, what: &str, value: Option<u32>, at: &At<'_>) {
        if value == Some(0) {
            self.report(
                "ORC0610",
                at,
                format!("`{what}` is 0, it must be at least 1"),
            );
        }
    }

    fn join(&mut self, join: Join, steps: Option<usize>, at: &At<'_>) {
        if let Join::Quorum { k } = join
            && (k == 0 || steps.is_some_and(|steps| k as usize > steps))
        {
            self.report(
                "ORC0610",
                at,
                format!(
                    "a quorum of {k} cannot be met by {} steps",
                    steps.map_or("these".to_owned(), |n| n.to_string())
                ),
            );
        }
    }

    fn condition(&mut self, condition: &Condition, at: &At<'_>, scopes: &[Visible<'a>]) {
        condition.fields(&mut |field| self.reference(field, at, scopes));
    }

    fn reference(&mut self, field: &Reference, at: &At<'_>, scopes: &[Visible<'a>]) {
        let known = |name: &str| {
            scopes
                .iter()
                .rev()
                .find_map(|frame| frame.get(name).copied())
        };
        let mut segments = field.segments();
        match segments.next() {
            Some("context") if segments.next().is_some() => {}
            Some(local @ ("item" | "index")) if known(local).is_some() => {}
            Some("steps") => {
                let name = segments.next().unwrap_or_default();
                match known(name) {
                    None => {
                        let possible: Vec<_> = scopes.iter().flat_map(|frame| frame.keys().copied()).filter(|name| !["item", "index"].contains(name)).collect();
                        let possible = if possible.is_empty() { "none has ended by then".to_owned() } else { format!("possible: {}", possible.join(", ")) };
                        self.report("ORC0606", at, format!("`{field}` names no earlier step ({possible})"));
                    }
                    Some(step) => self.inside(field, step, segments.next(), at),
                }
            }
            _ => self.report("ORC0607", at, format!("`{field}` begins with something that is not known here (possible: `context.<key>`, `steps.<name>`, and `item`, `index` inside bodies)")),
        }
    }

    /// What follows `steps.<name>.`: a property of the result, or a part of the group.
    fn inside(
        &mut self,
        field: &Reference,
        step: Option<&Step>,
        segment: Option<&str>,
        at: &At<'_>,
    ) {
        let Some(segment) = segment else { return };
        let children = step.map(Step::children).unwrap_or_default();
        let is_part = children
            .iter()
            .enumerate()
            .any(|(i, child)| Called::of(child.name.as_ref(), i).is(segment));
        if !is_part && !["output", "outcome", "success", "confidence"].contains(&segment) {
            self.report("ORC0606", at, format!("`{field}`: a result has `output`, `outcome`, `success` and `confidence`, not `{segment}`"));
        }
    }
}
