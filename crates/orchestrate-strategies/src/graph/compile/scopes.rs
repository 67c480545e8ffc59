//! The names that a place in a plan can see, and what references lead to.

use std::collections::HashMap;
use std::sync::Arc;

use orchestrate_core::condition::Reference;
use orchestrate_core::expression::Template;
use orchestrate_core::id::StepName;
use orchestrate_core::plan::Step;
use serde_json::Value;

use crate::graph::Graph;
use crate::graph::node::{Base, Binding, Bindings, Computed, Env, Names, Node, NodeId, Resolved};

/// The names that can be seen while compiling, one frame per group around.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Vec<HashMap<StepName, Binding>>);

impl Scopes {
    /// Names from the outside, then `locals`.
    pub(crate) fn of(names: &Names, locals: Vec<(&str, Binding)>) -> Self {
        let mut frame: HashMap<StepName, Binding> = (**names).clone();
        frame.extend(
            locals
                .into_iter()
                .filter_map(|(name, binding)| Some((StepName::new(name).ok()?, binding))),
        );
        Self(vec![frame])
    }

    pub(super) fn enter(&mut self) {
        self.0.push(HashMap::new());
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn bind(&mut self, step: &Step, exit: NodeId) {
        if let Some(name) = &step.name {
            self.bind_name(name, Binding::Node(exit));
        }
    }

    pub(super) fn bind_name(&mut self, name: &StepName, binding: Binding) {
        if let Some(frame) = self.0.last_mut() {
            frame.insert(name.clone(), binding);
        }
    }

    /// Everything that can be seen from here, inner names hiding outer ones.
    pub(super) fn flat(&self) -> Names {
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

    pub(super) fn get(&self, name: &str) -> Option<Binding> {
        self.0
            .iter()
            .rev()
            .find_map(|frame| frame.get(name).cloned())
    }

    pub(super) fn bindings<'a>(
        &self,
        fields: impl Iterator<Item = (&'a String, &'a Reference)>,
        graph: &Graph,
    ) -> Bindings {
        fields
            .map(|(name, field)| (name.as_str().into(), self.resolve(field, graph)))
            .collect()
    }

    pub(super) fn resolve(&self, field: &Reference, graph: &Graph) -> Resolved {
        resolve(field, &|name| self.get(name), graph, graph.around.env)
    }
}

/// Looks the first part of a reference up; parts of a group are named behind the group.
pub(crate) fn resolve(
    field: &Reference,
    lookup: &dyn Fn(&str) -> Option<Binding>,
    graph: &Graph,
    env: Env,
) -> Resolved {
    if Template::is_needed(&field.0) {
        let base = Template::new(&field.0).map_or(Base::Absent, |template| {
            let resolved = |field: &Reference| (field.clone(), resolve(field, lookup, graph, env));
            let reads = template.reads().map(resolved).collect();
            Base::Computed(Arc::new(Computed { template, reads }))
        });
        return Resolved {
            base,
            rest: Box::default(),
        };
    }
    let mut segments = field.segments().peekable();
    // What a workflow was started with stands in its context.
    let inputs = (segments.peek() == Some(&"inputs")).then(|| Box::from("inputs"));
    let base = match segments.next() {
        Some("context" | "inputs") => Base::Context(env),
        Some("run") => Base::Literal(graph.world.run.clone()),
        Some("results") => Base::Results,
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
        rest: inputs.into_iter().chain(segments.map(Into::into)).collect(),
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
