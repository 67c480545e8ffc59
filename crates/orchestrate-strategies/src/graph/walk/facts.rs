//! What references and conditions see: the context, the results of steps, and what stands under keys.

use std::borrow::Cow;
use std::sync::Arc;

use orchestrate_core::condition::{Condition, Evaluation, Facts, Reference, descend};
use orchestrate_core::scope::Scope;
use serde_json::Value;

use super::Walk;
use crate::graph::compile::resolve;
use crate::graph::node::{Base, Binding, Env, Names, NodeId, Resolved};

/// The names that a condition can see at its place.
pub(super) struct WalkFacts<'a> {
    pub(super) walk: &'a Walk,
    pub(super) names: &'a Names,
    /// Names that exist only here, for example the round of a loop.
    pub(super) local: &'a [(&'a str, Binding)],
    pub(super) env: Env,
    pub(super) scope: &'a Scope,
}

impl WalkFacts<'_> {
    pub(super) fn evaluate(&self, condition: &Condition) -> Evaluation {
        condition.evaluate(self)
    }
}

impl Facts for WalkFacts<'_> {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        let lookup = |name: &str| {
            let local = self
                .local
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, binding)| binding.clone());
            local.or_else(|| self.names.get(name).cloned())
        };
        let resolved = resolve(field, &lookup, &self.walk.graph, self.env);
        self.walk
            .shared(&resolved, self.scope)
            .map(|value| Cow::Owned(Arc::unwrap_or_clone(value)))
    }
}

impl Walk {
    /// The value of a reference; whole outputs are shared, parts of them copied. `None` when it does not exist.
    pub(super) fn shared(&self, field: &Resolved, scope: &Scope) -> Option<Arc<Value>> {
        let mut rest = field.rest.iter().map(AsRef::as_ref);
        match &field.base {
            Base::Absent => None,
            Base::Context(env) => {
                let context = self.contexts.get(env.0 as usize)?.as_ref()?;
                let value = context.get(rest.next()?)?;
                descend(value, rest).cloned().map(Arc::new)
            }
            Base::Results => {
                let value = scope.result(rest.next()?)?;
                inside(&value, field.rest.get(1..)?)
            }
            Base::Literal(value) | Base::Bound(Binding::Value(value)) => inside(value, &field.rest),
            Base::Bound(Binding::Output(value)) => match rest.next() {
                None | Some("output") => inside(value, field.rest.get(1..).unwrap_or_default()),
                Some(_) => None,
            },
            Base::Bound(Binding::Node(node)) => {
                let result = self.states.get(node.index())?.result.as_ref()?;
                match rest.next() {
                    None | Some("output") if result.output.is_null() => None,
                    None | Some("output") => {
                        inside(&result.output, field.rest.get(1..).unwrap_or_default())
                    }
                    Some("outcome") => Some(Arc::new(result.outcome.word().into())),
                    Some("success") => Some(Arc::new(result.outcome.is_success().into())),
                    Some("confidence") => Some(Arc::new(result.confidence.into())),
                    Some(_) => None,
                }
            }
        }
    }

    /// What `steps.previous.output` is, wherever it comes from.
    pub(super) fn output_of(&self, binding: &Binding) -> Option<Arc<Value>> {
        match binding {
            Binding::Value(value) | Binding::Output(value) => Some(value.clone()),
            Binding::Node(node) => {
                let result = self.states.get(node.index())?.result.as_ref()?;
                (!result.output.is_null()).then(|| result.output.clone())
            }
        }
    }

    /// What a node sees, once everything before it has ended.
    pub(super) fn scope_of(&mut self, node: NodeId) -> Scope {
        self.states
            .get_mut(node.index())
            .map(|state| state.scope.seen())
            .unwrap_or_default()
    }
}

fn inside(value: &Arc<Value>, rest: &[Box<str>]) -> Option<Arc<Value>> {
    if rest.is_empty() {
        return Some(value.clone());
    }
    let value = descend(value, rest.iter().map(AsRef::as_ref))?;
    Some(Arc::new(value.clone()))
}
