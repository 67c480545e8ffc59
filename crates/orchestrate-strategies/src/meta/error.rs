//! Why there is no plan.

use std::fmt;

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::strategy::StrategyError;

/// A hint of the context that cannot be honoured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintProblem {
    /// The key in the context, for example `domain`.
    pub hint: &'static str,
    /// What was given, as JSON.
    pub given: String,
    /// What was possible.
    pub possible: String,
}

impl fmt::Display for HintProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hint,
            given,
            possible,
        } = self;
        write!(f, "`{hint}` cannot be `{given}` (possible: {possible})")
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing to do.
    #[error("the task is empty")]
    EmptyTask,
    /// Hints that cannot be honoured, all of them.
    #[error("impossible hints in the context: {}", list(.problems))]
    Hints {
        /// Each hint and what was possible; never empty.
        problems: Vec<HintProblem>,
    },
    /// The registry has no agents.
    #[error("no agent templates are registered")]
    NoAgents,
    /// The strategy did not take the team or a parameter in the context.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}

fn list(problems: &[HintProblem]) -> String {
    let told: Vec<String> = problems.iter().map(HintProblem::to_string).collect();
    told.join("; ")
}

impl Explain for PlanError {
    fn code(&self) -> &'static str {
        match self {
            Self::EmptyTask => "ORC0801",
            Self::Hints { .. } => "ORC0802",
            Self::NoAgents => "ORC0803",
            Self::Strategy(error) => error.code(),
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmptyTask | Self::Hints { .. } => ErrorKind::Argument,
            Self::NoAgents => ErrorKind::Definition,
            Self::Strategy(error) => error.kind(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::EmptyTask => {
                vec!["describe what is to be done, for example `prepare for release`".into()]
            }
            Self::Hints { problems } => problems
                .iter()
                .map(|problem| {
                    format!("leave `{}` out, or give {}", problem.hint, problem.possible)
                })
                .collect(),
            Self::NoAgents => vec!["start from the built-in templates, or register one".into()],
            Self::Strategy(error) => error.hints(),
        }
    }
}
