//! Where conditions and templates find the values of their fields, without copying them.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::Reference;
use crate::task::Context;

/// Where a condition finds the values of its fields.
pub trait Facts {
    /// The value of a field; `None` when it is absent (which is not the same as null).
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>>;

    /// The same value to be kept. Sources that share their values need not copy.
    fn share(&self, field: &Reference) -> Option<Shared> {
        let value = self.get(field)?.into_owned();
        Some(Shared::new(Arc::new(value)))
    }
}

impl Facts for Value {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        descend(self, field.segments()).map(Cow::Borrowed)
    }
}

/// Follows segments through objects by key and through lists by position.
pub fn descend<'a, 'b>(
    value: &'a Value,
    segments: impl IntoIterator<Item = &'b str>,
) -> Option<&'a Value> {
    segments
        .into_iter()
        .try_fold(value, |value, segment| match value {
            Value::Object(map) => map.get(segment),
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => None,
        })
}

/// A value, or a part of one, that is shared and not copied.
#[derive(Debug, Clone)]
pub struct Shared {
    root: Root,
    path: Vec<Box<str>>,
}

#[derive(Debug, Clone)]
enum Root {
    Value(Arc<Value>),
    Context(Arc<Context>),
}

impl Shared {
    /// A whole value.
    #[must_use]
    pub fn new(value: Arc<Value>) -> Self {
        Self {
            root: Root::Value(value),
            path: Vec::new(),
        }
    }

    /// The value under a key of a context.
    #[must_use]
    pub fn of_context(context: Arc<Context>, key: &str) -> Self {
        Self {
            root: Root::Context(context),
            path: vec![key.into()],
        }
    }

    /// A part of it; `None` when there is none.
    #[must_use]
    pub fn part<'b>(&self, segments: impl IntoIterator<Item = &'b str>) -> Option<Self> {
        let mut part = self.clone();
        part.path.extend(segments.into_iter().map(Into::into));
        part.find().is_some().then_some(part)
    }

    /// The value; null if it does not exist.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.find().unwrap_or(&Value::Null)
    }

    /// The value as one that can be handed on; copied only if it is a part.
    #[must_use]
    pub fn into_value(self) -> Arc<Value> {
        match (&self.root, self.path.is_empty()) {
            (Root::Value(value), true) => value.clone(),
            _ => Arc::new(self.value().clone()),
        }
    }

    fn find(&self) -> Option<&Value> {
        let mut path = self.path.iter().map(AsRef::as_ref);
        match &self.root {
            Root::Value(value) => descend(value, path),
            Root::Context(context) => descend(context.get(path.next()?)?, path),
        }
    }
}
