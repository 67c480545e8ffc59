//! A regular expression that is compiled once and searched for in linear time.

use std::borrow::Cow;
use std::fmt;

use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Longest pattern, in bytes.
const MAX_LENGTH: usize = 1000;
/// Most memory of a compiled pattern, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// A pattern that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no regular expression: {problem}")]
pub struct InvalidPattern {
    /// What was given, shortened.
    pub given: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A regular expression. It is found anywhere in a text unless it is anchored by `^` or `$`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`InvalidPattern`] when it is none, or is too long.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let refuse = |problem: String| InvalidPattern {
            given: text.chars().take(80).collect(),
            problem,
        };
        if text.len() > MAX_LENGTH {
            return Err(refuse(format!("it is longer than {MAX_LENGTH} bytes")));
        }
        match RegexBuilder::new(text).size_limit(MAX_SIZE).build() {
            Ok(regex) => Ok(Self(regex)),
            // The library draws a picture of several lines; its last line says what is wrong.
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                Err(refuse(last.trim_start_matches("error: ").to_owned()))
            }
        }
    }

    /// Whether it is found anywhere in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl TryFrom<String> for Pattern {
    type Error = InvalidPattern;
    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.as_str())
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_LENGTH,
            "description": "A regular expression that is searched for anywhere in a text."
        })
    }
}
