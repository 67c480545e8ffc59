//! Names of things: parse, print, compare. Nothing else.

use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a valid name: use 1 to 128 characters from letters, digits, `_`, `-` and `.`, starting with a letter, digit or `_`"
)]
pub struct InvalidName {
    /// What was given.
    pub given: String,
}

fn parse(text: &str) -> Result<Arc<str>, InvalidName> {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if starts && text.len() <= 128 && text.chars().all(inner) {
        Ok(text.into())
    } else {
        Err(InvalidName {
            given: text.chars().take(160).collect(),
        })
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`InvalidName`] when the text is empty, too long or has other characters.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                parse(text.as_ref()).map(Self)
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

name! {
    /// Names one agent of a team. Two members made from one template have different ids.
    AgentId
}
name! {
    /// Names a step among its siblings, so that later steps can refer to it.
    StepName
}
name! {
    /// Names one run.
    RunId
}

impl RunId {
    /// The name made of numbers that together are unlike those of any other run, for example a
    /// time, a process and a count.
    #[must_use]
    pub fn of(numbers: &[u64]) -> Self {
        let mut text = String::from("run");
        for number in numbers.iter().take(6) {
            text.push_str(&format!("-{number:x}"));
        }
        Self(text.into())
    }
}

/// Where a step stands in its plan: the names (or positions) from the root, joined by `/`.
///
/// It comes from position and never from chance, so a replay meets the same ids. The iterations
/// of loops and maps are written `#k` behind the step, counted from 0. The root is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "String")]
pub struct StepPath(Arc<str>);

impl StepPath {
    /// The path of the root step.
    #[must_use]
    pub fn root() -> Self {
        Self("".into())
    }

    /// The path of a child, by its name or position.
    #[must_use]
    pub fn child(&self, name: &dyn fmt::Display) -> Self {
        self.child_in(name, &mut String::new())
    }

    /// The same, written through a buffer that the caller keeps: one allocation for each of many paths.
    #[must_use]
    pub fn child_in(&self, name: &dyn fmt::Display, buffer: &mut String) -> Self {
        buffer.clear();
        if !self.0.is_empty() {
            buffer.push_str(&self.0);
            buffer.push('/');
        }
        // Writing to a string cannot fail.
        let _ = write!(buffer, "{name}");
        Self(buffer.as_str().into())
    }

    /// The path of the `k`-th iteration of this step.
    #[must_use]
    pub fn iteration(&self, k: u32) -> Self {
        Self(format!("{}#{k}", self.0).into())
    }

    /// The path as text; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.0.is_empty() { "(root)" } else { &self.0 })
    }
}

impl fmt::Debug for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_when_made_and_when_read() {
        assert_eq!(
            AgentId::new("security_auditor").map(|id| id.to_string()),
            Ok("security_auditor".into())
        );
        for bad in ["", "a b", "../x", "-x", ".x", "a/b", "é", &"x".repeat(129)] {
            assert!(AgentId::new(bad).is_err(), "{bad:?}");
            assert!(
                serde_json::from_value::<AgentId>(bad.into()).is_err(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_run_named_by_numbers_has_a_valid_name() {
        let run = RunId::of(&[u64::MAX; 9]);
        assert_eq!(RunId::new(run.as_str()), Ok(run));
        assert_eq!(RunId::of(&[10, 255]).as_str(), "run-a-ff");
    }

    #[test]
    fn paths_come_from_position() {
        let path = StepPath::root().child(&"round_1").child(&0).iteration(2);
        assert_eq!(path.as_str(), "round_1/0#2");
        assert_eq!(StepPath::root().to_string(), "(root)");
    }
}
