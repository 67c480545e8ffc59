//! The step that waits for a person.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::Reference;

/// The decision that lets things go on.
pub const APPROVE: &str = "approve";
/// The decision that does not: the step then has failed as `denied`.
pub const REJECT: &str = "reject";

/// Waits for a person's decision.
///
/// Its output is `{decision, by, comment, edits}`. The step succeeds with every decision but
/// [`REJECT`], which fails it, so that what follows in a line is not run; a branch can read
/// `steps.<name>.output.decision` for anything finer. When nobody can be asked now and nothing else
/// is left to do, the run ends as paused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveStep {
    /// What the person is asked.
    pub question: String,
    /// What the person is shown, by name. The answer holds only for exactly this.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub show: BTreeMap<String, Reference>,
    /// What can be decided; without it `approve` and `reject`.
    #[serde(default = "decisions", skip_serializing_if = "are_default")]
    pub decisions: Vec<String>,
    /// How long the person has, in milliseconds; without it as long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The decision that counts when the time is over, one of `decisions` and never `approve`;
    /// without it the step fails as `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<String>,
}

impl ApproveStep {
    /// A question with the usual decisions.
    #[must_use]
    pub fn new(question: impl Into<String>) -> Self {
        Self {
            question: question.into(),
            show: BTreeMap::new(),
            decisions: decisions(),
            timeout_ms: None,
            on_timeout: None,
        }
    }
}

fn decisions() -> Vec<String> {
    vec![APPROVE.to_owned(), REJECT.to_owned()]
}

fn are_default(given: &[String]) -> bool {
    given == [APPROVE, REJECT]
}
