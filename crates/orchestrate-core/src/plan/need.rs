//! What a step of a graph waits for: all, any, or both nested.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::id::StepName;

/// Something that a step of a graph waits for.
///
/// The list in a node's `needs` means all of them. In JSON a need is the name of a step,
/// `{"any": […]}` or `{"all": […]}`, to any depth.
///
/// - A name is met when that step has ended and lets things pass: it succeeded or was not needed.
/// - `all` is met when all are.
/// - `any` is met by the first step in it that *succeeds*; steps that were not needed do not meet
///   it. The node starts then, and the slower steps go on: their results stand, and what needs them
///   runs. When none succeeds, the node is skipped once all have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Need {
    /// A step by its name.
    Step(StepName),
    /// The first that succeeds.
    Any {
        /// The alternatives; at least one.
        any: Vec<Need>,
    },
    /// All of them.
    All {
        /// The parts; at least one.
        all: Vec<Need>,
    },
}

impl Need {
    /// Calls `visit` for every step that is named, in order.
    pub fn steps<'a>(&'a self, visit: &mut dyn FnMut(&'a StepName)) {
        match self {
            Self::Step(name) => visit(name),
            Self::Any { any: parts } | Self::All { all: parts } => {
                parts.iter().for_each(|part| part.steps(visit));
            }
        }
    }

    /// Whether it can be met before every step that it names has ended.
    #[must_use]
    pub fn has_any(&self) -> bool {
        match self {
            Self::Step(_) => false,
            Self::Any { .. } => true,
            Self::All { all } => all.iter().any(Self::has_any),
        }
    }

    /// Reads a list of needs, or one need that is no name alone: `{"any": […]}` for `[{"any": […]}]`.
    pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Self>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            List(Vec<Need>),
            One(Need),
        }
        Ok(match Form::deserialize(from)? {
            Form::List(list) => list,
            Form::One(need) => vec![need],
        })
    }
}

impl From<StepName> for Need {
    fn from(name: StepName) -> Self {
        Self::Step(name)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
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
            Self::Step(name) => write!(f, "{name}"),
            Self::Any { any } => list(f, any, "or"),
            Self::All { all } => list(f, all, "and"),
        }
    }
}
