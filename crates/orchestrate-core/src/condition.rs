//! Conditions in their data form: total, serialisable, without guesses.
//!
//! Evaluation never fails. A missing field or values of types that cannot be compared have a
//! defined result, false, and are told as diagnostics.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A dotted path to a value: `context.version`, `steps.draft.output.score`, `steps.draft.success`, `item`, `index`.
///
/// After `steps.<name>` come `output` (and a path inside it), `outcome`, `success` or `confidence`.
/// Names are those of earlier steps, nearest group first.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Reference(pub String);

impl Reference {
    /// A reference from its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The segments between the dots.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The step that it names, if it names one.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        let mut segments = self.segments();
        if segments.next() == Some("steps") {
            segments.next()
        } else {
            None
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Equal; numbers by value.
    Eq,
    /// Not equal; a missing field is not equal to anything.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

impl Comparison {
    fn symbol(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Gte => ">=",
            Self::Lt => "<",
            Self::Lte => "<=",
        }
    }
}

/// A condition over the context and the steps before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Condition {
    /// Always the same.
    Always {
        /// The result.
        value: bool,
    },
    /// A field compared with a literal.
    Compare {
        /// The field.
        field: Reference,
        /// How.
        by: Comparison,
        /// With what.
        value: Value,
    },
    /// The field is there; null counts as there.
    Exists {
        /// The field.
        field: Reference,
    },
    /// A text holds a text, or a list holds a value.
    Contains {
        /// The field.
        field: Reference,
        /// What it must hold.
        value: Value,
    },
    /// The field equals one of several values.
    In {
        /// The field.
        field: Reference,
        /// The values.
        values: Vec<Value>,
    },
    /// All hold; true when there are none.
    All {
        /// The parts.
        of: Vec<Condition>,
    },
    /// At least one holds; false when there are none.
    Any {
        /// The parts.
        of: Vec<Condition>,
    },
    /// The part does not hold.
    Not {
        /// The part.
        of: Box<Condition>,
    },
}

/// Where a condition finds the values of its fields.
pub trait Facts {
    /// The value of a field; `None` when it is absent (which is not the same as null).
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>>;
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

/// The result of evaluating a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether it holds.
    pub holds: bool,
    /// Fields that were missing or could not be compared.
    pub diagnostics: Vec<String>,
}

impl Condition {
    /// A comparison, shortly.
    #[must_use]
    pub fn compare(field: impl Into<String>, by: Comparison, value: impl Into<Value>) -> Self {
        Self::Compare {
            field: Reference::new(field),
            by,
            value: value.into(),
        }
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not { of: Box::new(self) }
    }

    /// Evaluates it. Never fails and never calls anything.
    pub fn evaluate(&self, facts: &dyn Facts) -> Evaluation {
        let mut diagnostics = Vec::new();
        let holds = self.holds(facts, &mut diagnostics);
        Evaluation { holds, diagnostics }
    }

    fn holds(&self, facts: &dyn Facts, diagnostics: &mut Vec<String>) -> bool {
        let mut find = |field: &Reference| {
            let value = facts.get(field);
            if value.is_none() {
                diagnostics.push(format!("`{field}` is absent"));
            }
            value
        };
        match self {
            Self::Always { value } => *value,
            Self::Compare { field, by, value } => match find(field) {
                Some(actual) => compare(&actual, *by, value).unwrap_or_else(|| {
                    diagnostics.push(format!(
                        "`{field}` is {}, which cannot be ordered with {}",
                        kind(&actual),
                        kind(value)
                    ));
                    false
                }),
                None => *by == Comparison::Ne,
            },
            Self::Exists { field } => facts.get(field).is_some(),
            Self::Contains { field, value } => match (find(field).as_deref(), value) {
                (Some(Value::String(text)), Value::String(part)) => text.contains(part.as_str()),
                (Some(Value::Array(items)), value) => items.iter().any(|item| equal(item, value)),
                (Some(other), _) => {
                    diagnostics.push(format!(
                        "`{field}` is {}, which cannot hold {}",
                        kind(other),
                        kind(value)
                    ));
                    false
                }
                (None, _) => false,
            },
            Self::In { field, values } => {
                find(field).is_some_and(|actual| values.iter().any(|value| equal(&actual, value)))
            }
            Self::All { of } => of.iter().all(|part| part.holds(facts, diagnostics)),
            Self::Any { of } => of.iter().any(|part| part.holds(facts, diagnostics)),
            Self::Not { of } => !of.holds(facts, diagnostics),
        }
    }

    /// Calls `visit` for every field that the condition reads.
    pub fn fields<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Always { .. } => {}
            Self::Compare { field, .. }
            | Self::Exists { field }
            | Self::Contains { field, .. }
            | Self::In { field, .. } => visit(field),
            Self::All { of } | Self::Any { of } => of.iter().for_each(|part| part.fields(visit)),
            Self::Not { of } => of.fields(visit),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Condition], word: &str| {
            f.write_str("(")?;
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{part}")?;
            }
            f.write_str(")")
        };
        match self {
            Self::Always { value } => write!(f, "{value}"),
            Self::Compare { field, by, value } => write!(f, "{field} {} {value}", by.symbol()),
            Self::Exists { field } => write!(f, "{field} exists"),
            Self::Contains { field, value } => write!(f, "{field} contains {value}"),
            Self::In { field, values } => write!(f, "{field} in {}", Value::Array(values.clone())),
            Self::All { of } => list(f, of, "and"),
            Self::Any { of } => list(f, of, "or"),
            Self::Not { of } => write!(f, "not {of}"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
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
fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => left == right,
    }
}

/// `None` when the two cannot be ordered.
fn compare(left: &Value, by: Comparison, right: &Value) -> Option<bool> {
    match by {
        Comparison::Eq => return Some(equal(left, right)),
        Comparison::Ne => return Some(!equal(left, right)),
        Comparison::Gt | Comparison::Gte | Comparison::Lt | Comparison::Lte => {}
    }
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?)?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(condition: &Condition, facts: &Value, holds: bool, diagnostics: usize) {
        let result = condition.evaluate(facts);
        assert_eq!(
            (result.holds, result.diagnostics.len()),
            (holds, diagnostics),
            "{condition}: {:?}",
            result.diagnostics
        );
    }

    #[test]
    fn missing_fields_and_mixed_types_are_false_with_a_diagnostic() {
        let facts = json!({"a": 1, "n": null, "list": ["x"], "text": "hello"});
        check(
            &Condition::compare("a", Comparison::Eq, 1.0),
            &facts,
            true,
            0,
        );
        check(
            &Condition::compare("missing", Comparison::Gt, 1),
            &facts,
            false,
            1,
        );
        check(
            &Condition::compare("missing", Comparison::Ne, 1),
            &facts,
            true,
            1,
        );
        check(
            &Condition::compare("text", Comparison::Lt, 1),
            &facts,
            false,
            1,
        );
        check(
            &Condition::Exists {
                field: Reference::new("n"),
            },
            &facts,
            true,
            0,
        );
        check(
            &Condition::Exists {
                field: Reference::new("n.x"),
            },
            &facts,
            false,
            0,
        );
        check(
            &Condition::Contains {
                field: Reference::new("text"),
                value: "ell".into(),
            },
            &facts,
            true,
            0,
        );
        check(
            &Condition::Contains {
                field: Reference::new("list"),
                value: "x".into(),
            },
            &facts,
            true,
            0,
        );
        check(
            &Condition::Contains {
                field: Reference::new("a"),
                value: "x".into(),
            },
            &facts,
            false,
            1,
        );
        check(
            &Condition::compare("list.0", Comparison::Eq, "x").negated(),
            &facts,
            false,
            0,
        );
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3i64..3).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[ab]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn any_condition() -> impl Strategy<Value = Condition> {
        let field = proptest::collection::vec("[ab0]", 1..3)
            .prop_map(|parts| Reference::new(parts.join(".")));
        let by = proptest::sample::select(vec![
            Comparison::Eq,
            Comparison::Ne,
            Comparison::Gt,
            Comparison::Lte,
        ]);
        let leaf =
            prop_oneof![
                (field.clone(), by, any_value())
                    .prop_map(|(field, by, value)| Condition::Compare { field, by, value }),
                field.clone().prop_map(|field| Condition::Exists { field }),
                (field, any_value())
                    .prop_map(|(field, value)| Condition::Contains { field, value }),
            ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(|of| Condition::All { of }),
                inner.prop_map(Condition::negated),
            ]
        })
    }

    proptest! {
        #[test]
        fn prop_evaluation_is_total_and_negation_is_its_opposite(condition in any_condition(), facts in any_value()) {
            let holds = condition.evaluate(&facts).holds;
            prop_assert_eq!(condition.clone().negated().evaluate(&facts).holds, !holds);
            let text = serde_json::to_string(&condition).unwrap();
            prop_assert_eq!(serde_json::from_str::<Condition>(&text).unwrap(), condition);
        }
    }
}
