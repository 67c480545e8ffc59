//! How values are compared: never by truthiness, never across kinds.

use serde_json::Value;

use super::Comparison;

/// What a value is, in words.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Equality with numbers by value: 1 equals 1.0.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        // Large whole numbers are compared exactly before they lose digits.
        (Some(a), Some(b)) => left == right || (a == b && !(is_whole(left) && is_whole(right))),
        _ => left == right,
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

/// `None` when the two cannot be ordered.
#[must_use]
pub fn compare(left: &Value, by: Comparison, right: &Value) -> Option<bool> {
    match by {
        Comparison::Eq => return Some(equal(left, right)),
        Comparison::Ne => return Some(!equal(left, right)),
        Comparison::Gt | Comparison::Gte | Comparison::Lt | Comparison::Lte => {}
    }
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?)?,
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => return None,
    };
    Some(match by {
        Comparison::Gt => order.is_gt(),
        Comparison::Gte => order.is_ge(),
        Comparison::Lt => order.is_lt(),
        _ => order.is_le(),
    })
}
