//! The JSON predicates of `$eq`, `$and`, `$not` and so on, as an input form of conditions.
//!
//! Everything in them is honoured or refused: keys beside `$and` hold too, lists are read to their
//! end when they are loaded, and all mistakes are told at once.

use serde_json::{Map, Value};

use super::{Comparison, Condition, Pattern, Reference, kind};
use crate::error::{ErrorKind, Explain, similar};

/// Conditions inside conditions, at most.
const MAX_DEPTH: usize = 64;

const ON_FIELDS: [&str; 11] = [
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$regex", "$not",
];
const ON_CONDITIONS: [&str; 3] = ["$and", "$or", "$not"];

/// One mistake in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionProblem {
    /// Where: the keys and positions that lead to it.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub hint: Option<String>,
}

/// Every mistake in a condition; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the condition is not usable: {}", self.list())]
pub struct ConditionProblems(pub Vec<ConditionProblem>);

impl ConditionProblems {
    fn list(&self) -> String {
        let one = |problem: &ConditionProblem| {
            format!("at `/{}`: {}", problem.path.join("/"), problem.message)
        };
        self.0.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Explain for ConditionProblems {
    fn code(&self) -> &'static str {
        "ORC1001"
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        self.0.iter().filter_map(|it| it.hint.clone()).collect()
    }
}

impl Condition {
    /// A condition from JSON predicates. An empty object holds always; several keys must all hold.
    ///
    /// A field that begins with none of [`Reference::ROOTS`] is one of the context.
    ///
    /// # Errors
    /// [`ConditionProblems`] with every mistake and where it stands.
    pub fn from_predicate(predicate: &Value) -> Result<Self, ConditionProblems> {
        let mut reader = Reader::default();
        let condition = reader.condition(predicate);
        if reader.problems.is_empty() {
            Ok(condition)
        } else {
            Err(ConditionProblems(reader.problems))
        }
    }
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    problems: Vec<ConditionProblem>,
}

impl Reader {
    /// Tells a mistake and gives a condition in its place, so that reading can go on.
    fn refuse(&mut self, message: impl Into<String>, hint: Option<String>) -> Condition {
        self.problems.push(ConditionProblem {
            path: self.path.clone(),
            message: message.into(),
            hint,
        });
        Condition::Always { value: false }
    }

    fn within<T>(&mut self, key: impl ToString, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key.to_string());
        let read = read(self);
        self.path.pop();
        read
    }

    fn condition(&mut self, predicate: &Value) -> Condition {
        let Value::Object(map) = predicate else {
            let given = kind(predicate);
            return self.refuse(format!("a condition is an object, not {given}"), None);
        };
        if self.path.len() > MAX_DEPTH {
            return self.refuse(format!("it is nested more than {MAX_DEPTH} deep"), None);
        }
        let parts = map.iter().map(|(key, value)| {
            self.within(key, |reader| match &**key {
                "$and" => Condition::All {
                    of: reader.list(value),
                },
                "$or" => Condition::Any {
                    of: reader.list(value),
                },
                "$not" => reader.condition(value).negated(),
                operator if operator.starts_with('$') => {
                    reader.unknown(operator, &ON_CONDITIONS, "a condition")
                }
                field => reader.field(field, value),
            })
        });
        all(parts.collect(), map.is_empty())
    }

    fn list(&mut self, value: &Value) -> Vec<Condition> {
        let Value::Array(items) = value else {
            let given = kind(value);
            let refused = self.refuse(format!("it takes a list of conditions, not {given}"), None);
            return vec![refused];
        };
        let read = |(position, item)| self.within(position, |reader| reader.condition(item));
        items.iter().enumerate().map(read).collect()
    }

    fn field(&mut self, name: &str, value: &Value) -> Condition {
        let root = name.split('.').next().unwrap_or_default();
        if name.split('.').any(str::is_empty) {
            return self.refuse("a field is a path of names with dots between them", None);
        }
        let field = if Reference::ROOTS.contains(&root) {
            Reference::new(name)
        } else {
            Reference::new(format!("context.{name}"))
        };
        match value {
            Value::Object(map) if map.keys().any(|key| key.starts_with('$')) => {
                self.operators(&field, map)
            }
            literal => Condition::Compare {
                field,
                by: Comparison::Eq,
                value: literal.clone(),
            },
        }
    }

    fn operators(&mut self, field: &Reference, map: &Map<String, Value>) -> Condition {
        let parts = map.iter().map(|(operator, value)| {
            self.within(operator, |reader| reader.operator(field, operator, value))
        });
        all(parts.collect(), false)
    }

    fn operator(&mut self, field: &Reference, operator: &str, value: &Value) -> Condition {
        let field = field.clone();
        let by = match operator {
            "$eq" => Comparison::Eq,
            "$ne" => Comparison::Ne,
            "$gt" => Comparison::Gt,
            "$gte" => Comparison::Gte,
            "$lt" => Comparison::Lt,
            "$lte" => Comparison::Lte,
            "$in" | "$nin" => {
                let Value::Array(values) = value else {
                    let given = kind(value);
                    return self.refuse(format!("it takes a list of values, not {given}"), None);
                };
                let is_in = Condition::In {
                    field,
                    values: values.clone(),
                };
                return if operator == "$in" {
                    is_in
                } else {
                    is_in.negated()
                };
            }
            "$exists" => {
                let Value::Bool(wanted) = value else {
                    let given = kind(value);
                    return self.refuse(format!("it takes true or false, not {given}"), None);
                };
                let exists = Condition::Exists { field };
                return if *wanted { exists } else { exists.negated() };
            }
            "$regex" => {
                let Value::String(text) = value else {
                    let given = kind(value);
                    return self.refuse(format!("it takes a pattern as text, not {given}"), None);
                };
                return match Pattern::new(text) {
                    Ok(pattern) => Condition::Matches { field, pattern },
                    Err(error) => self.refuse(error.to_string(), None),
                };
            }
            "$not" => {
                let Value::Object(map) = value else {
                    let given = kind(value);
                    return self.refuse(
                        format!(
                            "on a field it takes operators such as {{\"$gt\": 1}}, not {given}"
                        ),
                        None,
                    );
                };
                return self.operators(&field, map).negated();
            }
            unknown => return self.unknown(unknown, &ON_FIELDS, "a field"),
        };
        let is_ordering = !matches!(by, Comparison::Eq | Comparison::Ne);
        if is_ordering && !matches!(value, Value::Number(_) | Value::String(_)) {
            let given = kind(value);
            return self.refuse(
                format!("numbers and texts can be ordered, not {given}"),
                None,
            );
        }
        Condition::Compare {
            field,
            by,
            value: value.clone(),
        }
    }

    fn unknown(&mut self, given: &str, possible: &[&str], on: &str) -> Condition {
        let hint = similar(given, possible.iter().copied()).into_iter().next();
        let possible = possible.join(", ");
        self.refuse(
            format!("`{given}` is no operator on {on} (possible: {possible})"),
            hint.map(|near| format!("did you mean `{near}`?")),
        )
    }
}

/// All of several; one alone stands for itself.
fn all(mut of: Vec<Condition>, always: bool) -> Condition {
    match of.pop() {
        None if always => Condition::Always { value: true },
        Some(only) if of.is_empty() => only,
        last => {
            of.extend(last);
            Condition::All { of }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use serde_json::json;

    fn check(predicate: Value, facts: Value, holds: bool) {
        let condition = Condition::from_predicate(&predicate).unwrap();
        let facts = json!({ "context": facts });
        assert_eq!(condition.evaluate(&facts).holds, holds, "{condition}");
    }

    #[test]
    fn keys_beside_and_are_honoured() {
        let predicate = json!({"$and": [{"a": 1}], "b": 2});
        check(predicate.clone(), json!({"a": 1, "b": 2}), true);
        check(predicate, json!({"a": 1, "b": 3}), false);
        check(json!({"$or": [], "a": 1}), json!({"a": 1}), false);
        check(json!({}), json!({}), true);
    }

    #[test]
    fn a_pattern_is_searched_anywhere_and_empty_texts_and_noughts_count() {
        check(json!({"a": {"$regex": "b+"}}), json!({"a": "abbc"}), true);
        check(json!({"a": {"$regex": "^b"}}), json!({"a": "abbc"}), false);
        check(json!({"a": {"$regex": "^$"}}), json!({"a": ""}), true);
        check(json!({"a": {"$regex": "0"}}), json!({"a": 0}), false);
        check(json!({"a": {"$eq": 0}}), json!({"a": 0}), true);
    }

    #[test]
    fn null_is_not_absent() {
        check(json!({"a": {"$exists": true}}), json!({"a": null}), true);
        check(json!({"a": {"$exists": false}}), json!({}), true);
        check(json!({"a": null}), json!({"a": null}), true);
        check(json!({"a": null}), json!({}), false);
    }

    #[test]
    fn fields_take_several_operators_and_their_opposite() {
        let between = json!({"x.score": {"$gte": 1, "$lt": 5}});
        check(between.clone(), json!({"x": {"score": 3}}), true);
        check(between, json!({"x": {"score": 5}}), false);
        check(json!({"a": {"$not": {"$gt": 3}}}), json!({"a": 2}), true);
        check(json!({"a": {"$nin": [1, 2]}}), json!({"a": 3}), true);
        check(json!({"$not": {"a": 1}}), json!({"a": 1}), false);
        // A missing field is not equal to anything and cannot be ordered.
        check(json!({"a": {"$ne": 1}}), json!({}), true);
        check(json!({"a": {"$gt": 1}}), json!({}), false);
        check(json!({"a": {"$gt": 1}}), json!({"a": "2"}), false);
    }

    fn refused(predicate: Value, expect: Expect) {
        let problems = Condition::from_predicate(&predicate).unwrap_err();
        let text: Vec<String> = problems
            .0
            .iter()
            .map(|it| format!("/{}: {} {:?}", it.path.join("/"), it.message, it.hint))
            .collect();
        expect.assert_eq(&text.join("\n"));
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_place() {
        refused(
            json!({
                "$and": [{"a": {"$gtt": 1}}, {"$or": [3]}],
                "b": {"$regex": "("},
                "c": {"$in": 1},
                "d": {"$exists": "yes"},
                "$nor": [],
            }),
            expect![[r#"
                /$and/0/a/$gtt: `$gtt` is no operator on a field (possible: $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $not) Some("did you mean `$gt`?")
                /$and/1/$or/0: a condition is an object, not a number None
                /b/$regex: `(` is no regular expression: unclosed group None
                /c/$in: it takes a list of values, not a number None
                /d/$exists: it takes true or false, not a text None
                /$nor: `$nor` is no operator on a condition (possible: $and, $or, $not) Some("did you mean `$not`?")"#]],
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3i64..3).prop_map(Value::from),
            "[ab(]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            let key = prop_oneof![
                "[ab]([.][ab])?",
                proptest::sample::select(ON_FIELDS.to_vec()).prop_map(str::to_owned),
                proptest::sample::select(ON_CONDITIONS.to_vec()).prop_map(str::to_owned),
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map(key, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn prop_any_predicate_is_refused_or_has_a_result(predicate in any_json(), facts in any_json()) {
            match Condition::from_predicate(&predicate) {
                Ok(condition) => {
                    let holds = condition.evaluate(&facts).holds;
                    prop_assert_eq!(condition.negated().evaluate(&facts).holds, !holds);
                }
                Err(problems) => prop_assert!(!problems.0.is_empty()),
            }
        }
    }
}
