//! A command line in words, as people write it; no shell reads it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ScenarioError;
use crate::process::describe;

/// The program and its arguments. In JSON and YAML a list of words, or one text that is split at spaces as a
/// shell would, quotes and backslashes respected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Form", into = "Vec<String>")]
#[schemars(with = "Form")]
pub struct Words(Vec<String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Form {
    Text(String),
    List(Vec<String>),
}

impl Words {
    /// A program with its arguments.
    ///
    /// # Errors
    /// [`ScenarioError::Command`] without a program.
    pub fn new(words: Vec<String>) -> Result<Self, ScenarioError> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self(words)),
            _ => Err(ScenarioError::Command {
                given: describe(&words),
                problem: "names no program".to_owned(),
            }),
        }
    }

    /// The words.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl FromStr for Words {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        let words = shlex::split(text).ok_or_else(|| ScenarioError::Command {
            given: text.to_owned(),
            problem: "has a quote that is not closed".to_owned(),
        })?;
        Self::new(words)
    }
}

impl TryFrom<Form> for Words {
    type Error = ScenarioError;

    fn try_from(form: Form) -> Result<Self, ScenarioError> {
        match form {
            Form::Text(text) => text.parse(),
            Form::List(words) => Self::new(words),
        }
    }
}

impl From<Words> for Vec<String> {
    fn from(words: Words) -> Self {
        words.0
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe_placeholders(&self.0))
    }
}

/// As people type it; a word with nothing but a placeholder needs no quotes to be read.
fn describe_placeholders(words: &[String]) -> String {
    let shown = words.iter().map(|word| {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%{}".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word.clone()
        } else {
            describe(std::slice::from_ref(word))
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would_and_shown_as_they_were_typed() {
        let words: Words = "sh -c 'sleep 1; echo {items}' \"a b\" c\\ d"
            .parse()
            .unwrap();
        assert_eq!(
            words.as_slice(),
            ["sh", "-c", "sleep 1; echo {items}", "a b", "c d"]
        );
        assert_eq!(
            words.to_string(),
            "sh -c 'sleep 1; echo {items}' 'a b' 'c d'"
        );
        assert_eq!(
            "sort {input}".parse::<Words>().unwrap().to_string(),
            "sort {input}"
        );
    }

    #[test]
    fn what_names_no_program_is_refused() {
        for bad in ["", "  ", "''", "sh -c 'x"] {
            assert!(bad.parse::<Words>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Words>("[]").is_err());
        let list: Words = serde_json::from_str(r#"["wc", "-l"]"#).unwrap();
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"["wc","-l"]"#);
    }
}
