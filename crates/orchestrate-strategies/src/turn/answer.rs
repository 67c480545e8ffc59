//! Reads a model's words as the object that was asked for.

use serde_json::{Map, Value, json};

/// The object that a text holds: all of it, or the one inside a fence.
///
/// # Errors
/// What is wrong, in words for the model.
pub(super) fn object(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let inside = fenced(text).unwrap_or(text);
    match serde_json::from_str::<Value>(inside) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(format!("the answer is {}, not a JSON object", kind(&other))),
        Err(error) => Err(format!("the answer is not JSON: {error}")),
    }
}

/// The object that a text holds, or the text itself under `summary` when no form was asked for.
pub(super) fn object_or_text(text: &str) -> Value {
    object(text).unwrap_or_else(|_| json!({ "summary": text.trim() }))
}

/// Arguments as an object; providers sometimes hand them over as a text that holds it.
pub(super) fn arguments(value: &Value) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::Null => Some(Value::Object(Map::new())),
        Value::String(text) if text.trim().is_empty() => Some(Value::Object(Map::new())),
        Value::String(text) => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    }
}

/// What stands between the first fence and the next.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (_, body) = after.split_once('\n')?;
    let (inside, _) = body.split_once("```")?;
    Some(inside.trim())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_found_bare_and_fenced_and_nothing_else_is() {
        assert_eq!(object(" {\"a\": 1} "), Ok(json!({"a": 1})));
        assert_eq!(
            object("Here:\n```json\n{\"a\": 1}\n```\nDone."),
            Ok(json!({"a": 1}))
        );
        assert_eq!(
            object("[1]"),
            Err("the answer is a list, not a JSON object".into())
        );
        assert!(object("sure!").is_err_and(|why| why.starts_with("the answer is not JSON")));
        assert_eq!(object_or_text(" sure! "), json!({"summary": "sure!"}));
    }

    #[test]
    fn arguments_may_come_as_text() {
        assert_eq!(arguments(&json!("{\"a\": 1}")), Some(json!({"a": 1})));
        assert_eq!(arguments(&json!("")), Some(json!({})));
        assert_eq!(arguments(&json!("{\"a\"")), None);
        assert_eq!(arguments(&json!([1])), None);
    }
}
