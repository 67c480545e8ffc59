//! A condition in text form.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::engine::MAX_EXPRESSION;
use super::evaluate::Evaluator;
use super::parse;
use super::problem::ExpressionError;
use super::read::Read;
use super::tree::Node;
use crate::condition::{Facts, Reference};

/// An expression that yields true or false, for example `steps.review.output.score >= 7`.
///
/// It is read once, when it is made: whoever has one has one without mistakes of form. Cloning shares.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression(Arc<Parts>);

struct Parts {
    source: Box<str>,
    tree: Node,
    reads: Vec<Read>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError`] with every mistake that could be found.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        match parse::condition(source) {
            (Some(tree), reads, problems) if problems.is_empty() => Ok(Self(Arc::new(Parts {
                source: source.into(),
                tree,
                reads,
            }))),
            (_, _, problems) => Err(ExpressionError {
                source_text: source.to_owned(),
                problems,
            }),
        }
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The fields that it can read.
    pub fn reads(&self) -> impl Iterator<Item = &Reference> {
        self.0.reads.iter().map(|read| &read.field)
    }

    /// The fields that it can read, with their places in the text.
    #[must_use]
    pub fn reads_at(&self) -> &[Read] {
        &self.0.reads
    }

    /// Whether it holds. What cannot be decided is false and told in `diagnostics`.
    pub fn holds(&self, facts: &dyn Facts, diagnostics: &mut Vec<String>) -> bool {
        let mut evaluator = Evaluator {
            facts,
            diagnostics,
            state: None,
        };
        evaluator.truth(&self.0.tree)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source()).finish()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl TryFrom<String> for Expression {
    type Error = ExpressionError;
    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Self::new(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.source().to_owned()
    }
}

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_EXPRESSION,
            "description": "An expression that yields true or false, for example `steps.review.output.score >= 7`; see `orchestrate help conditions`."
        })
    }
}
