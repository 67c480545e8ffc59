//! The data form of conditions.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Pattern, Reference};
use crate::expression::Expression;

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
    /// How it is written in text.
    #[must_use]
    pub fn symbol(self) -> &'static str {
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
    /// A pattern is found anywhere in a text.
    Matches {
        /// The field.
        field: Reference,
        /// What is searched for.
        pattern: Pattern,
    },
    /// An expression in text form holds.
    Expression {
        /// The expression.
        text: Expression,
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

    /// Calls `visit` for every field that the condition reads.
    pub fn fields<'a>(&'a self, visit: &mut dyn FnMut(&'a Reference)) {
        match self {
            Self::Always { .. } => {}
            Self::Compare { field, .. }
            | Self::Exists { field }
            | Self::Contains { field, .. }
            | Self::In { field, .. }
            | Self::Matches { field, .. } => visit(field),
            Self::Expression { text } => text.reads().for_each(visit),
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
            Self::Matches { field, pattern } => write!(f, "{field} matches {pattern}"),
            Self::Expression { text } => write!(f, "({text})"),
            Self::All { of } => list(f, of, "and"),
            Self::Any { of } => list(f, of, "or"),
            Self::Not { of } => write!(f, "not {of}"),
        }
    }
}
