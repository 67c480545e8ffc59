//! What an agent answered and what is to run now, checked where it runs and against what was allotted to it.

use std::collections::BTreeMap;

use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::plan::{ExpandStep, Step, StepKind};

use super::call::size_of;
use super::checker::{Checker, Frame, Known};
use super::tools::each;
use crate::graph::bounds::Estimate;
use crate::graph::node::{Names, World};
use crate::graph::place::At;
use crate::graph::problem::PlanProblem;

/// What an expansion may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allotted<'a> {
    /// The step that expands.
    pub(crate) step: &'a ExpandStep,
    /// Work steps that are left.
    pub(crate) steps: u32,
    /// Whether the fragment was made of a list of sub-tasks: then it takes no more than was counted,
    /// and an agent that is unknown or not allowed is a failure of its sub-task alone.
    pub(crate) is_list: bool,
}

impl Allotted<'_> {
    pub(crate) fn admits_agent(&self, agent: &AgentId) -> bool {
        self.step.agents.is_empty() || self.step.agents.contains(agent)
    }
}

/// Everything that is wrong with a fragment. Sees the names and keys that its place sees.
pub(crate) fn check_fragment(
    world: &World,
    fragment: &Step,
    path: &StepPath,
    names: &Names,
    keys: &[&str],
    allotted: Allotted<'_>,
) -> Vec<PlanProblem> {
    let known = Known {
        agents: &world.agents,
        tools: &world.tools,
        definitions: &world.definitions,
        merge: &world.merge,
        catalog: &world.catalog,
    };
    let mut checker = Checker::new(known);
    checker.depth = path.as_str().split('/').count();
    checker.frames.push(Frame {
        steps: names.keys().map(|name| (name.as_str(), None)).collect(),
        keys: keys.to_vec(),
    });
    let at = At::Path(path);
    checker.step(fragment, &at);
    size_of(&mut checker, fragment, &at);
    if allotted.is_list {
        checker.problems.retain(|problem| problem.code != "ORC0602");
    } else if checker.problems.is_empty() {
        let mut use_of = UseOf {
            world,
            allotted,
            inside_call: false,
            checker: &mut checker,
            seen: BTreeMap::new(),
        };
        use_of.step(fragment, &at);
        limits(&mut checker, world, fragment, allotted, &at);
    }
    checker.problems
}

/// What is taken is never more than what the bounds of the plan had counted for it.
fn limits(
    checker: &mut Checker<'_>,
    world: &World,
    fragment: &Step,
    allotted: Allotted<'_>,
    at: &At<'_>,
) {
    let estimate = Estimate::new(&world.agents, &world.tools, &world.definitions);
    let needed = estimate.of(fragment);
    if needed.work_steps > u64::from(allotted.steps) {
        let message = format!(
            "it comes to {} work steps, {} are left of those that were allotted",
            needed.work_steps, allotted.steps
        );
        return checker.report("ORC0626", at, message);
    }
    let step = ExpandStep {
        max_steps: allotted.steps,
        ..allotted.step.clone()
    };
    let most = estimate.of_expand(&step);
    let compared = [
        ("attempts", needed.calls.most, most.calls.most),
        ("tokens", needed.tokens.most, most.tokens.most),
        ("millionths of cost", needed.cost.most, most.cost.most),
        ("milliseconds", needed.time.most, most.time.most),
    ];
    for (what, needed, most) in compared {
        if needed > most {
            let message = format!("it can take {needed} {what}, {most} were allotted");
            checker.report("ORC0626", at, message);
        }
    }
}

/// Looks for agents, tools and keys that may not be used, in called definitions too.
struct UseOf<'a, 'b, 'c> {
    world: &'a World,
    allotted: Allotted<'c>,
    inside_call: bool,
    checker: &'b mut Checker<'a>,
    seen: BTreeMap<&'a str, ()>,
}

impl<'a> UseOf<'a, '_, '_> {
    fn step(&mut self, step: &'a Step, at: &At<'_>) {
        let mut calls = Vec::new();
        each(step, at, &mut |step, at| {
            let step_allotted = self.allotted.step;
            let wrong = match &step.kind {
                StepKind::Agent(agent) if !self.allotted.admits_agent(&agent.agent) => {
                    Some(format!("agent `{}` may not be used here", agent.agent))
                }
                StepKind::Tool(tool) if !step_allotted.tools.contains(&tool.tool) => {
                    Some(format!("tool `{}` may not be used here", tool.tool))
                }
                StepKind::Expand(inner) if inner.max_depth >= step_allotted.max_depth => {
                    let left = step_allotted.max_depth.saturating_sub(1);
                    let message = format!(
                        "it expands {} deep, {left} are left of what was allotted",
                        inner.max_depth
                    );
                    self.checker.report("ORC0626", at, message);
                    None
                }
                StepKind::Expand(inner) => {
                    calls.extend(
                        inner
                            .workflows
                            .values()
                            .filter_map(|call| call.definition.as_ref()),
                    );
                    let agents = inner.agents.iter();
                    let mut agents = agents.filter(|agent| {
                        !self.allotted.admits_agent(agent) && !inner.workflows.contains_key(*agent)
                    });
                    let all = inner.agents.is_empty() && !step_allotted.agents.is_empty();
                    let mut tools = inner.tools.iter();
                    let tool = tools.find(|tool| !step_allotted.tools.contains(tool));
                    if all {
                        Some("all agents may not be used here".to_owned())
                    } else if let Some(agent) = agents.next() {
                        Some(format!("agent `{agent}` may not be used here"))
                    } else {
                        tool.map(|tool| format!("tool `{tool}` may not be used here"))
                    }
                }
                StepKind::Call(call) => {
                    calls.extend(&call.definition);
                    None
                }
                _ => None,
            };
            if let Some(message) = wrong {
                self.checker.report("ORC0625", at, message);
            }
            let key = step.key().filter(|_| !self.inside_call);
            if let Some(key) = key.filter(|key| !self.world.merge.contains_key(*key)) {
                let message = format!(
                    "it writes `{key}`, which others may write at the same time: the plan has no rule for it"
                );
                self.checker.report("ORC0625", at, message);
            }
        });
        for name in calls {
            if let Some((name, definition)) = self.world.definitions.get_key_value(name)
                && self.seen.insert(name.as_str(), ()).is_none()
            {
                let outside = std::mem::replace(&mut self.inside_call, true);
                let path = StepPath::root().child(name);
                self.step(&definition.root, &At::Path(&path));
                self.inside_call = outside;
            }
        }
    }
}
