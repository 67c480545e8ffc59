//! What parts of an expression are while it is evaluated, and what is left to the engine.

use std::borrow::Cow;
use std::sync::OnceLock;

use minijinja::{Expression, Value as EngineValue, context};
use serde_json::Value;

use super::engine::{engine, message};
use super::tree::Operator;
use crate::condition::Reference;

pub(super) enum Operand<'a> {
    /// A field that is there.
    Field(&'a Reference, Cow<'a, Value>),
    Json(Cow<'a, Value>),
    Engine(EngineValue),
    /// There is no value; why.
    Absent(String),
}

impl Operand<'_> {
    pub(super) fn of(made: Result<EngineValue, String>) -> Self {
        match made {
            Ok(value) if value.is_undefined() => Self::Absent("the value is absent".to_owned()),
            Ok(value) => Self::Engine(value),
            Err(why) => Self::Absent(why),
        }
    }
}

impl Operator {
    /// The operation as the engine writes it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Add => "left + right",
            Self::Subtract => "left - right",
            Self::Multiply => "left * right",
            Self::Divide => "left / right",
            Self::WholeDivide => "left // right",
            Self::Remainder => "left % right",
            Self::Power => "left ** right",
            Self::Join => "left ~ right",
        }
    }
}

/// Two values put together by an operation of the engine.
pub(super) fn arithmetic(
    operation: &'static str,
    left: EngineValue,
    right: EngineValue,
) -> Result<EngineValue, String> {
    let made = engine()
        .compile_expression(operation)
        .and_then(|it| it.eval(context!(left, right)));
    made.map_err(|error| message(&error))
}

pub(super) fn item(of: &EngineValue, key: &EngineValue) -> Result<EngineValue, String> {
    let found = of.get_item(key).map_err(|error| message(&error))?;
    if found.is_undefined() {
        Err(format!("`{key}` is absent"))
    } else {
        Ok(found)
    }
}

pub(super) fn slice(
    of: EngineValue,
    parts: [Result<EngineValue, String>; 3],
) -> Result<EngineValue, String> {
    static SLICE: OnceLock<Option<Expression<'static, 'static>>> = OnceLock::new();
    let slice = SLICE.get_or_init(|| engine().compile_expression("of[start:stop:step]").ok());
    let [start, stop, step] = parts;
    let (start, stop, step) = (start?, stop?, step?);
    match slice {
        Some(slice) => slice
            .eval(context!(of, start, stop, step))
            .map_err(|error| message(&error)),
        None => Err("lists cannot be cut".to_owned()),
    }
}
