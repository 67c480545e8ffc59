//! What references and conditions see: the context and the results of steps.

use std::borrow::Cow;
use std::sync::Arc;

use orchestrate_core::condition::{Facts, Reference, descend};
use serde_json::Value;

use super::Walk;
use crate::graph::compile::resolve;
use crate::graph::node::{Base, Binding, Names, Resolved};

/// The names that a condition can see at its place.
pub(super) struct WalkFacts<'a> {
    pub(super) walk: &'a Walk,
    pub(super) names: &'a Names,
    /// Names that exist only here, for example the round of a loop.
    pub(super) local: &'a [(&'a str, Binding)],
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
        let resolved = resolve(field, &lookup, &self.walk.graph);
        self.walk
            .shared(&resolved)
            .map(|value| Cow::Owned(Arc::unwrap_or_clone(value)))
    }
}

impl Walk {
    /// The value of a reference; whole outputs are shared, parts of them copied. `None` when it does not exist.
    pub(super) fn shared(&self, field: &Resolved) -> Option<Arc<Value>> {
        let rest = || field.rest.iter().map(AsRef::as_ref);
        match &field.base {
            Base::Absent => None,
            Base::Context => {
                let mut rest = rest();
                let value = self.context.get(rest.next()?)?;
                descend(value, rest).cloned().map(Arc::new)
            }
            Base::Bound(Binding::Value(value)) if field.rest.is_empty() => Some(value.clone()),
            Base::Bound(Binding::Value(value)) => descend(value, rest()).cloned().map(Arc::new),
            Base::Bound(Binding::Node(node)) => {
                let result = self.states.get(node.index())?.result.as_ref()?;
                let mut rest = rest();
                match rest.next() {
                    None | Some("output") if result.output.is_null() => None,
                    None => Some(result.output.clone()),
                    Some("output") if field.rest.len() == 1 => Some(result.output.clone()),
                    Some("output") => descend(&result.output, rest).cloned().map(Arc::new),
                    Some("outcome") => Some(Arc::new(result.outcome.word().into())),
                    Some("success") => Some(Arc::new(result.outcome.is_success().into())),
                    Some("confidence") => Some(Arc::new(result.confidence.into())),
                    Some(_) => None,
                }
            }
        }
    }
}
