//! What references and conditions see: the context, the results of steps, and what stands under keys.

use std::borrow::Cow;
use std::sync::Arc;

use orchestrate_core::condition::{Condition, Evaluation, Facts, Reference, Shared, descend};
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

    fn resolve(&self, field: &Reference) -> Resolved {
        let lookup = |name: &str| {
            let local = self
                .local
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, binding)| binding.clone());
            local.or_else(|| self.names.get(name).cloned())
        };
        resolve(field, &lookup, &self.walk.graph, self.env)
    }
}

impl Facts for WalkFacts<'_> {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        let resolved = self.resolve(field);
        let mut rest = resolved.rest.iter().map(AsRef::as_ref);
        // The two places where large values stand are looked into; anything else is small or shared.
        match &resolved.base {
            Base::Context(env) => {
                let context = self.walk.contexts.get(env.0 as usize)?.as_ref()?;
                descend(context.get(rest.next()?)?, rest).map(Cow::Borrowed)
            }
            Base::Bound(Binding::Node(node)) if rest.next() == Some("output") => {
                let output = &self.walk.result_at(*node)?.output;
                let is_there = !output.is_null();
                is_there.then(|| descend(output, rest))?.map(Cow::Borrowed)
            }
            _ => {
                let value = self.walk.shared(&resolved, self.scope)?;
                Some(Cow::Owned(Arc::unwrap_or_clone(value)))
            }
        }
    }

    fn share(&self, field: &Reference) -> Option<Shared> {
        self.walk.found(&self.resolve(field), self.scope)
    }
}

/// The fields of a template, which were looked up when the plan was compiled.
struct TemplateFacts<'a> {
    walk: &'a Walk,
    reads: &'a [(Reference, Resolved)],
    scope: &'a Scope,
}

impl Facts for TemplateFacts<'_> {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        let value = self.share(field)?.into_value();
        Some(Cow::Owned(Arc::unwrap_or_clone(value)))
    }

    fn share(&self, field: &Reference) -> Option<Shared> {
        let (_, resolved) = self.reads.iter().find(|(read, _)| read == field)?;
        self.walk.found(resolved, self.scope)
    }
}

impl Walk {
    /// The value of a reference; whole outputs are shared, parts of them copied. `None` when it does not exist.
    pub(super) fn shared(&self, field: &Resolved, scope: &Scope) -> Option<Arc<Value>> {
        self.value(field, scope).ok().flatten()
    }

    /// The same, or why a template gives nothing.
    pub(super) fn value(
        &self,
        field: &Resolved,
        scope: &Scope,
    ) -> Result<Option<Arc<Value>>, String> {
        let Base::Computed(computed) = &field.base else {
            return Ok(self.found(field, scope).map(Shared::into_value));
        };
        let facts = TemplateFacts {
            walk: self,
            reads: &computed.reads,
            scope,
        };
        let value = computed.template.value(&facts);
        value.map(Some).map_err(|error| error.to_string())
    }

    /// The value of a reference, not copied. `None` when it does not exist.
    fn found(&self, field: &Resolved, scope: &Scope) -> Option<Shared> {
        let mut rest = field.rest.iter().map(AsRef::as_ref);
        let made = |value: Value| Some(Shared::new(Arc::new(value)));
        match &field.base {
            Base::Absent => None,
            Base::Computed(_) => self.shared(field, scope).map(Shared::new),
            Base::Context(env) => {
                let context = self.contexts.get(env.0 as usize)?.as_ref()?;
                Shared::of_context(context.clone(), rest.next()?).part(rest)
            }
            Base::Results => {
                let value = scope.result(rest.next()?)?;
                Shared::new(value).part(rest)
            }
            Base::Literal(value) | Base::Bound(Binding::Value(value)) => {
                Shared::new(value.clone()).part(rest)
            }
            Base::Bound(Binding::Output(value)) => match rest.next() {
                None | Some("output") => Shared::new(value.clone()).part(rest),
                Some(_) => None,
            },
            Base::Bound(Binding::Node(node)) => {
                let result = self.result_at(*node)?;
                match rest.next() {
                    None | Some("output") if result.output.is_null() => None,
                    None | Some("output") => Shared::new(result.output.clone()).part(rest),
                    Some("outcome") => made(result.outcome.word().into()),
                    Some("success") => made(result.outcome.is_success().into()),
                    Some("confidence") => made(result.confidence.into()),
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
