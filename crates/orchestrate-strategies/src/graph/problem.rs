//! What is wrong with a plan, told all at once.

use std::fmt;

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::id::StepPath;
use serde::Serialize;

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanProblem {
    /// Stable code, for example `ORC0605`.
    pub code: &'static str,
    /// The step it stands in.
    pub step: StepPath,
    /// What is wrong, and what was possible.
    pub message: String,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at step `{}`: {}", self.code, self.step, self.message)
    }
}

/// Everything that is wrong with a plan; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan cannot run: {}", self.list())]
pub struct PlanProblems(pub Vec<PlanProblem>);

impl PlanProblems {
    /// All of them in one line.
    pub(crate) fn list(&self) -> String {
        self.0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl Explain for PlanProblems {
    fn code(&self) -> &'static str {
        self.0.first().map_or("ORC0600", |problem| problem.code)
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
