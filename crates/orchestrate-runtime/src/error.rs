//! Why something was not run at all. A run that was begun has a report, not an error.

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::strategy::StrategyError;
use orchestrate_strategies::graph::PlanProblems;

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The plan is wrong; everything that is wrong with it is listed.
    #[error(transparent)]
    Plan(#[from] PlanProblems),
    /// The strategy made no plan for this team.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// An executor without any backend could run nothing.
    #[error("an executor needs at least one backend")]
    NoBackend,
    /// A limit under which nothing could ever start.
    #[error("the limit `concurrency` is 0, so nothing could start (possible: 1 or more, or none)")]
    NoConcurrency,
    /// There is nothing to run on.
    #[error("a run needs a tokio runtime with its timer enabled")]
    NoRuntime,
    /// The run was torn down before it ended, for example because its tokio runtime was.
    #[error("the run was torn down before it ended")]
    TornDown,
}

impl Explain for RunError {
    fn code(&self) -> &'static str {
        match self {
            Self::Plan(problems) => problems.code(),
            Self::Strategy(error) => error.code(),
            Self::NoBackend => "ORC0501",
            Self::NoConcurrency => "ORC0502",
            Self::NoRuntime => "ORC0503",
            Self::TornDown => "ORC0504",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Plan(problems) => problems.kind(),
            Self::Strategy(error) => error.kind(),
            Self::NoBackend | Self::NoConcurrency => ErrorKind::Argument,
            Self::NoRuntime => ErrorKind::Environment,
            Self::TornDown => ErrorKind::Internal,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Plan(problems) => return problems.hints(),
            Self::Strategy(error) => return error.hints(),
            Self::NoBackend => "add one with `LocalExecutor::builder().backend(..)`",
            Self::NoConcurrency => "leave the limit out to run as many at once as the plan allows",
            Self::NoRuntime => {
                "call it from a function marked `#[tokio::main]` or `#[tokio::test]`"
            }
            Self::TornDown => "keep the runtime until `report` has answered",
        };
        vec![hint.to_owned()]
    }
}
