//! Why something was not run at all. A run that was begun has a report, not an error.

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::id::RunId;
use orchestrate_core::journal::JournalError;
use orchestrate_core::strategy::StrategyError;
use orchestrate_strategies::graph::PlanProblems;
use orchestrate_strategies::graph::replay::Diverged;

/// What is not the same, if anything is.
fn listed(changed: &[String]) -> String {
    if changed.is_empty() {
        return String::new();
    }
    let some: Vec<&str> = changed.iter().take(8).map(String::as_str).collect();
    format!(", not {}", some.join(", "))
}

fn listed_begun(begun: &[String]) -> String {
    if begun.is_empty() {
        return String::new();
    }
    format!(" (begun: {})", begun.join(", "))
}

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
    /// The run could not be recorded, and so was not begun or was stopped.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A run that is recorded was asked for, and the executor has no journal.
    #[error("this executor records nothing, so it has no run `{run}`")]
    NoJournal {
        /// The run.
        run: RunId,
    },
    /// The run is over.
    #[error("`{run}` has ended, there is nothing to go on with")]
    Ended {
        /// The run.
        run: RunId,
    },
    /// What is recorded does not follow from the plan, as this version runs it.
    #[error("`{run}` cannot be gone on with: this version does not come to what is recorded")]
    Diverged {
        /// The run.
        run: RunId,
        /// Where.
        #[source]
        source: Diverged,
    },
    /// The plan is not the one that the run was recorded with.
    #[error(
        "`{run}` was recorded with the plan {pinned}, and this one is {given}: {} of its {} steps that ended could be reused{}",
        reusable.len(), reusable.len() + changed.len(), listed(changed)
    )]
    OtherPlan {
        /// The run.
        run: RunId,
        /// Digest of the plan that it was recorded with.
        pinned: String,
        /// Digest of the plan that was given.
        given: String,
        /// Steps that ended and would be the same.
        reusable: Vec<String>,
        /// Steps that ended and would not.
        changed: Vec<String>,
    },
    /// The step to fork from is not one that the run has begun.
    #[error(
        "step `{step}` of `{run}` has not begun, so there is nothing to fork{}",
        listed_begun(begun)
    )]
    NotBegun {
        /// The run.
        run: RunId,
        /// The step.
        step: String,
        /// Some of those that have.
        begun: Vec<String>,
    },
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
            Self::Journal(error) => error.code(),
            Self::NoJournal { .. } => "ORC1130",
            Self::Ended { .. } => "ORC1131",
            Self::Diverged { .. } => "ORC1132",
            Self::NotBegun { .. } => "ORC1133",
            Self::OtherPlan { .. } => "ORC1134",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Plan(problems) => problems.kind(),
            Self::Strategy(error) => error.kind(),
            Self::Journal(error) => error.kind(),
            Self::NoBackend
            | Self::NoConcurrency
            | Self::NoJournal { .. }
            | Self::Ended { .. }
            | Self::NotBegun { .. } => ErrorKind::Argument,
            Self::Diverged { .. } | Self::OtherPlan { .. } => ErrorKind::Definition,
            Self::NoRuntime => ErrorKind::Environment,
            Self::TornDown => ErrorKind::Internal,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Plan(problems) => return problems.hints(),
            Self::Strategy(error) => return error.hints(),
            Self::Journal(error) => return error.hints(),
            Self::NoJournal { .. } => "give it one with `LocalExecutor::builder().journal(..)`",
            Self::Ended { .. } => "`orchestrate runs fork` runs it again from any of its steps",
            Self::Diverged { .. } => {
                "use the version of orchestrate that recorded it, or fork it before that event"
            }
            Self::OtherPlan { .. } => {
                "go on without `--plan`, or run the new plan with `orchestrate run --plan FILE`"
            }
            Self::NotBegun { .. } => "`orchestrate runs show` lists the steps of a run",
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
