//! Expansions: what an agent answered becomes part of the graph, once it has passed the check.

use std::collections::BTreeMap;
use std::sync::Arc;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, StepName};
use orchestrate_core::outcome::{Census, FailureClass, LimitKind, Outcome, SkipReason};
use orchestrate_core::plan::{
    AgentStep, ExpandStep, GraphNode, Need, OnError, Step, StepKind, SubTask,
};
use orchestrate_core::strategy::Part;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Effect, Walk};
use crate::graph::check::{Allotted, check_fragment};
use crate::graph::node::{Child, Edge, ExpandSpec, Group, GroupKind, NodeId, Surroundings};
use crate::graph::problem::{PlanProblem, PlanProblems};
use crate::graph::read::{not_a_step, read_step};

/// The key under which a list of sub-tasks is looked for, and the name of what is run for it.
const SUB_TASKS: &str = "sub_tasks";
/// The agent's own part of a sub-task that may go deeper.
const WORK: &str = "work";

/// What is to be run, after it has been read.
struct Fragment {
    root: Step,
    /// To whom each sub-task is handed, if it is a list of such.
    handed: Option<Vec<String>>,
}

impl Fragment {
    /// Sub-tasks, if it is a list of such.
    fn tasks(&self) -> Option<u32> {
        let tasks = self.handed.as_ref()?.len();
        Some(u32::try_from(tasks).unwrap_or(u32::MAX))
    }
}

impl Walk {
    /// Adds what the value of an expansion says, and lets it begin.
    pub(super) fn expand(&mut self, start: NodeId, group: &Arc<Group>, spec: &ExpandSpec) {
        match self.fragment(start, group, spec) {
            Ok(fragment) => self.add_fragment(start, group, spec, &fragment),
            Err(outcome) => {
                self.groups.entry(start).or_default().verdict = Some(outcome);
            }
        }
    }

    fn fragment(
        &mut self,
        start: NodeId,
        group: &Group,
        spec: &ExpandSpec,
    ) -> Result<Fragment, Outcome> {
        let scope = self.scope_of(start);
        let value = self.shared(&spec.from, &scope);
        let path = group.path.iteration(0);
        let nothing = |why: &str| {
            Err(if spec.step.optional {
                Outcome::Skipped {
                    reason: SkipReason::NotTaken,
                }
            } else {
                Outcome::failed(FailureClass::Input, why)
            })
        };
        let pool = group.extras.around.pool.unwrap_or(start);
        let left = self.groups.get(&pool).and_then(|state| state.steps_left);
        let left = left.unwrap_or(spec.step.max_steps).min(spec.step.max_steps);
        let Some(value) = value else {
            return nothing("what is to be expanded does not exist");
        };
        let list = value
            .get(SUB_TASKS)
            .or(Some(&*value).filter(|_| !spec.step.optional));
        let fragment = match list.and_then(Value::as_array) {
            Some(list) => self.sub_tasks(list, spec, left, self.widest(group.extras.around))?,
            None if spec.step.optional || !value.get("step").is_some_and(Value::is_string) => {
                return nothing("what is to be expanded is neither a step nor a list of sub-tasks");
            }
            None => Fragment {
                root: read_step(&value, &path).map_err(|problems| refused(&problems))?,
                handed: None,
            },
        };
        if fragment.tasks() == Some(0) {
            return Ok(fragment);
        }
        let keys: Vec<StepName> = scope
            .iter()
            .filter_map(|entry| Some(entry.key.as_ref()?.name.clone()))
            .collect();
        let keys: Vec<&str> = keys.iter().map(StepName::as_str).collect();
        let allotted = Allotted {
            step: &spec.step,
            steps: left,
            is_list: fragment.handed.is_some(),
        };
        let problems = check_fragment(
            &self.graph.world,
            &fragment.root,
            &path,
            &spec.names,
            &keys,
            allotted,
        );
        if problems.is_empty() {
            Ok(fragment)
        } else {
            Err(refused(&problems))
        }
    }

    fn sub_tasks(
        &self,
        list: &[Value],
        spec: &ExpandSpec,
        left: u32,
        widest: usize,
    ) -> Result<Fragment, Outcome> {
        if list.len() > widest {
            return Err(Outcome::LimitReached {
                limit: LimitKind::Width,
            });
        }
        if list.len() > left as usize {
            let message = format!(
                "the list has {} sub-tasks, {left} are left of those that were allotted",
                list.len()
            );
            return Err(Outcome::failed(FailureClass::Input, message));
        }
        let mut problems = Vec::new();
        let mut nodes = Vec::with_capacity(list.len());
        let mut handed = Vec::with_capacity(list.len());
        for (position, entry) in list.iter().enumerate() {
            match SubTask::deserialize(entry) {
                Ok(task) => {
                    handed.push(task.agent.clone());
                    nodes.extend(node(task, position, &spec.step));
                }
                Err(error) => problems.push(format!("sub-task {position}: {error}")),
            }
        }
        if !problems.is_empty() {
            return Err(Outcome::failed(FailureClass::Input, problems.join("; ")));
        }
        let root = Step::new(StepKind::Graph {
            nodes,
            on_error: spec.step.on_error,
            collect: spec.step.collect.clone(),
        });
        Ok(Fragment {
            root,
            handed: Some(handed),
        })
    }

    fn add_fragment(
        &mut self,
        start: NodeId,
        group: &Arc<Group>,
        spec: &ExpandSpec,
        fragment: &Fragment,
    ) {
        let around = group.extras.around;
        let pool = around.pool.unwrap_or(start);
        let tasks = fragment.tasks();
        let needed = match tasks {
            Some(tasks) => tasks,
            None => self.graph.work_steps(&fragment.root),
        };
        let pooled = self.groups.entry(pool).or_default();
        let left = pooled.steps_left.unwrap_or(spec.step.max_steps);
        pooled.steps_left = Some(left.saturating_sub(needed));
        let Some(end) = self.end_of(start) else {
            return;
        };
        let state = self.groups.entry(start).or_default();
        state.handed.clone_from(&fragment.handed);
        if tasks == Some(0) {
            return;
        }
        let around = Surroundings {
            depth: around.depth + 1,
            // All that a list may grow to takes from one store; a fragment has taken all that it needs.
            pool: tasks.map(|_| pool),
            ..around
        };
        let allowed = tasks.map(|_| spec.step.agents.clone());
        let before = std::mem::replace(&mut self.graph.allowed, allowed);
        let span = self.graph.add_body(
            start,
            around,
            &fragment.root,
            &group.path.iteration(0),
            &spec.names,
            Vec::new(),
        );
        self.graph.allowed = before;
        self.graph.link(start, span.entry, Edge::Gate);
        self.graph.link(span.exit, end, Edge::Part);
        self.add_states();
        if let Some(end) = self.states.get_mut(end.index()) {
            end.waiting += 1;
        }
        self.groups.entry(start).or_default().children.push(Child {
            name: None,
            exit: span.exit,
        });
        self.effects.push_back(Effect::GraphGrown {
            path: group.path.clone(),
            bodies: tasks.unwrap_or(1),
        });
        self.traverse(start, span.entry, Edge::Gate);
    }

    /// The output of a list of sub-tasks: what became of each. Nothing for anything else.
    pub(super) fn expanded_output(&self, group: &Group) -> Option<Arc<Value>> {
        let GroupKind::Expand(spec) = &group.kind else {
            return None;
        };
        let state = self.groups.get(&group.start)?;
        let handed = state.handed.as_ref()?;
        if spec.step.collect.is_some() {
            return None;
        }
        let list = state.children.first().and_then(|child| self.part(child, 0));
        let parts = list.map(|list| list.parts).unwrap_or_default();
        let census = Census::of(parts.iter().map(|part| &part.outcome));
        let results = parts.iter().zip(handed);
        let results: Vec<Value> = results.map(|(part, agent)| result(part, agent)).collect();
        Some(Arc::new(json!({ "census": census, "results": results })))
    }
}

fn result(part: &Part, agent: &str) -> Value {
    let own = part.parts.iter().find(|inner| inner.name == WORK);
    let deeper = part.parts.iter().find(|inner| inner.name == SUB_TASKS);
    let work = own.unwrap_or(part);
    let mut result = json!({
        "id": part.name,
        "agent": agent,
        "outcome": part.outcome.word(),
        "success": part.outcome.is_success(),
        "output": work.output,
        "error": part.outcome.error(),
    });
    if let Some(deeper) = deeper.filter(|deeper| !deeper.output.is_null())
        && let Some(result) = result.as_object_mut()
    {
        result.insert(SUB_TASKS.to_owned(), (*deeper.output).clone());
    }
    result
}

/// A sub-task as a step of a graph. It is given what it needs by name.
fn node(task: SubTask, position: usize, step: &ExpandStep) -> Option<GraphNode> {
    let SubTask {
        id,
        agent,
        task,
        needs,
        inputs,
    } = task;
    let name = id.or_else(|| StepName::new(format!("task_{position}")).ok())?;
    let mut all: BTreeMap<String, Reference> = step.inputs.clone();
    for need in &needs {
        let given = Reference::new(format!("steps.{need}.output"));
        all.insert(need.to_string(), given);
    }
    all.extend(inputs);
    let agent = agent_id(&agent)?;
    let work = match step.workflows.get(&agent) {
        Some(workflow) => {
            let mut call = workflow.clone();
            call.instruct(&task);
            call.inputs.extend(all);
            call.unkeyed = true;
            let mut called = Step::new(StepKind::Call(call));
            called.deadline_ms = step.timeout_ms;
            called
        }
        None => Step::new(StepKind::Agent(AgentStep {
            instruction: Some(task),
            inputs: all,
            timeout_ms: step.timeout_ms,
            ..AgentStep::new(agent)
        })),
    };
    let whole = if step.max_depth > 1 {
        deeper(work, step)?
    } else {
        work
    };
    let needs = needs.into_iter().map(Need::from);
    Some(GraphNode::new(whole.named(name), needs))
}

/// The agent's work, then whatever it answers that is to be done.
fn deeper(work: Step, step: &ExpandStep) -> Option<Step> {
    let inner = ExpandStep {
        from: Reference::new(format!("steps.{WORK}.output")),
        max_depth: step.max_depth - 1,
        optional: true,
        inputs: BTreeMap::new(),
        collect: None,
        ..step.clone()
    };
    let inner = Step::new(StepKind::Expand(inner)).named(StepName::new(SUB_TASKS).ok()?);
    Some(Step::new(StepKind::Sequence {
        steps: vec![work.named(StepName::new(WORK).ok()?), inner],
        on_error: OnError::Stop,
        collect: None,
    }))
}

/// The agent that is named. What could be no agent's name is made one, and is then unknown.
fn agent_id(name: &str) -> Option<AgentId> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let plain: String = name
        .chars()
        .take(100)
        .map(|c| if allowed(c) { c } else { '_' })
        .collect();
    AgentId::new(&plain)
        .or_else(|_| AgentId::new(format!("_{plain}")))
        .ok()
}

fn refused(problems: &[PlanProblem]) -> Outcome {
    let message = match problems {
        [] => not_a_step(),
        problems => PlanProblems(problems.to_vec()).list(),
    };
    Outcome::failed(FailureClass::Input, message)
}
