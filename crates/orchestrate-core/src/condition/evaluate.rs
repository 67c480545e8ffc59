//! What a condition comes to. Evaluation never fails.
//!
//! A missing field or values of types that cannot be compared have a defined result, false (a
//! missing field is, however, not equal to anything), and are told as diagnostics.

use serde_json::Value;

use super::{Comparison, Condition, Facts, Reference, compare, equal, kind};

/// The result of evaluating a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether it holds.
    pub holds: bool,
    /// Fields that were missing or could not be compared.
    pub diagnostics: Vec<String>,
}

impl Condition {
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
            Self::Matches { field, pattern } => match find(field).as_deref() {
                Some(Value::String(text)) => pattern.is_in(text),
                Some(other) => {
                    diagnostics.push(format!(
                        "`{field}` is {}, in which no pattern can be searched for",
                        kind(other)
                    ));
                    false
                }
                None => false,
            },
            Self::Expression { text } => text.holds(facts, diagnostics),
            Self::All { of } => of.iter().all(|part| part.holds(facts, diagnostics)),
            Self::Any { of } => of.iter().any(|part| part.holds(facts, diagnostics)),
            Self::Not { of } => !of.holds(facts, diagnostics),
        }
    }
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
