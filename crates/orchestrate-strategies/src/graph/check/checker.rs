//! One step after the other, with the names that can be seen at each.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::plan::{
    APPROVE, AgentStep, ApproveStep, Definition, ExpandStep, Join, Merge, Start, Step, StepKind,
    ToolStep,
};
use orchestrate_core::team::Agent;
use orchestrate_core::tool::Effect;

use super::plan::MAX_DEPTH;
use crate::catalog::Catalog;
use crate::graph::place::At;
use crate::graph::problem::PlanProblem;

/// What a plan holds for its steps to name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) agents: &'a BTreeMap<AgentId, Arc<Agent>>,
    pub(super) tools: &'a BTreeMap<String, Effect>,
    pub(super) definitions: &'a BTreeMap<StepName, Definition>,
    pub(super) merge: &'a BTreeMap<StepName, Merge>,
    pub(super) catalog: &'a Catalog,
}

/// What can be seen from the steps of one group on.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    /// Steps that can be referred to: what stands inside them can be named behind them.
    pub(super) steps: BTreeMap<&'a str, Option<&'a Step>>,
    /// Keys that have been written.
    pub(super) keys: Vec<&'a str>,
}

/// The keys that a step and everything inside it writes.
pub(super) type Keys<'a> = Vec<&'a str>;

pub(super) struct Checker<'a> {
    pub(super) known: Known<'a>,
    pub(super) problems: Vec<PlanProblem>,
    pub(super) frames: Vec<Frame<'a>>,
    /// Groups around the place.
    pub(super) depth: usize,
}

impl<'a> Checker<'a> {
    pub(super) fn new(known: Known<'a>) -> Self {
        Self {
            known,
            problems: Vec::new(),
            frames: Vec::new(),
            depth: 0,
        }
    }

    pub(super) fn report(&mut self, code: &'static str, at: &At<'_>, message: String) {
        self.problems.push(PlanProblem {
            code,
            step: at.path(),
            message,
        });
    }

    /// Checks a step and what is inside. Gives the keys that are written there.
    pub(super) fn step(&mut self, step: &'a Step, at: &At<'_>) -> Keys<'a> {
        if self.depth > MAX_DEPTH {
            let message = format!("groups are nested more than {MAX_DEPTH} deep");
            self.report("ORC0612", at, message);
            return Keys::new();
        }
        if step.deadline_ms == Some(0) {
            let message = "`deadline_ms` is 0: nothing could end".into();
            self.report("ORC0610", at, message);
        }
        if let Some(limits) = step.limits.as_deref() {
            let zero = [
                ("wall_ms", limits.wall_ms == Some(0)),
                ("concurrency", limits.concurrency == Some(0)),
                ("max_width", limits.max_width == Some(0)),
            ];
            for (name, _) in zero.into_iter().filter(|(_, zero)| *zero) {
                let message = format!("`limits.{name}` is 0: nothing could run");
                self.report("ORC0610", at, message);
            }
        }
        self.depth += 1;
        self.frames.push(Frame::default());
        let mut keys = self.kind(step, at);
        self.frames.pop();
        self.depth -= 1;
        keys.extend(step.key());
        keys
    }

    fn kind(&mut self, step: &'a Step, at: &At<'_>) -> Keys<'a> {
        match &step.kind {
            StepKind::Agent(agent) => self.agent(agent, at),
            StepKind::Tool(tool) => self.tool(tool, at),
            StepKind::Approve(approve) => self.approve(approve, at),
            StepKind::Expand(expand) => self.expand(expand, at),
            StepKind::Call(call) => self.call(call, at),
            StepKind::Sequence { steps, collect, .. } => {
                self.group(steps.iter(), collect.as_ref(), at);
                return self.sequence(steps, at);
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
                return self.side_by_side(steps, at);
            }
            StepKind::Graph { nodes, collect, .. } => {
                self.group(nodes.iter().map(|node| &node.step), collect.as_ref(), at);
                return self.graph(nodes, at);
            }
            StepKind::Branch { arms, otherwise } => {
                return self.branch(arms, otherwise.as_deref(), at);
            }
            StepKind::Loop {
                body,
                until,
                fuel,
                start,
            } => {
                self.bound("fuel", Some(*fuel), at);
                if let Some(Start::From(field)) = start {
                    self.reference(field, at);
                }
                let keys = self.body(body, at, &["previous", "index"]);
                if let Some(frame) = self.frames.last_mut() {
                    frame
                        .steps
                        .extend([("round", Some(&**body)), ("index", None)]);
                    frame.keys.extend_from_slice(&keys);
                }
                self.condition(until, at);
                return keys;
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
                self.reference(over, at);
                let keys = self.body(body, at, &["item", "index"]);
                if *max_items > 1 {
                    let mut told = HashSet::new();
                    for key in keys.iter().filter(|key| told.insert(**key)) {
                        self.at_once(key, "the items of the map", at);
                    }
                }
                return keys;
            }
        }
        Keys::new()
    }

    fn agent(&mut self, step: &'a AgentStep, at: &At<'_>) {
        self.agent_name(&step.agent, at);
        self.attempts(step.retry.max_attempts, step.timeout_ms, at);
        if let Some(toolbox) = &step.toolbox {
            self.bound("toolbox.max_steps", Some(toolbox.max_steps), at);
        }
        step.references(&mut |field| self.reference(field, at));
    }

    fn tool(&mut self, step: &'a ToolStep, at: &At<'_>) {
        self.tool_name(&step.tool, at);
        self.attempts(step.retry.max_attempts, step.timeout_ms, at);
        for field in step.inputs.values() {
            self.reference(field, at);
        }
    }

    fn approve(&mut self, step: &'a ApproveStep, at: &At<'_>) {
        let mut wrong = |message: String| self.report("ORC0616", at, message);
        if step.question.trim().is_empty() {
            wrong("`question` is empty: a person could not know what is decided".into());
        }
        if step.decisions.is_empty() {
            wrong("`decisions` is empty: nothing could be decided".into());
        }
        let mut seen = HashSet::new();
        for decision in &step.decisions {
            if decision.trim().is_empty() {
                wrong("a decision has no name".into());
            } else if !seen.insert(decision) {
                wrong(format!("the decision `{decision}` stands twice"));
            }
        }
        if let Some(decision) = &step.on_timeout {
            if decision == APPROVE {
                wrong("`on_timeout` is `approve`: silence is no approval".into());
            } else if !step.decisions.contains(decision) {
                let possible = step.decisions.join(", ");
                wrong(format!(
                    "`on_timeout` is `{decision}`, which is no decision (possible: {possible})"
                ));
            }
            if step.timeout_ms.is_none() {
                wrong("`on_timeout` without a `timeout_ms` never comes to pass".into());
            }
        }
        self.timeout(step.timeout_ms, at);
        for field in step.show.values() {
            self.reference(field, at);
        }
    }

    fn expand(&mut self, step: &'a ExpandStep, at: &At<'_>) {
        self.bound("max_steps", Some(step.max_steps), at);
        self.bound("max_depth", Some(step.max_depth), at);
        for agent in &step.agents {
            if !step.workflows.contains_key(agent) {
                self.agent_name(agent, at);
            }
        }
        for call in step.workflows.values() {
            self.call(call, at);
        }
        for tool in &step.tools {
            self.tool_name(tool, at);
        }
        self.reference(&step.from, at);
        for field in step.inputs.values() {
            self.reference(field, at);
        }
        self.collect(step.collect.as_ref(), at);
    }

    fn agent_name(&mut self, agent: &AgentId, at: &At<'_>) {
        if !self.known.agents.contains_key(agent) {
            let possible: Vec<_> = self.known.agents.keys().map(AgentId::as_str).collect();
            let possible = possible.join(", ");
            let message = format!("unknown agent `{agent}` (possible: {possible})");
            self.report("ORC0602", at, message);
        }
    }

    fn tool_name(&mut self, tool: &str, at: &At<'_>) {
        if !self.known.tools.contains_key(tool) {
            let possible: Vec<_> = self.known.tools.keys().map(String::as_str).collect();
            let possible = if possible.is_empty() {
                "the plan admits none".to_owned()
            } else {
                format!("possible: {}", possible.join(", "))
            };
            let message = format!("the plan does not admit tool `{tool}` ({possible})");
            self.report("ORC0613", at, message);
        }
    }

    fn attempts(&mut self, attempts: u32, timeout_ms: Option<u64>, at: &At<'_>) {
        self.bound("retry.max_attempts", Some(attempts), at);
        self.timeout(timeout_ms, at);
    }

    fn timeout(&mut self, timeout_ms: Option<u64>, at: &At<'_>) {
        if timeout_ms == Some(0) {
            let message = "`timeout_ms` is 0: no attempt could end".into();
            self.report("ORC0610", at, message);
        }
    }

    pub(super) fn bound(&mut self, what: &str, value: Option<u32>, at: &At<'_>) {
        if value == Some(0) {
            let message = format!("`{what}` is 0, it must be at least 1");
            self.report("ORC0610", at, message);
        }
    }

    fn join(&mut self, join: Join, steps: Option<usize>, at: &At<'_>) {
        if let Join::Quorum { k } = join
            && (k == 0 || steps.is_some_and(|steps| k as usize > steps))
        {
            let steps = steps.map_or("these".to_owned(), |n| n.to_string());
            let message = format!("a quorum of {k} cannot be met by {steps} steps");
            self.report("ORC0610", at, message);
        }
    }
}
