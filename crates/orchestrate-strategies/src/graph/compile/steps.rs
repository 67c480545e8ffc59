//! Single pieces of work, and the way from a step to the kind of group it is.

use std::collections::HashMap;
use std::sync::Arc;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::{AgentId, StepPath};
use orchestrate_core::outcome::{FailureClass, Outcome};
use orchestrate_core::plan::{
    AgentStep, ApproveStep, CallStep, OnError, Plan, RetryPolicy, Start, Step, StepKind,
    TOOL_TIMEOUT_MS, ToolStep,
};
use orchestrate_core::tool::Effect;
use petgraph::graph::DiGraph;

use super::scopes::Scopes;
use crate::catalog::Catalog;
use crate::graph::Graph;
use crate::graph::check::check;
use crate::graph::node::{
    AgentWork, Base, Binding, CallSpec, Child, Edge, Env, ExpandSpec, GroupKind, LoopSpec, MapSpec,
    Names, Node, NodeId, Question, Resolved, Surroundings, Task, Work, World,
};
use crate::graph::problem::PlanProblems;

/// Where a compiled step begins and ends; the end holds its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) entry: NodeId,
    pub(crate) exit: NodeId,
}

impl Span {
    fn of(node: NodeId) -> Self {
        Self {
            entry: node,
            exit: node,
        }
    }
}

impl Graph {
    /// Checks and compiles a plan.
    ///
    /// # Errors
    /// [`PlanProblems`] with everything that is wrong.
    pub fn compile(plan: &Plan, catalog: &Catalog) -> Result<Self, PlanProblems> {
        let problems = check(plan, catalog);
        if !problems.is_empty() {
            return Err(PlanProblems(problems));
        }
        let world = World {
            agents: plan.agents.clone(),
            tools: plan.tools.clone(),
            definitions: plan.definitions.clone(),
            merge: plan.merge.clone(),
            limits: plan.limits,
            catalog: catalog.clone(),
            run: Arc::new(serde_json::json!({"task": plan.task})),
        };
        let mut graph = Self {
            nodes: DiGraph::new(),
            world: Arc::new(world),
            root: NodeId(0),
            owners: Vec::new(),
            awaited: HashMap::new(),
            whens: HashMap::new(),
            inside: None,
            around: Surroundings::default(),
            allowed: None,
            envs: 1,
            branches: Vec::new(),
            buffer: String::new(),
        };
        let span = graph.add(&plan.root, &StepPath::root(), &mut Scopes::default());
        graph.root = span.exit;
        Ok(graph)
    }

    /// Adds a body (a round, an item, what is expanded) inside a group; it sees `names` and `locals`. The caller links it.
    pub(crate) fn add_body(
        &mut self,
        group: NodeId,
        around: Surroundings,
        body: &Step,
        path: &StepPath,
        names: &Names,
        locals: Vec<(&str, Binding)>,
    ) -> Span {
        self.inside = Some(group);
        self.around = around;
        self.add(body, path, &mut Scopes::of(names, locals))
    }

    pub(super) fn add(&mut self, step: &Step, path: &StepPath, scopes: &mut Scopes) -> Span {
        match &step.kind {
            StepKind::Agent(agent) => self.add_agent(step, agent, path, scopes),
            StepKind::Tool(tool) => self.add_tool(step, tool, path, scopes),
            StepKind::Approve(approve) => self.add_approve(step, approve, path, scopes),
            StepKind::Sequence {
                steps,
                on_error,
                collect,
            } => self.add_sequence(step, steps, *on_error, collect.as_ref(), path, scopes),
            StepKind::Parallel {
                steps,
                join,
                max_concurrency,
                on_error,
                collect,
            } => {
                let kind = GroupKind::Parallel {
                    join: *join,
                    width: *max_concurrency,
                    on_error: *on_error,
                };
                let steps = steps.iter().map(|step| (step, Edge::Gate));
                self.add_side_by_side(step, steps, kind, collect.as_ref(), path, scopes)
            }
            StepKind::Graph {
                nodes,
                on_error,
                collect,
            } => self.add_graph(step, nodes, *on_error, collect.as_ref(), path, scopes),
            StepKind::Branch { arms, otherwise } => {
                let kind = GroupKind::Branch {
                    arms: arms
                        .iter()
                        .map(|arm| (arm.label.clone(), arm.when.clone()))
                        .collect(),
                    otherwise: otherwise.is_some(),
                    names: scopes.flat(),
                };
                let ways = arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref());
                let ways = ways.zip(0u32..).map(|(step, arm)| (step, Edge::Arm(arm)));
                self.add_side_by_side(step, ways, kind, None, path, scopes)
            }
            StepKind::Loop {
                body,
                until,
                fuel,
                start,
            } => {
                let start = start.as_ref().map(|start| match start {
                    Start::From(field) => scopes.resolve(field, self),
                    Start::Value(value) => Resolved {
                        base: Base::Literal(Arc::new(value.clone())),
                        rest: Box::default(),
                    },
                });
                let kind = GroupKind::Loop(Box::new(LoopSpec {
                    body: (**body).clone(),
                    until: until.clone(),
                    fuel: *fuel,
                    start,
                    names: scopes.flat(),
                }));
                self.add_growing(step, kind, None, path, scopes)
            }
            StepKind::Map {
                over,
                body,
                max_items,
                max_concurrency,
                join,
            } => {
                let kind = GroupKind::Map(Box::new(MapSpec {
                    over: scopes.resolve(over, self),
                    body: (**body).clone(),
                    max_items: *max_items,
                    width: *max_concurrency,
                    join: *join,
                    names: scopes.flat(),
                }));
                self.add_growing(step, kind, None, path, scopes)
            }
            StepKind::Expand(expand) => {
                let kind = GroupKind::Expand(Box::new(ExpandSpec {
                    from: scopes.resolve(&expand.from, self),
                    step: expand.clone(),
                    names: scopes.flat(),
                }));
                // The list that it runs is collected, and not the expansion around it.
                self.add_growing(step, kind, None, path, scopes)
            }
            StepKind::Call(call) => self.add_call(step, call, path, scopes),
        }
    }

    fn add_agent(
        &mut self,
        step: &Step,
        agent_step: &AgentStep,
        path: &StepPath,
        scopes: &Scopes,
    ) -> Span {
        let id = &agent_step.agent;
        let allowed = self.allowed.as_deref().unwrap_or_default();
        let allowed = allowed.is_empty() || allowed.contains(id);
        let agent = self.world.agents.get(id).filter(|_| allowed).cloned();
        let Some(agent) = agent else {
            let refused = self.refused(id);
            return self.add_task(
                step,
                (refused, RetryPolicy::NEVER, None),
                std::iter::empty(),
                path,
                scopes,
            );
        };
        let timeout_ms = agent_step.timeout_ms.unwrap_or(
            agent
                .template
                .resource_requirements
                .timeout_seconds
                .saturating_mul(1000),
        );
        let prefix = agent_step.prefix.as_ref();
        let work = Work::Agent(AgentWork {
            agent,
            instruction: agent_step.instruction.as_deref().map(Into::into),
            toolbox: agent_step.toolbox.clone().map(Arc::new),
            answer: agent_step.answer.as_deref().cloned().map(Arc::new),
            prefix: prefix
                .map(|prefix| (scopes.bindings(prefix.inputs.iter(), self), prefix.ttl_s)),
        });
        // What an agent reports is its answer, and what it did before may have had an effect.
        let retry = RetryPolicy {
            retry_failures: false,
            ..agent_step.retry
        };
        let inputs = agent_step.inputs.iter();
        self.add_task(step, (work, retry, Some(timeout_ms)), inputs, path, scopes)
    }

    /// Work for an agent that is unknown or not allowed. `check` refuses it in plans; in a list of
    /// sub-tasks it is a failure of that sub-task alone.
    fn refused(&self, agent: &AgentId) -> Work {
        let allowed = self.allowed.as_deref().unwrap_or_default();
        let known = self.world.agents.keys();
        let possible: Vec<&str> = known
            .filter(|id| allowed.is_empty() || allowed.contains(id))
            .map(AgentId::as_str)
            .collect();
        let message = format!(
            "unknown agent `{agent}` (possible: {})",
            possible.join(", ")
        );
        Work::Refused {
            agent: agent.clone(),
            outcome: Outcome::failed(FailureClass::Input, message),
        }
    }

    fn add_tool(&mut self, step: &Step, tool: &ToolStep, path: &StepPath, scopes: &Scopes) -> Span {
        let effect = self.world.tools.get(&tool.tool).copied();
        let effect = effect.unwrap_or(Effect::External);
        let work = Work::Tool {
            tool: tool.tool.as_str().into(),
            arguments: Arc::new(tool.arguments.clone()),
            effect,
        };
        // What may have had an effect is not made again.
        let retry = if effect.is_repeatable() {
            tool.retry
        } else {
            RetryPolicy::NEVER
        };
        let timeout_ms = tool.timeout_ms.unwrap_or(TOOL_TIMEOUT_MS);
        let inputs = tool.inputs.iter();
        self.add_task(step, (work, retry, Some(timeout_ms)), inputs, path, scopes)
    }

    fn add_approve(
        &mut self,
        step: &Step,
        approve: &ApproveStep,
        path: &StepPath,
        scopes: &Scopes,
    ) -> Span {
        let work = Work::Approve(Question {
            question: approve.question.clone(),
            decisions: approve.decisions.clone(),
            on_timeout: approve.on_timeout.clone(),
        });
        let work = (work, RetryPolicy::NEVER, approve.timeout_ms);
        self.add_task(step, work, approve.show.iter(), path, scopes)
    }

    fn add_task<'a>(
        &mut self,
        step: &Step,
        (work, retry, timeout_ms): (Work, RetryPolicy, Option<u64>),
        inputs: impl Iterator<Item = (&'a String, &'a Reference)>,
        path: &StepPath,
        scopes: &Scopes,
    ) -> Span {
        let branch = self.within(step).branch;
        let task = Task {
            path: path.clone(),
            work,
            retry,
            timeout_ms,
            branch,
            deadline_ms: step.longest_ms(),
            key: self.key(step),
            bindings: scopes.bindings(inputs, self),
            env: self.around.env,
        };
        Span::of(self.push(Node::Task(Arc::new(task))))
    }

    /// `check` refuses what is not there; an empty group is the harmless answer here.
    fn add_nothing(&mut self, step: &Step, path: &StepPath, scopes: &Scopes) -> Span {
        let kind = GroupKind::Sequence {
            on_error: OnError::Stop,
        };
        let opened = self.open(step, kind, None, path, scopes);
        let start = opened.start;
        let span = self.close(opened, Vec::new());
        self.link(start, span.exit, Edge::Gate);
        span
    }

    fn add_call(&mut self, step: &Step, call: &CallStep, path: &StepPath, scopes: &Scopes) -> Span {
        let world = self.world.clone();
        let named = call.definition.as_ref();
        let definition = named.and_then(|name| world.definitions.get(name));
        let inner = definition.map(|definition| &definition.root);
        let Some(inner) = inner.or(call.inline.as_deref()) else {
            return self.add_nothing(step, path, scopes);
        };
        let mut mapping = Vec::new();
        call.mapped(&mut |field, name| {
            mapping.push((name.to_owned(), scopes.resolve(field, self)));
        });
        let env = Env(self.envs);
        self.envs += 1;
        let kind = GroupKind::Call(Box::new(CallSpec {
            env,
            mapping,
            values: call.values.clone(),
        }));
        let opened = self.open(step, kind, None, path, scopes);
        let start = opened.start;
        self.around = Surroundings {
            env,
            depth: self.around.depth + 1,
            // What is called has bounds of its own, wherever the call was handed out.
            pool: None,
            ..self.around
        };
        let allowed = self.allowed.take();
        let inner_path = self.child_path(path, inner, 0);
        let span = self.add(inner, &inner_path, &mut Scopes::default());
        self.allowed = allowed;
        self.link(start, span.entry, Edge::Gate);
        let child = Child {
            name: inner.name.clone(),
            exit: span.exit,
        };
        let inner_exit = span.exit;
        let span = self.close(opened, vec![child]);
        self.link(inner_exit, span.exit, Edge::Part);
        self.link(start, span.exit, Edge::Gate);
        span
    }
}
