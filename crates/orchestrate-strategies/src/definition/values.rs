//! Values of a definition as references of the plan: everything is a template there, so that it keeps its type and must exist.

use orchestrate_core::condition::Reference;
use orchestrate_core::expression::Template;
use serde_json::Value;

/// Why a value cannot be put into a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoExpression;

/// A value as a reference: the template that it is, or a template that gives it.
pub(super) fn reference(value: &Value) -> Result<Reference, NoExpression> {
    if let Value::String(text) = value
        && Template::is_needed(text)
    {
        return Ok(Reference::new(text.clone()));
    }
    Ok(Reference::new(format!("{{{{ {} }}}}", expression(value)?)))
}

/// A value as the text of one expression.
pub(super) fn expression(value: &Value) -> Result<String, NoExpression> {
    Ok(match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if Template::is_needed(text) => joined(text)?,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Result<Vec<String>, _> = items.iter().map(expression).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| {
                let key = Value::String(key.clone());
                Ok(format!("{key}: {}", expression(value)?))
            };
            let pairs: Result<Vec<String>, NoExpression> = map.iter().map(pair).collect();
            format!("{{{}}}", pairs?.join(", "))
        }
    })
}

/// A template as one expression: its parts joined. Blocks have no such form.
fn joined(text: &str) -> Result<String, NoExpression> {
    let parts = orchestrate_core::expression::parts(text).ok_or(NoExpression)?;
    let text = |part: &str| Value::String(part.to_owned()).to_string();
    let written = parts.iter().map(|part| match part {
        Ok(raw) => text(raw),
        // `~` alone would write lists, objects and truth as Python does.
        Err(expression) => format!("(({expression}) | string)"),
    });
    Ok(match &*parts {
        [] => text(""),
        _ => written.collect::<Vec<_>>().join(" ~ "),
    })
}

/// Whether nothing in a value is a template.
pub(super) fn is_constant(value: &Value) -> bool {
    match value {
        Value::String(text) => !Template::is_needed(text),
        Value::Array(items) => items.iter().all(is_constant),
        Value::Object(map) => map.values().all(is_constant),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
