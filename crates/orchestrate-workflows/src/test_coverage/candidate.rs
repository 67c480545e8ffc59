//! What is handed from step to step: a test as it was written, and what became of it.

use orchestrate_analysis::language::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::report::{Attempt, TestFile};

/// Longest test that is looked at, in bytes.
pub(super) const MOST_BYTES: usize = 100_000;

/// A test as its writer gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Candidate {
    /// Where it is to lie, relative to the repository.
    pub(super) path: String,
    /// The whole file.
    pub(super) content: String,
    /// The function that it tests.
    #[serde(default)]
    pub(super) function: String,
    /// Whether it is only the frame of a test, which does not count. No model can say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) skeleton: bool,
}

/// The form in which a model answers.
pub(super) fn answer_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "content", "function"],
        "properties": {
            "path": {
                "type": "string",
                "description": "where the new file lies, relative to the repository, with forward slashes; it must not exist yet"
            },
            "content": {"type": "string", "description": "the whole text of the new test file"},
            "function": {"type": "string", "description": "the function that it tests"},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1}
        }
    })
}

/// How the whole of the tests of a project went before anything was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Suite {
    /// The languages that it speaks for.
    pub(super) languages: Vec<Language>,
    /// Where the project lies; empty for the root.
    pub(super) inside: String,
    /// Whether all passed; null when they could not be run.
    pub(super) passed: Option<bool>,
    /// Those that failed, as far as their names are known.
    pub(super) failed: Vec<String>,
}

impl Suite {
    /// That of a source among all of them.
    pub(super) fn of<'a>(all: &'a [Self], language: Language, path: &str) -> Option<&'a Self> {
        all.iter().find(|suite| {
            let holds = suite.inside.is_empty() || path.starts_with(&format!("{}/", suite.inside));
            holds && suite.languages.contains(&language)
        })
    }
}

/// What became of one round of writing and checking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Judged {
    /// The gap, by its rank.
    pub(super) rank: usize,
    /// Whether there is nothing more to be tried for this gap.
    pub(super) done: bool,
    /// Whether the test was accepted.
    pub(super) accepted: bool,
    /// What the writer is told before it tries again; null at the end.
    pub(super) feedback: Value,
    /// All attempts so far, this one last.
    pub(super) attempts: Vec<Attempt>,
    /// The test as it is handed over: accepted, or a skeleton.
    pub(super) test: Option<TestFile>,
}
