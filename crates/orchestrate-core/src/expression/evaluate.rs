//! What an expression comes to. It never fails: what cannot be decided is false, and told.

use std::borrow::Cow;

use minijinja::State;
use minijinja::value::{Kwargs, Value as EngineValue};
use serde_json::Value;

use super::engine::{constant, engine, message};
use super::operand::{Operand, arithmetic, item, slice};
use super::tree::{Arguments, Node, Relation};
use super::view::{json, view};
use crate::condition::{Comparison, Facts, compare, equal, kind};

pub(super) struct Evaluator<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) diagnostics: &'a mut Vec<String>,
    /// Made when a filter or test is met: it keeps count of what they use.
    pub(super) state: Option<State<'static, 'static>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn truth(&mut self, node: &'a Node) -> bool {
        match node {
            Node::Not(of) => !self.truth(of),
            Node::And(left, right) => self.truth(left) && self.truth(right),
            Node::Or(left, right) => self.truth(left) || self.truth(right),
            Node::Compare(first, rest) => self.compare(first, rest),
            Node::Defined { of, wanted } => {
                let is_absent = matches!(self.operand(of), Operand::Absent(_));
                is_absent != *wanted
            }
            Node::Matches { of, pattern } => match self.operand(of).json() {
                Ok(value) => match &*value {
                    Value::String(text) => pattern.is_in(text),
                    other => self.no(format!(
                        "{pattern} cannot be searched for in {}",
                        kind(other)
                    )),
                },
                Err(absent) => self.no(absent),
            },
            Node::Choose {
                test,
                then,
                otherwise,
            } => match (self.truth(test), otherwise) {
                (true, _) => self.truth(then),
                (false, Some(otherwise)) => self.truth(otherwise),
                (false, None) => self.no("there is no `else`, so there is no value"),
            },
            _ => match self.operand(node).json() {
                Ok(value) => match &*value {
                    Value::Bool(value) => *value,
                    other => self.no(format!("{} is not true or false", kind(other))),
                },
                Err(absent) => self.no(absent),
            },
        }
    }

    fn no(&mut self, diagnostic: impl Into<String>) -> bool {
        self.diagnostics.push(diagnostic.into());
        false
    }

    fn compare(&mut self, first: &'a Node, rest: &'a [(Relation, Node)]) -> bool {
        let mut left = self.operand(first).json();
        for (relation, right) in rest {
            let right = self.operand(right).json();
            let holds = match (&left, &right) {
                (Ok(left), Ok(right)) => self.holds(left, *relation, right),
                (Err(absent), _) | (_, Err(absent)) => {
                    self.diagnostics.push(absent.clone());
                    // What is absent equals nothing.
                    matches!(
                        relation,
                        Relation::By(Comparison::Ne) | Relation::In { wanted: false }
                    )
                }
            };
            if !holds {
                return false;
            }
            left = right;
        }
        true
    }

    fn holds(&mut self, left: &Value, relation: Relation, right: &Value) -> bool {
        match relation {
            Relation::By(by) => compare(left, by, right).unwrap_or_else(|| {
                self.no(format!(
                    "{} cannot be ordered with {}",
                    kind(left),
                    kind(right)
                ))
            }),
            Relation::In { wanted } => {
                let is_in = match (left, right) {
                    (left, Value::Array(items)) => items.iter().any(|item| equal(item, left)),
                    (Value::String(part), Value::String(text)) => text.contains(part.as_str()),
                    (Value::String(key), Value::Object(map)) => map.contains_key(key),
                    (left, right) => {
                        let message = format!("{} cannot be in {}", kind(left), kind(right));
                        return self.no(message);
                    }
                };
                is_in == wanted
            }
        }
    }

    pub(super) fn operand(&mut self, node: &'a Node) -> Operand<'a> {
        match node {
            Node::Constant(value, _) => Operand::Json(Cow::Borrowed(value)),
            Node::Field(field) => match self.facts.get(field) {
                Some(value) => Operand::Field(field, value),
                None => Operand::Absent(format!("`{field}` is absent")),
            },
            Node::Not(_)
            | Node::And(..)
            | Node::Or(..)
            | Node::Compare(..)
            | Node::Defined { .. }
            | Node::Matches { .. } => Operand::Json(Cow::Owned(self.truth(node).into())),
            Node::Choose {
                test,
                then,
                otherwise,
            } => match (self.truth(test), otherwise) {
                (true, _) => self.operand(then),
                (false, Some(otherwise)) => self.operand(otherwise),
                (false, None) => Operand::Absent("there is no `else`, so there is no value".into()),
            },
            Node::Local => Operand::Absent("the name has no value".into()),
            Node::Negative(of) => {
                let of = self.engine(of);
                Operand::of(of.and_then(|it| arithmetic("0 - left", it, ().into())))
            }
            Node::Arithmetic(operator, left, right) => {
                let (left, right) = (self.engine(left), self.engine(right));
                Operand::of(left.and_then(|left| arithmetic(operator.text(), left, right?)))
            }
            Node::Filter { name, arguments } => {
                // This filter is how one says what stands in for an absent value.
                let allows_absent = matches!(&**name, "default" | "d");
                let made = self.arguments(arguments, allows_absent).and_then(|it| {
                    let state = self.state.get_or_insert_with(|| engine().empty_state());
                    state.apply_filter(name, &it).map_err(|it| message(&it))
                });
                Operand::of(made.map_err(|it| format!("`{name}`: {it}")))
            }
            Node::Test { name, arguments } => {
                let made = self.arguments(arguments, false).and_then(|it| {
                    let state = self.state.get_or_insert_with(|| engine().empty_state());
                    state.perform_test(name, &it).map_err(|it| message(&it))
                });
                Operand::of(made.map(Into::into).map_err(|it| format!("`{name}`: {it}")))
            }
            Node::Call { name, arguments } => {
                let made = self.arguments(arguments, false).and_then(|it| {
                    let state = self.state.get_or_insert_with(|| engine().empty_state());
                    let function = engine().globals().find(|(known, _)| *known == &**name);
                    let (_, function) = function.ok_or_else(|| "no such function".to_owned())?;
                    function.call(state, &it).map_err(|it| message(&it))
                });
                Operand::of(made.map_err(|it| format!("`{name}`: {it}")))
            }
            Node::Item(of, key) => {
                let of = self.engine(of);
                Operand::of(of.and_then(|of| item(&of, &self.engine(key)?)))
            }
            Node::Slice(of, parts) => {
                let of = self.engine(of);
                let parts = parts.each_ref().map(|part| match part {
                    Some(part) => self.engine(part),
                    None => Ok(().into()),
                });
                Operand::of(of.and_then(|of| slice(of, parts)))
            }
            Node::List(items) => {
                let items: Result<Vec<EngineValue>, String> =
                    items.iter().map(|it| self.engine(it)).collect();
                Operand::of(items.map(Into::into))
            }
            Node::Map(pairs) => {
                let pairs: Result<Vec<(EngineValue, EngineValue)>, String> = pairs
                    .iter()
                    .map(|(key, value)| Ok((self.engine(key)?, self.engine(value)?)))
                    .collect();
                Operand::of(pairs.map(EngineValue::from_pairs))
            }
        }
    }

    /// A part as a value of the engine; fields are shared with it.
    fn engine(&mut self, node: &'a Node) -> Result<EngineValue, String> {
        if let Node::Constant(_, value) = node {
            return Ok(value.clone());
        }
        match self.operand(node) {
            Operand::Field(_, Cow::Borrowed(value)) if !(value.is_array() || value.is_object()) => {
                Ok(constant(value))
            }
            Operand::Field(field, value) => Ok(match self.facts.share(field) {
                Some(shared) => view(shared),
                None => constant(&value),
            }),
            Operand::Json(value) => Ok(constant(&value)),
            Operand::Engine(value) => Ok(value),
            Operand::Absent(why) => Err(why),
        }
    }

    fn arguments(
        &mut self,
        arguments: &'a Arguments,
        allows_absent: bool,
    ) -> Result<Vec<EngineValue>, String> {
        let mut made = Vec::with_capacity(arguments.by_position.len() + 1);
        for node in &arguments.by_position {
            match self.engine(node) {
                Err(_) if allows_absent && made.is_empty() => made.push(EngineValue::UNDEFINED),
                value => made.push(value?),
            }
        }
        if !arguments.by_name.is_empty() {
            let named: Result<Vec<(&str, EngineValue)>, String> = arguments
                .by_name
                .iter()
                .map(|(name, node)| Ok((&**name, self.engine(node)?)))
                .collect();
            made.push(named?.into_iter().collect::<Kwargs>().into());
        }
        Ok(made)
    }
}

impl<'a> Operand<'a> {
    /// The value as one of ours, or why there is none.
    fn json(self) -> Result<Cow<'a, Value>, String> {
        match self {
            Self::Field(_, value) | Self::Json(value) => Ok(value),
            Self::Engine(value) => {
                let value = json(&value)?;
                Ok(Cow::Owned(std::sync::Arc::unwrap_or_clone(value)))
            }
            Self::Absent(why) => Err(why),
        }
    }
}
