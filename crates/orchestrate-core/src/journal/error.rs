//! What can go wrong with a record, each with its code and advice.

use std::path::PathBuf;

use super::{Decision, JOURNAL_FORMAT};
use crate::error::{ErrorKind, Explain};
use crate::id::{RunId, StepPath};
use crate::learning::StoreError;

/// Entries that were answered for and are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostEntries {
    /// The first that is missing.
    pub first: u64,
    /// The last that was answered for.
    pub last: u64,
}

/// Why a journal did not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// No run has this name.
    #[error("no recorded run is called `{reference}`")]
    NotFound {
        /// What was given.
        reference: String,
    },
    /// No run is recorded at all.
    #[error("no run is recorded yet")]
    Empty,
    /// Several runs are meant.
    #[error("`{reference}` can mean several runs ({})", names(runs))]
    Ambiguous {
        /// What was given.
        reference: String,
        /// Some of those that it can mean.
        runs: Vec<RunId>,
    },
    /// There is a run of that name.
    #[error("a run called `{run}` is recorded already")]
    Exists {
        /// The run.
        run: RunId,
    },
    /// Somebody works on the run.
    #[error("{owner} works on `{run}`")]
    Owned {
        /// The run.
        run: RunId,
        /// Who.
        owner: String,
    },
    /// The writer was replaced.
    #[error("`{run}` has another owner by now (epoch {current}, this one has {epoch})")]
    StaleOwner {
        /// The run.
        run: RunId,
        /// The epoch of the writer.
        epoch: u64,
        /// The epoch of the run.
        current: u64,
    },
    /// The end of a step is recorded once and was to be recorded again.
    #[error("the end of step `{step}` of `{run}` is recorded already")]
    StepRecorded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepPath,
    },
    /// An entry is not what was recorded.
    #[error("entry {entry} of `{run}` is damaged: {problem}")]
    Damaged {
        /// The run.
        run: RunId,
        /// The first entry that cannot be trusted.
        entry: u64,
        /// What does not fit.
        problem: String,
    },
    /// Entries that had been answered for are not there.
    #[error("`{run}` lost entries {} to {}, which had been recorded", lost.first, lost.last)]
    Lost {
        /// The run.
        run: RunId,
        /// Which.
        lost: LostEntries,
    },
    /// The store as a whole cannot be read.
    #[error("the store `{store}` is damaged: {problem}")]
    Unreadable {
        /// Where it stands.
        store: String,
        /// What does not fit.
        problem: String,
    },
    /// There is no room.
    #[error("the store `{store}` has no room left: nothing was written")]
    Full {
        /// Where it stands.
        store: String,
    },
    /// The store may not be written to.
    #[error("the store `{store}` cannot be written to: {problem}")]
    ReadOnly {
        /// Where it stands.
        store: String,
        /// What the system said.
        problem: String,
    },
    /// A commit failed in a way that leaves open whether it took place.
    #[error("nobody knows whether the last entries of `{run}` were recorded: {problem}")]
    UnknownCommit {
        /// The run.
        run: RunId,
        /// What happened.
        problem: String,
    },
    /// The store does not answer.
    #[error("the store `{store}` does not answer: {problem}")]
    Unavailable {
        /// Where it stands.
        store: String,
        /// What happened.
        problem: String,
    },
    /// The record is of a format that this version does not read.
    #[error("`{what}` has the format `{found}`, and this version reads `{JOURNAL_FORMAT}`")]
    Format {
        /// The run or store.
        what: String,
        /// Its format.
        found: String,
    },
    /// The step was decided upon before.
    #[error("step `{step}` of `{run}` was decided by {} already: {}", decision.answer.by, decision.answer.decision)]
    AlreadyDecided {
        /// The run.
        run: RunId,
        /// The step.
        step: StepPath,
        /// What counts.
        decision: Box<Decision>,
    },
    /// A place that cannot hold a store.
    #[error("`{}` cannot hold a store: {problem}", path.display())]
    Place {
        /// Where.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
}

/// For whoever opens a store to get at its journal.
impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        let (path, problem) = match error {
            StoreError::Address { given, problem } => (given, problem),
            other => (String::new(), other.to_string()),
        };
        Self::Place {
            path: path.into(),
            problem,
        }
    }
}

fn names(runs: &[RunId]) -> String {
    runs.iter()
        .map(RunId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl Explain for JournalError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "ORC1101",
            Self::Empty => "ORC1102",
            Self::Ambiguous { .. } => "ORC1103",
            Self::Exists { .. } => "ORC1104",
            Self::Owned { .. } => "ORC1105",
            Self::StaleOwner { .. } => "ORC1106",
            Self::StepRecorded { .. } => "ORC1107",
            Self::Damaged { .. } => "ORC1108",
            Self::Lost { .. } => "ORC1109",
            Self::Unreadable { .. } => "ORC1110",
            Self::Full { .. } => "ORC1111",
            Self::ReadOnly { .. } => "ORC1112",
            Self::UnknownCommit { .. } => "ORC1113",
            Self::Unavailable { .. } => "ORC1114",
            Self::Format { .. } => "ORC1115",
            Self::AlreadyDecided { .. } => "ORC1116",
            Self::Place { .. } => "ORC1117",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::Empty | Self::Ambiguous { .. } | Self::Place { .. } => {
                ErrorKind::Argument
            }
            Self::AlreadyDecided { .. } | Self::Owned { .. } => ErrorKind::Denied,
            Self::Format { .. } => ErrorKind::Definition,
            Self::Exists { .. } | Self::StepRecorded { .. } => ErrorKind::Internal,
            _ => ErrorKind::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotFound { .. } | Self::Ambiguous { .. } => {
                "`orchestrate runs list` shows all of them; `latest` is the newest".to_owned()
            }
            Self::Empty => "`orchestrate run TASK` records one".to_owned(),
            Self::Owned { run, .. } => format!(
                "`orchestrate runs follow {run}` watches it; `runs resume --take-over` replaces a process that hangs"
            ),
            Self::StaleOwner { run, .. } => {
                format!("`orchestrate runs follow {run}` watches its new owner")
            }
            Self::Damaged { .. } | Self::Lost { .. } => {
                "other runs stay usable; restore the store from a copy, or remove the run with `orchestrate runs prune`".to_owned()
            }
            Self::Unreadable { .. } => {
                "restore it from a copy, or move it away: a new one is made".to_owned()
            }
            Self::Full { .. } => {
                "make room, then go on with `orchestrate runs resume latest`".to_owned()
            }
            Self::ReadOnly { .. } | Self::Place { .. } => {
                "name another place with `--store sqlite:FILE`, or run with `--no-store`".to_owned()
            }
            Self::UnknownCommit { run, .. } => {
                format!("`orchestrate runs resume {run}` goes on from what is there")
            }
            Self::Unavailable { .. } => "see that it runs and can be reached, then try again".to_owned(),
            Self::Format { .. } => {
                "use the version of orchestrate that wrote it".to_owned()
            }
            Self::AlreadyDecided { decision, .. } => {
                format!("the first decision counts; {} made it", decision.answer.by)
            }
            Self::Exists { .. } | Self::StepRecorded { .. } => {
                "this is a fault of orchestrate: please report it".to_owned()
            }
        };
        vec![hint]
    }
}
