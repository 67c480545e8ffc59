//! Static checks: a plan that passes executes. All problems are told at once, each with a stable code.

use std::collections::{BTreeMap, HashMap, HashSet};

use orchestrate_core::condition::{Condition, Reference};
use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{
    AgentStep, Collect, GraphNode, Join, PLAN_FORMAT, Plan, Step, StepKind,
};

use super::compile::{in_dependency_order, place};
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
            &StepPath::root(),
            format!(
                "the format is `{}`, this version reads `{PLAN_FORMAT}`",
                plan.format
            ),
        );
    }
    for (id, agent) in &plan.agents {
        if let Err(error) = agent.template.validate() {
            checker.report("ORC0603", &StepPath::root(), error.to_string());
        }
        if *id != agent.id {
            checker.report(
                "ORC0603",
                &StepPath::root(),
                format!("agent `{}` stands under the id `{id}`", agent.id),
            );
        }
    }
    if plan.limits.concurrency == Some(0) {
        checker.report(
            "ORC0610",
            &StepPath::root(),
            "`limits.concurrency` is 0: nothing could run".into(),
        );
    }
    checker.step(&plan.root, &StepPath::root(), &mut Vec::new());
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
    fn report(&mut self, code: &'static str, step: &StepPath, message: String) {
        self.problems.push(PlanProblem {
            code,
            step: step.clone(),
            message,
        });
    }

    fn step(&mut self, step: &'a Step, path: &StepPath, scopes: &mut Vec<Visible<'a>>) {
        if scopes.len() > MAX_DEPTH {
            return self.report(
                "ORC0612",
                path,
                format!("groups are nested more than {MAX_DEPTH} deep"),
            );
        }
        scopes.push(Visible::new());
        match &step.kind {
            StepKind::Agent(agent) => self.agent(agent, path, scopes),
            StepKind::Sequence { steps, collect, .. } => {
                self.group(steps.iter(), collect.as_ref(), path);
                for (position, child) in steps.iter().enumerate() {
                    self.step(child, &place(child, position, path).1, scopes);
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
                self.group(steps.iter(), collect.as_ref(), path);
                self.bound("max_concurrency", *max_concurrency, path);
                self.join(*join, Some(steps.len()), path);
                self.each(steps.iter(), path, scopes);
            }
            StepKind::Graph { nodes, collect, .. } => {
                self.group(nodes.iter().map(|node| &node.step), collect.as_ref(), path);
                self.graph(nodes, path, scopes);
            }
            StepKind::Branch { arms, otherwise } => {
                self.group(
                    arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref()),
                    None,
                    path,
                );
                if arms.is_empty() && otherwise.is_some() {
                    self.report("ORC0604", path, "the branch has no arms".into());
                }
                for arm in arms {
                    self.condition(&arm.when, path, scopes);
                }
                self.each(
                    arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref()),
                    path,
                    scopes,
                );
            }
            StepKind::Loop { body, until, fuel } => {
                self.bound("fuel", Some(*fuel), path);
                self.body(body, path, scopes, &["previous", "index"]);
                if let Some(frame) = scopes.last_mut() {
                    frame.extend([("round", Some(&**body)), ("index", None)]);
                }
                self.condition(until, path, scopes);
            }
            StepKind::Map {
                over,
                body,
                max_items,
                max_concurrency,
                join,
            } => {
                self.bound("max_items", Some(*max_items), path);
                self.bound("max_concurrency", *max_concurrency, path);
                self.join(*join, None, path);
                self.reference(over, path, scopes);
                self.body(body, path, scopes, &["item", "index"]);
            }
        }
        scopes.pop();
    }

    fn agent(&mut self, step: &'a AgentStep, path: &StepPath, scopes: &[Visible<'a>]) {
        if !self.plan.agents.contains_key(&step.agent) {
            let possible: Vec<_> = self
                .plan
                .agents
                .keys()
                .map(orchestrate_core::id::AgentId::as_str)
                .collect();
            self.report(
                "ORC0602",
                path,
                format!(
                    "unknown agent `{}` (possible: {})",
                    step.agent,
                    possible.join(", ")
                ),
            );
        }
        self.bound("retry.max_attempts", Some(step.retry.max_attempts), path);
        if step.timeout_ms == Some(0) {
            self.report(
                "ORC0610",
                path,
                "`timeout_ms` is 0: no attempt could end".into(),
            );
        }
        for field in step.inputs.values() {
            self.reference(field, path, scopes);
        }
    }

    /// What holds for every group: something inside, names that differ, a strategy that exists.
    fn group(
        &mut self,
        children: impl Iterator<Item = &'a Step>,
        collect: Option<&Collect>,
        path: &StepPath,
    ) {
        let mut names = HashSet::new();
        let mut count = 0usize;
        for child in children {
            count += 1;
            let Some(name) = &child.name else { continue };
            if !names.insert(name) {
                self.report("ORC0605", path, format!("two steps are called `{name}`"));
            }
            if RESERVED.contains(&name.as_str()) || name.as_str().contains('.') {
                self.report(
                    "ORC0605",
                    path,
                    format!(
                        "a step cannot be called `{name}`: the word has a meaning in references"
                    ),
                );
            }
        }
        if count == 0 {
            self.report("ORC0604", path, "the group has nothing inside".into());
        }
        if let Some(collect) = collect
            && let Err(error) = self.catalog.get(&collect.strategy, &collect.params)
        {
            self.report("ORC0611", path, error.to_string());
        }
    }

    fn each(
        &mut self,
        children: impl Iterator<Item = &'a Step>,
        path: &StepPath,
        scopes: &mut Vec<Visible<'a>>,
    ) {
        for (position, child) in children.enumerate() {
            self.step(child, &place(child, position, path).1, scopes);
        }
    }

    fn body(
        &mut self,
        body: &'a Step,
        path: &StepPath,
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
        self.step(body, &path.iteration(0), scopes);
        scopes.pop();
    }

    fn graph(&mut self, nodes: &'a [GraphNode], path: &StepPath, scopes: &mut Vec<Visible<'a>>) {
        let by_name: HashMap<&StepName, &GraphNode> = nodes
            .iter()
            .filter_map(|node| Some((node.step.name.as_ref()?, node)))
            .collect();
        for (position, node) in nodes.iter().enumerate() {
            if node.step.name.is_none() {
                self.report(
                    "ORC0608",
                    path,
                    format!("the step at position {position} has no name"),
                );
            }
            for need in node.needs.iter().filter(|need| !by_name.contains_key(need)) {
                let possible: Vec<_> = nodes
                    .iter()
                    .filter_map(|node| node.step.name.as_ref())
                    .map(StepName::as_str)
                    .collect();
                self.report(
                    "ORC0608",
                    &place(&node.step, position, path).1,
                    format!(
                        "it needs `{need}`, which is not there (possible: {})",
                        possible.join(", ")
                    ),
                );
            }
        }
        let order = in_dependency_order(nodes);
        if order.len() < nodes.len() {
            let stuck = nodes
                .iter()
                .enumerate()
                .filter(|(i, _)| !order.contains(i))
                .filter_map(|(_, node)| node.step.name.as_ref());
            let names: Vec<_> = stuck.map(StepName::as_str).collect();
            return self.report(
                "ORC0609",
                path,
                format!("these steps wait for each other: {}", names.join(", ")),
            );
        }
        // Which steps have ended when a step starts: what it needs, and what that needs.
        let mut before: HashMap<&StepName, HashSet<&StepName>> = HashMap::new();
        let reads = nodes.iter().any(
            |node| !matches!(&node.step.kind, StepKind::Agent(agent) if agent.inputs.is_empty()),
        );
        for position in order {
            let Some(node) = nodes.get(position) else {
                continue;
            };
            let mut ended: HashSet<&StepName> = HashSet::new();
            for need in node.needs.iter().filter(|_| reads) {
                ended.extend(before.get(need).into_iter().flatten());
                ended.insert(need);
            }
            scopes.push(
                ended
                    .iter()
                    .filter_map(|name| Some((name.as_str(), Some(&by_name.get(*name)?.step))))
                    .collect(),
            );
            self.step(&node.step, &place(&node.step, position, path).1, scopes);
            scopes.pop();
            if let Some(name) = node.step.name.as_ref().filter(|_| reads) {
                before.insert(name, ended);
            }
        }
    }

    fn bound(&mut self, what: &str, value: Option<u32>, path: &StepPath) {
        if value == Some(0) {
            self.report(
                "ORC0610",
                path,
                format!("`{what}` is 0, it must be at least 1"),
            );
        }
    }

    fn join(&mut self, join: Join, steps: Option<usize>, path: &StepPath) {
        if let Join::Quorum { k } = join
            && (k == 0 || steps.is_some_and(|steps| k as usize > steps))
        {
            self.report(
                "ORC0610",
                path,
                format!(
                    "a quorum of {k} cannot be met by {} steps",
                    steps.map_or("these".to_owned(), |n| n.to_string())
                ),
            );
        }
    }

    fn condition(&mut self, condition: &Condition, path: &StepPath, scopes: &[Visible<'a>]) {
        condition.fields(&mut |field| self.reference(field, path, scopes));
    }

    fn reference(&mut self, field: &Reference, path: &StepPath, scopes: &[Visible<'a>]) {
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
                        self.report("ORC0606", path, format!("`{field}` names no earlier step ({possible})"));
                    }
                    Some(step) => self.inside(field, step, segments.next(), path),
                }
            }
            _ => self.report("ORC0607", path, format!("`{field}` begins with something that is not known here (possible: `context.<key>`, `steps.<name>`, and `item`, `index` inside bodies)")),
        }
    }

    /// What follows `steps.<name>.`: a property of the result, or a part of the group.
    fn inside(
        &mut self,
        field: &Reference,
        step: Option<&Step>,
        segment: Option<&str>,
        path: &StepPath,
    ) {
        let Some(segment) = segment else { return };
        let children = step.map(Step::children).unwrap_or_default();
        let is_part = children
            .iter()
            .enumerate()
            .any(|(i, child)| &*place(child, i, path).0 == segment);
        if !is_part && !["output", "outcome", "success", "confidence"].contains(&segment) {
            self.report("ORC0606", path, format!("`{field}`: a result has `output`, `outcome`, `success` and `confidence`, not `{segment}`"));
        }
    }
}
