//! What a recorded run has to know of the verb that began it, so that another process can go on with it.

use std::path::PathBuf;
use std::sync::Arc;

use orchestrate_core::journal::{Pinned, RunJournal};
use orchestrate_core::limits::Limits;
use orchestrate_runtime::LocalExecutor;
use orchestrate_workflows::ReleasePrep;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{CliError, Failure};
use crate::wire;

/// The verb and what it was about; everything else is in the plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub(crate) enum Recipe {
    /// `run`.
    Run {
        /// The repository, as an absolute path.
        path: PathBuf,
    },
    /// `release-prep`.
    ReleasePrep {
        /// The repository, as an absolute path.
        path: PathBuf,
        /// The same as the user named it.
        named: String,
        /// Coverage reports to be read in place of those that are found.
        coverage_reports: Vec<PathBuf>,
        /// What the workflow was told.
        workflow: ReleasePrep,
    },
}

impl Recipe {
    /// The recipe of a recorded run.
    ///
    /// # Errors
    /// When something else than this program began the run.
    pub(crate) fn of(pinned: &Pinned) -> Result<Self, Failure> {
        serde_json::from_value(pinned.about.clone()).map_err(|_| {
            CliError::arguments(
                format!(
                    "`{}` was not begun by a verb of this program",
                    pinned.run_id
                ),
                "go on with it where it was begun, with `LocalExecutor::resume`",
            )
            .into()
        })
    }

    /// The executor that it needs; with a journal it records.
    pub(crate) fn executor(
        &self,
        limits: Limits,
        journal: Option<Arc<dyn RunJournal>>,
    ) -> Result<LocalExecutor, Failure> {
        let (path, reports) = match self {
            Self::Run { path } => (path, &[][..]),
            Self::ReleasePrep {
                path,
                coverage_reports,
                ..
            } => (path, &coverage_reports[..]),
        };
        // Paths and numbers can always be written.
        let about = serde_json::to_value(self).unwrap_or(Value::Null);
        wire::executor(path, reports.to_vec(), limits, journal, about)
    }
}
