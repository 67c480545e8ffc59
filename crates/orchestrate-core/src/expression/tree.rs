//! An expression after it has been read: owned, checked, ready to be evaluated.

use minijinja::value::Value as EngineValue;
use serde_json::Value;

use crate::condition::{Comparison, Pattern, Reference};

/// How two parts of a comparison are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    By(Comparison),
    In { wanted: bool },
}

/// Arithmetic is left to the engine; this is how it writes the operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    WholeDivide,
    Remainder,
    Power,
    Join,
}

#[derive(Debug)]
pub(super) enum Node {
    Constant(Value, EngineValue),
    /// A field of the facts.
    Field(Reference),
    /// A name of the text itself, for example the target of a `for`; only templates have them.
    Local,
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Compare(Box<Node>, Vec<(Relation, Node)>),
    Choose {
        test: Box<Node>,
        then: Box<Node>,
        otherwise: Option<Box<Node>>,
    },
    Defined {
        of: Box<Node>,
        wanted: bool,
    },
    Matches {
        of: Box<Node>,
        pattern: Pattern,
    },
    Negative(Box<Node>),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    Filter {
        name: Box<str>,
        arguments: Arguments,
    },
    Test {
        name: Box<str>,
        arguments: Arguments,
    },
    Call {
        name: Box<str>,
        arguments: Arguments,
    },
    Item(Box<Node>, Box<Node>),
    Slice(Box<Node>, [Option<Box<Node>>; 3]),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// What a filter, test or function is given; for the first two, the first is what they stand behind.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) by_position: Vec<Node>,
    pub(super) by_name: Vec<(Box<str>, Node)>,
}

/// What a part yields, as far as the text alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yields {
    Boolean,
    /// It depends on the values.
    Unknown,
    /// Never a boolean; in words.
    Other(&'static str),
}

impl Node {
    pub(super) fn yields(&self) -> Yields {
        match self {
            Self::Not(_)
            | Self::And(..)
            | Self::Or(..)
            | Self::Compare(..)
            | Self::Defined { .. }
            | Self::Matches { .. }
            | Self::Test { .. }
            | Self::Constant(Value::Bool(_), _) => Yields::Boolean,
            Self::Constant(value, _) => Yields::Other(crate::condition::kind(value)),
            Self::Negative(_) => Yields::Other("a number"),
            Self::Arithmetic(Operator::Join, ..) => Yields::Other("a text"),
            Self::Arithmetic(..) => Yields::Other("a number or a text"),
            Self::List(_) | Self::Slice(..) => Yields::Other("a list"),
            Self::Map(_) => Yields::Other("an object"),
            Self::Choose {
                then, otherwise, ..
            } => match (then.yields(), otherwise.as_ref().map(|it| it.yields())) {
                (Yields::Other(kind), _) | (_, Some(Yields::Other(kind))) => Yields::Other(kind),
                (Yields::Boolean, Some(Yields::Boolean)) => Yields::Boolean,
                _ => Yields::Unknown,
            },
            Self::Filter { name, .. } => match &**name {
                "length" | "count" | "int" | "float" | "abs" | "round" | "sum" => {
                    Yields::Other("a number")
                }
                "lower" | "upper" | "title" | "capitalize" | "trim" | "join" | "replace"
                | "string" | "tojson" | "indent" | "format" => Yields::Other("a text"),
                "list" | "select" | "reject" | "selectattr" | "rejectattr" | "map" | "sort"
                | "unique" | "split" | "lines" | "batch" | "slice" | "items" => {
                    Yields::Other("a list")
                }
                "bool" => Yields::Boolean,
                _ => Yields::Unknown,
            },
            Self::Call { .. } => Yields::Other("a list or an object"),
            Self::Field(_) | Self::Local | Self::Item(..) => Yields::Unknown,
        }
    }
}
