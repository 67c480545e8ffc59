//! Plan to graph. Total over checked plans: whatever is wrong is found by `check` before.
//!
//! The same code adds the rounds of loops and the items of maps while a plan runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use orchestrate_core::condition::Reference;
use orchestrate_core::id::{StepName, StepPath};
use orchestrate_core::plan::{AgentStep, Collect, GraphNode, OnError, Plan, Step, StepKind};
use orchestrate_core::strategy::ExecutionStrategy;
use petgraph::graph::DiGraph;
use serde_json::Value;

use super::Graph;
use super::check::check;
use super::node::{
    Base, Binding, Bindings, Child, Edge, Group, GroupKind, LoopSpec, MapSpec, Names, Node, NodeId,
    Resolved, Task,
};
use super::place::{Called, Needs};
use super::problem::PlanProblems;
use crate::catalog::Catalog;

/// Where a compiled step begins and ends; the end holds its result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) entry: NodeId,
    pub(crate) exit: NodeId,
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
        let mut graph = Self {
            nodes: DiGraph::new(),
            agents: plan.agents.clone(),
            catalog: catalog.clone(),
            root: NodeId(0),
            owners: Vec::new(),
            inside: None,
            buffer: String::new(),
        };
        let span = graph.add(&plan.root, &StepPath::root(), &mut Scopes::default());
        graph.root = span.exit;
        Ok(graph)
    }

    /// Adds a body (a round, an item) inside a group; it sees `names` and `locals`. The caller links it.
    pub(crate) fn add_body(
        &mut self,
        group: NodeId,
        body: &Step,
        path: &StepPath,
        names: &Names,
        locals: Vec<(&str, Binding)>,
    ) -> Span {
        self.inside = Some(group);
        let mut frame: HashMap<StepName, Binding> = (**names).clone();
        frame.extend(
            locals
                .into_iter()
                .filter_map(|(name, binding)| Some((StepName::new(name).ok()?, binding))),
        );
        self.add(body, path, &mut Scopes(vec![frame]))
    }

    fn add(&mut self, step: &Step, path: &StepPath, scopes: &mut Scopes) -> Span {
        match &step.kind {
            StepKind::Agent(agent) => self.add_agent(agent, path, scopes),
            StepKind::Sequence {
                steps,
                on_error,
                collect,
            } => self.add_sequence(steps, *on_error, collect.as_ref(), path, scopes),
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
                self.add_side_by_side(steps, kind, collect.as_ref(), path, scopes)
            }
            StepKind::Graph {
                nodes,
                on_error,
                collect,
            } => self.add_graph(nodes, *on_error, collect.as_ref(), path, scopes),
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
                self.add_side_by_side(ways, kind, None, path, scopes)
            }
            StepKind::Loop { body, until, fuel } => {
                let spec = LoopSpec {
                    body: (**body).clone(),
                    until: until.clone(),
                    fuel: *fuel,
                    names: scopes.flat(),
                };
                self.add_side_by_side(
                    std::iter::empty(),
                    GroupKind::Loop(Box::new(spec)),
                    None,
                    path,
                    scopes,
                )
            }
            StepKind::Map {
                over,
                body,
                max_items,
                max_concurrency,
                join,
            } => {
                let spec = MapSpec {
                    over: scopes.resolve(over, self),
                    body: (**body).clone(),
                    max_items: *max_items,
                    width: *max_concurrency,
                    join: *join,
                    names: scopes.flat(),
                };
                self.add_side_by_side(
                    std::iter::empty(),
                    GroupKind::Map(Box::new(spec)),
                    None,
                    path,
                    scopes,
                )
            }
        }
    }

    fn add_agent(&mut self, step: &AgentStep, path: &StepPath, scopes: &Scopes) -> Span {
        let Some(agent) = self.agents.get(&step.agent).cloned() else {
            // `check` refuses such a plan; an empty group is the harmless answer here.
            let (start, end) = self.open(
                GroupKind::Sequence {
                    on_error: OnError::Stop,
                },
                path,
            );
            return self.close(start, end, Vec::new(), None);
        };
        let timeout_ms = step.timeout_ms.unwrap_or(
            agent
                .template
                .resource_requirements
                .timeout_seconds
                .saturating_mul(1000),
        );
        let task = Task {
            path: path.clone(),
            agent,
            instruction: step.instruction.as_deref().map(Into::into),
            retry: step.retry,
            timeout_ms,
            toolbox: step.toolbox.clone().map(Arc::new),
            answer: step.answer.as_deref().cloned().map(Arc::new),
            bindings: scopes.bindings(&step.inputs, self),
            prefix: step
                .prefix
                .as_ref()
                .map(|prefix| (scopes.bindings(&prefix.inputs, self), prefix.ttl_s)),
        };
        let node = self.push(Node::Task(Arc::new(task)));
        Span {
            entry: node,
            exit: node,
        }
    }

    fn add_sequence(
        &mut self,
        steps: &[Step],
        on_error: OnError,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let kind = GroupKind::Sequence { on_error };
        let (start, kind) = self.open(kind, path);
        let success = on_error != OnError::Continue;
        let mut children = Vec::with_capacity(steps.len());
        let mut before: Option<NodeId> = None;
        scopes.enter();
        for (position, step) in steps.iter().enumerate() {
            let child_path = self.child_path(path, step, position);
            let span = self.add(step, &child_path, scopes);
            match before {
                None => self.link(start, span.entry, Edge::Gate),
                Some(before) => self.link(before, span.entry, Edge::Then { success }),
            }
            before = Some(span.exit);
            scopes.bind(step, span.exit);
            children.push(Child {
                name: step.name.clone(),
                exit: span.exit,
            });
        }
        scopes.leave();
        let last = before.unwrap_or(start);
        let span = self.close(start, kind, children, self.strategy(collect));
        self.link(last, span.exit, Edge::Part);
        span
    }

    fn add_side_by_side<'a>(
        &mut self,
        steps: impl Iterator<Item = (&'a Step, Edge)>,
        kind: GroupKind,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let (start, kind) = self.open(kind, path);
        let mut children = Vec::new();
        let mut entries = Vec::new();
        for (position, (step, edge)) in steps.enumerate() {
            let child_path = self.child_path(path, step, position);
            // The frame keeps what a child binds inside to itself: siblings do not see each other.
            scopes.enter();
            let span = self.add(step, &child_path, scopes);
            scopes.leave();
            entries.push((span.entry, edge));
            children.push(Child {
                name: step.name.clone(),
                exit: span.exit,
            });
        }
        // petgraph walks the edges of a node from the last added to the first.
        for (entry, edge) in entries.into_iter().rev() {
            self.link(start, entry, edge);
        }
        let exits: Vec<NodeId> = children.iter().map(|child| child.exit).collect();
        let span = self.close(start, kind, children, self.strategy(collect));
        for exit in exits {
            self.link(exit, span.exit, Edge::Part);
        }
        self.link(start, span.exit, Edge::Gate);
        span
    }

    fn add_graph(
        &mut self,
        nodes: &[GraphNode],
        on_error: OnError,
        collect: Option<&Collect>,
        path: &StepPath,
        scopes: &mut Scopes,
    ) -> Span {
        let (start, kind) = self.open(GroupKind::Graph { on_error }, path);
        let needs = Needs::of(nodes);
        let mut spans: Vec<Option<Span>> = vec![None; nodes.len()];
        let mut needed = vec![false; nodes.len()];
        let mut edges = Vec::new();
        let success = on_error != OnError::Continue;
        for (position, node) in needs
            .order
            .iter()
            .filter_map(|i| Some((*i, nodes.get(*i)?)))
        {
            let child_path = self.child_path(path, &node.step, position);
            scopes.enter();
            for before in needs.named_by(position, &node.step) {
                let name = nodes.get(before).and_then(|node| node.step.name.as_ref());
                if let (Some(name), Some(Some(span))) = (name, spans.get(before)) {
                    scopes.bind_name(name, Binding::Node(span.exit));
                }
            }
            let span = self.add(&node.step, &child_path, scopes);
            scopes.leave();
            let direct = needs.direct(position);
            if direct.is_empty() {
                edges.push((start, span.entry, Edge::Gate));
            }
            for before in direct {
                if let (Some(Some(exit)), Some(needed)) = (
                    spans.get(*before).map(|span| span.map(|span| span.exit)),
                    needed.get_mut(*before),
                ) {
                    *needed = true;
                    edges.push((exit, span.entry, Edge::Then { success }));
                }
            }
            if let Some(slot) = spans.get_mut(position) {
                *slot = Some(span);
            }
        }
        for (from, to, edge) in edges.into_iter().rev() {
            self.link(from, to, edge);
        }
        let children = nodes
            .iter()
            .zip(&spans)
            .filter_map(|(node, span)| {
                Some(Child {
                    name: node.step.name.clone(),
                    exit: span.as_ref()?.exit,
                })
            })
            .collect();
        let leaves: Vec<NodeId> = spans
            .iter()
            .zip(&needed)
            .filter(|(_, needed)| !**needed)
            .filter_map(|(span, _)| Some(span.as_ref()?.exit))
            .collect();
        let span = self.close(start, kind, children, self.strategy(collect));
        for exit in leaves {
            self.link(exit, span.exit, Edge::Part);
        }
        self.link(start, span.exit, Edge::Gate);
        span
    }

    /// Adds the start of a group. Its end is added by `close`, behind everything inside.
    fn open(&mut self, kind: GroupKind, path: &StepPath) -> (NodeId, (GroupKind, StepPath)) {
        let shell = Group {
            path: path.clone(),
            kind: GroupKind::Sequence {
                on_error: OnError::Stop,
            },
            children: Vec::new(),
            collect: None,
            start: NodeId(0),
        };
        let start = self.push(Node::Start(Arc::new(shell)));
        self.inside = Some(start);
        (start, (kind, path.clone()))
    }

    fn close(
        &mut self,
        start: NodeId,
        (kind, path): (GroupKind, StepPath),
        children: Vec<Child>,
        collect: Option<Arc<dyn ExecutionStrategy>>,
    ) -> Span {
        let group = Arc::new(Group {
            path,
            kind,
            children,
            collect,
            start,
        });
        if let Some(node) = self.nodes.node_weight_mut(start.ix()) {
            *node = Node::Start(group.clone());
        }
        let end = self.push(Node::End(group));
        self.inside = self.owner(start);
        Span {
            entry: start,
            exit: end,
        }
    }

    fn child_path(&mut self, parent: &StepPath, step: &Step, position: usize) -> StepPath {
        parent.child_in(&Called::of(step.name.as_ref(), position), &mut self.buffer)
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.owners.push(self.inside);
        NodeId::of(self.nodes.add_node(node))
    }

    pub(crate) fn link(&mut self, from: NodeId, to: NodeId, edge: Edge) {
        self.nodes.add_edge(from.ix(), to.ix(), edge);
    }

    fn strategy(&self, collect: Option<&Collect>) -> Option<Arc<dyn ExecutionStrategy>> {
        let collect = collect?;
        self.catalog
            .get_strategy(&collect.strategy, &collect.params)
            .ok()
    }
}

/// The names that can be seen while compiling, one frame per group around.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Vec<HashMap<StepName, Binding>>);

impl Scopes {
    fn enter(&mut self) {
        self.0.push(HashMap::new());
    }

    fn leave(&mut self) {
        self.0.pop();
    }

    fn bind(&mut self, step: &Step, exit: NodeId) {
        if let Some(name) = &step.name {
            self.bind_name(name, Binding::Node(exit));
        }
    }

    fn bind_name(&mut self, name: &StepName, binding: Binding) {
        if let Some(frame) = self.0.last_mut() {
            frame.insert(name.clone(), binding);
        }
    }

    /// Everything that can be seen from here, inner names hiding outer ones.
    fn flat(&self) -> Names {
        let mut names = HashMap::new();
        for frame in &self.0 {
            names.extend(
                frame
                    .iter()
                    .map(|(name, binding)| (name.clone(), binding.clone())),
            );
        }
        Arc::new(names)
    }

    fn bindings(&self, fields: &BTreeMap<String, Reference>, graph: &Graph) -> Bindings {
        fields
            .iter()
            .map(|(name, field)| (name.as_str().into(), self.resolve(field, graph)))
            .collect()
    }

    fn resolve(&self, field: &Reference, graph: &Graph) -> Resolved {
        resolve(
            field,
            &|name| {
                self.0
                    .iter()
                    .rev()
                    .find_map(|frame| frame.get(name).cloned())
            },
            graph,
        )
    }
}

/// Looks the first part of a reference up; parts of a group are named behind the group.
pub(crate) fn resolve(
    field: &Reference,
    lookup: &dyn Fn(&str) -> Option<Binding>,
    graph: &Graph,
) -> Resolved {
    let mut segments = field.segments().peekable();
    let base = match segments.next() {
        Some("context") => Base::Context,
        Some("steps") => match segments.next().and_then(lookup) {
            Some(Binding::Node(mut node)) => {
                while let Some(exit) = segments.peek().and_then(|name| part(graph, node, name)) {
                    node = exit;
                    segments.next();
                }
                Base::Bound(Binding::Node(node))
            }
            Some(value) => Base::Bound(value),
            None => Base::Absent,
        },
        Some(local @ ("item" | "index")) => lookup(local).map_or(Base::Absent, Base::Bound),
        _ => Base::Absent,
    };
    Resolved {
        base,
        rest: segments.map(Into::into).collect(),
    }
}

/// The node that holds the result of a group's part.
fn part(graph: &Graph, group: NodeId, name: &str) -> Option<NodeId> {
    match graph.nodes.node_weight(group.ix()) {
        Some(Node::End(group)) => group.part(name),
        _ => None,
    }
}

/// A value that is known when a body is added.
pub(crate) fn local(value: impl Into<Value>) -> Binding {
    Binding::Value(Arc::new(value.into()))
}
