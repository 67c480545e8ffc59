//! What is wrong with a definition, with its place in the file. All of it is told at once.

use std::fmt;

use orchestrate_core::error::{ErrorKind, Explain};
use serde::Serialize;

/// A place in a file, counted from 1 in lines and characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl Place {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One mistake in a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefinitionProblem {
    /// Stable code, for example `ORC1012`.
    pub code: &'static str,
    /// The file, as it was named.
    pub file: String,
    /// Where in the file.
    #[serde(flatten)]
    pub at: Place,
    /// What is wrong, and what was possible.
    pub message: String,
    /// What to do, for example what was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for DefinitionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} [{}]",
            self.file, self.at, self.message, self.code
        )?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a definition, in the order of the file; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the definition is not usable: {}\n{}", count(.0.len()), self.list())]
pub struct DefinitionProblems(pub Vec<DefinitionProblem>);

fn count(problems: usize) -> String {
    match problems {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

impl DefinitionProblems {
    fn list(&self) -> String {
        self.0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Explain for DefinitionProblems {
    fn code(&self) -> &'static str {
        self.0.first().map_or("ORC1010", |problem| problem.code)
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Definition
    }

    fn hints(&self) -> Vec<String> {
        vec![format!(
            "`orchestrate explain {}` tells what it means and how to mend it",
            self.code()
        )]
    }
}

/// What each code means and how to mend it; `orchestrate explain` shows it.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        "ORC1010",
        "a file is no YAML or JSON, or uses more of YAML than is read here",
        "mend the line; anchors, aliases, merge keys, tags and several documents are not read",
    ),
    (
        "ORC1011",
        "a key stands twice in one place",
        "keep one of them",
    ),
    (
        "ORC1012",
        "a field is not known here",
        "use one of those that are listed; `orchestrate schema workflow` has all of them",
    ),
    ("ORC1013", "a field is missing", "add it"),
    (
        "ORC1014",
        "a value is of the wrong kind or out of its range",
        "give a value as described; `orchestrate schema workflow` has all fields",
    ),
    (
        "ORC1015",
        "a name means nothing here",
        "correct it, or define what it names",
    ),
    (
        "ORC1016",
        "fields exclude or need each other",
        "keep one of them, or add what is missing",
    ),
    (
        "ORC1017",
        "a condition or a template in the file is not usable",
        "mend what is marked; `orchestrate help conditions` describes the language",
    ),
    (
        "ORC1018",
        "the field has a meaning that this version cannot honour",
        "leave it out, or use what the message names instead",
    ),
    (
        "ORC1019",
        "workflows call each other in a circle, or too deeply",
        "remove one of the calls",
    ),
    (
        "ORC1020",
        "a file that a definition names cannot be read",
        "correct the path; paths are relative to the file that names them",
    ),
    (
        "ORC1021",
        "an input of a workflow is missing, unknown, or does not fit its description",
        "give it as `--input name=value`; `orchestrate workflows show FILE` lists the inputs",
    ),
    (
        "ORC1024",
        "a file cannot be laid out without a change of what it says",
        "write what is unusual in it in a plainer form; the file was left as it is",
    ),
];
