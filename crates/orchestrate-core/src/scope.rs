//! What a step can see of the steps before it.
//!
//! A scope is a shared, immutable list that grows at its end: adding a result is one small
//! allocation, joining branches is one, nothing is ever copied, and steps that run side by side
//! cannot see each other.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::id::{AgentId, StepName, StepPath};
use crate::plan::Merge;

/// One result in a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeEntry {
    /// The step.
    pub step: StepPath,
    /// The agent, if the step was one agent's.
    pub agent: Option<AgentId>,
    /// What it gave.
    pub output: Arc<Value>,
    /// The key under which it is seen, if the plan gives it one.
    pub key: Option<Arc<ResultKey>>,
}

/// A key under which results are seen, and how several become one.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultKey {
    /// The key.
    pub name: StepName,
    /// The rule; without one the latest counts.
    pub merge: Option<Merge>,
}

#[derive(Debug)]
enum Link {
    Result(Scope, ScopeEntry),
    Join(Vec<Scope>),
}

/// The successful results that a step can see. Cloning shares.
#[derive(Debug, Clone, Default)]
pub struct Scope(Option<Arc<Link>>);

impl Scope {
    /// A scope with one more result.
    #[must_use]
    pub fn with(self, entry: ScopeEntry) -> Self {
        Self(Some(Arc::new(Link::Result(self, entry))))
    }

    /// Everything that any of the scopes can see, earlier scopes being earlier.
    #[must_use]
    pub fn join(scopes: impl IntoIterator<Item = Self>) -> Self {
        let mut distinct: Vec<Self> = Vec::new();
        for scope in scopes {
            let Some(link) = &scope.0 else { continue };
            let last = distinct.last().and_then(|s| s.0.as_ref());
            if last.is_none_or(|other| !Arc::ptr_eq(other, link)) {
                distinct.push(scope);
            }
        }
        if distinct.len() <= 1 {
            distinct.pop().unwrap_or_default()
        } else {
            Self(Some(Arc::new(Link::Join(distinct))))
        }
    }

    /// The most recent result of an agent.
    #[must_use]
    pub fn output_of(&self, agent: &str) -> Option<&Arc<Value>> {
        self.iter()
            .find(|entry| entry.agent.as_ref().is_some_and(|id| id == agent))
            .map(|entry| &entry.output)
    }

    /// The result of a step by its path.
    #[must_use]
    pub fn step(&self, path: &str) -> Option<&Arc<Value>> {
        self.iter()
            .find(|entry| entry.step.as_str() == path)
            .map(|entry| &entry.output)
    }

    /// The results under a key, made one by the plan's rule for it; `None` when there are none.
    #[must_use]
    pub fn result(&self, key: &str) -> Option<Arc<Value>> {
        let mut found = self
            .iter()
            .filter(|entry| entry.key.as_ref().is_some_and(|k| k.name == *key));
        let latest = found.next()?;
        let rule = latest.key.as_ref().and_then(|key| key.merge);
        match rule {
            None | Some(Merge::Last) => Some(latest.output.clone()),
            Some(Merge::First) => Some(found.last().unwrap_or(latest).output.clone()),
            Some(Merge::List) => {
                let earlier = found.map(|entry| (*entry.output).clone());
                let mut all: Vec<Value> = std::iter::once((*latest.output).clone())
                    .chain(earlier)
                    .collect();
                all.reverse();
                Some(Arc::new(all.into()))
            }
            Some(Merge::Merge) => {
                if !latest.output.is_object() {
                    return Some(latest.output.clone());
                }
                let mut all: Vec<&ScopeEntry> = std::iter::once(latest).chain(found).collect();
                all.reverse();
                let mut merged = Map::new();
                let objects = all.into_iter().filter_map(|entry| entry.output.as_object());
                for object in objects {
                    merged.extend(object.iter().map(|(k, v)| (k.clone(), v.clone())));
                }
                Some(Arc::new(merged.into()))
            }
        }
    }

    /// All results, most recent first; each once, however often it was joined.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeEntry> {
        Iter {
            stack: self.0.iter().collect(),
            seen: HashSet::new(),
        }
    }
}

struct Iter<'a> {
    stack: Vec<&'a Arc<Link>>,
    seen: HashSet<*const Link>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a ScopeEntry;

    fn next(&mut self) -> Option<&'a ScopeEntry> {
        while let Some(link) = self.stack.pop() {
            if Arc::strong_count(link) > 1 && !self.seen.insert(Arc::as_ptr(link)) {
                continue;
            }
            match &**link {
                Link::Result(before, entry) => {
                    self.stack.extend(&before.0);
                    return Some(entry);
                }
                Link::Join(scopes) => self
                    .stack
                    .extend(scopes.iter().filter_map(|scope| scope.0.as_ref())),
            }
        }
        None
    }
}

/// Unlinks in a loop: a chain of a hundred thousand results must not be dropped by recursion.
impl Drop for Scope {
    fn drop(&mut self) {
        let Some(first) = self.0.take() else { return };
        let mut last = Arc::into_inner(first);
        let mut rest: Vec<Link> = Vec::new();
        while let Some(link) = last.take().or_else(|| rest.pop()) {
            match link {
                Link::Result(mut before, _) => last = before.0.take().and_then(Arc::into_inner),
                Link::Join(scopes) => {
                    rest.extend(
                        scopes
                            .into_iter()
                            .filter_map(|mut scope| scope.0.take().and_then(Arc::into_inner)),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(step: &str, value: i64) -> ScopeEntry {
        ScopeEntry {
            step: StepPath::root().child(&step),
            agent: AgentId::new(format!("agent_{step}")).ok(),
            output: Arc::new(value.into()),
            key: None,
        }
    }

    #[test]
    fn branches_do_not_see_each_other_and_a_join_sees_all_once() {
        let root = Scope::default().with(entry("first", 1));
        let left = root.clone().with(entry("left", 2));
        let right = root.clone().with(entry("right", 3));
        assert!(left.step("right").is_none());
        let joined = Scope::join([left, right]).with(entry("last", 4));
        let seen: Vec<_> = joined.iter().map(|e| e.step.as_str().to_owned()).collect();
        assert_eq!(seen, ["last", "right", "first", "left"]);
        assert_eq!(
            joined.output_of("agent_left").map(|v| v.as_i64()),
            Some(Some(2))
        );
    }

    #[test]
    fn the_latest_result_of_an_agent_wins() {
        let scope = Scope::default().with(entry("a", 1)).with(entry("a", 2));
        assert_eq!(
            scope.output_of("agent_a").map(|v| v.as_i64()),
            Some(Some(2))
        );
    }

    #[test]
    fn a_long_chain_is_dropped_without_recursion() {
        let mut scope = Scope::default();
        for i in 0..200_000 {
            scope = scope.with(entry("s", i));
        }
        let shared = scope.clone();
        drop(scope);
        assert_eq!(shared.iter().count(), 200_000);
    }
}
