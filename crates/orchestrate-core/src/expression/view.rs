//! Values of ours as the engine sees them: shared, and read only where it looks.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectExt as _, ObjectRepr};
use serde_json::Value as Json;

use crate::condition::Shared;

/// A list or an object of ours.
#[derive(Debug)]
struct View(Shared);

/// A value as one of the engine; lists and objects are not copied.
pub(super) fn view(shared: Shared) -> Value {
    match shared.value() {
        Json::Null => Value::from(()),
        Json::Bool(it) => Value::from(*it),
        Json::Number(it) => match (it.as_i64(), it.as_u64(), it.as_f64()) {
            (Some(it), _, _) => Value::from(it),
            (_, Some(it), _) => Value::from(it),
            (_, _, it) => Value::from(it.unwrap_or(f64::NAN)),
        },
        Json::String(it) => Value::from(it.as_str()),
        Json::Array(_) | Json::Object(_) => Value::from_object(View(shared)),
    }
}

/// A value of the engine as one of ours. What was ours before is shared again.
pub(super) fn json(value: &Value) -> Result<Arc<Json>, String> {
    if let Some(View(shared)) = value.downcast_object_ref::<View>() {
        return Ok(shared.clone().into_value());
    }
    if value.is_undefined() {
        return Err("it has no value".to_owned());
    }
    serde_json::to_value(value)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}

impl View {
    fn child(&self, key: &str) -> Option<Value> {
        self.0.part([key]).map(view)
    }
}

impl Object for View {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.0.value().is_array() {
            ObjectRepr::Seq
        } else {
            ObjectRepr::Map
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.0.value() {
            Json::Array(_) => self.child(&key.as_usize()?.to_string()),
            _ => self.child(key.as_str()?),
        }
    }

    /// What `~` joins is a text, and lists and objects are JSON in texts.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.value())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.0.value() {
            Json::Array(items) => Enumerator::Seq(items.len()),
            _ => self.mapped_enumerator(|this| match this.0.value() {
                Json::Object(map) => Box::new(map.keys().map(|key| Value::from(key.as_str()))),
                _ => Box::new(std::iter::empty()),
            }),
        }
    }
}
