//! Why a workflow was not planned: every mistake is found before any agent runs.

use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::gate::InvalidThreshold;
use orchestrate_core::template::RegistryError;

use crate::report::REPORT_SCHEMA;
use crate::scenarios::ScenarioError;

/// Why a workflow was not planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkflowError {
    /// A threshold is negative or no number.
    #[error(transparent)]
    Threshold(#[from] InvalidThreshold),
    /// A threshold lies above the end of its scale, so that nothing could ever reach it.
    #[error("gate `{name}`: the threshold `{given}` is above the end of its scale, `{most}`")]
    AboveScale {
        /// The gate.
        name: String,
        /// What was given.
        given: f64,
        /// The end of the scale.
        most: f64,
    },
    /// A number is out of its range.
    #[error("`{name}` is {given}, and must be from {least} to {most}")]
    Range {
        /// The input.
        name: String,
        /// What was given.
        given: u64,
        /// The least that is possible.
        least: u64,
        /// The most.
        most: u64,
    },
    /// An agent is not registered.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// No agent was selected.
    #[error("no agent was selected (possible: {possible})")]
    NoAgents {
        /// The agents of the workflow, separated by commas.
        possible: String,
    },
    /// An agent was selected twice.
    #[error("agent `{id}` was selected more than once")]
    Repeated {
        /// The agent.
        id: String,
    },
    /// No workflow of that name.
    #[error("unknown workflow `{name}` (possible: {possible})")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names, separated by commas.
        possible: String,
        /// The nearest names.
        near: Vec<String>,
    },
    /// A baseline is no report.
    #[error("baseline `{path}` is not a release readiness report in JSON: {problem}")]
    BaselineForm {
        /// The file as given.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A baseline has another schema.
    #[error(
        "baseline `{path}` has the schema `{schema}`, and this version reads `{REPORT_SCHEMA}`"
    )]
    BaselineSchema {
        /// The file as given.
        path: String,
        /// Its schema.
        schema: String,
    },
    /// A change cannot be told.
    #[error("what changed since `{revision}` cannot be told: {problem}")]
    Change {
        /// The revision as given.
        revision: String,
        /// What is wrong.
        problem: String,
    },
    /// Scenarios were not planned.
    #[error(transparent)]
    Scenarios(#[from] ScenarioError),
    /// The repository cannot be analysed at all.
    #[error("`{path}` {problem}")]
    Path {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A directory of advisories that cannot be listed.
    #[error("the advisory database `{path}` cannot be read: {problem}")]
    AdvisoryDatabase {
        /// The path as given.
        path: String,
        /// What the system said.
        problem: String,
    },
}

impl Explain for WorkflowError {
    fn code(&self) -> &'static str {
        match self {
            Self::Threshold(inner) => inner.code(),
            Self::AboveScale { .. } => "ORC0302",
            Self::Registry(inner) => inner.code(),
            Self::Scenarios(inner) => inner.code(),
            Self::NoAgents { .. } => "ORC0801",
            Self::Repeated { .. } => "ORC0802",
            Self::Unknown { .. } => "ORC0803",
            Self::Path { .. } => "ORC0804",
            Self::Range { .. } => "ORC0850",
            Self::AdvisoryDatabase { .. } => "ORC1401",
            Self::BaselineForm { .. } => "ORC1502",
            Self::BaselineSchema { .. } => "ORC1503",
            Self::Change { .. } => "ORC1504",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Registry(inner) => inner.kind(),
            Self::Scenarios(inner) => inner.kind(),
            Self::Threshold(_)
            | Self::AboveScale { .. }
            | Self::NoAgents { .. }
            | Self::Range { .. }
            | Self::Repeated { .. }
            | Self::Unknown { .. }
            | Self::AdvisoryDatabase { .. }
            | Self::BaselineForm { .. }
            | Self::BaselineSchema { .. }
            | Self::Change { .. }
            | Self::Path { .. } => ErrorKind::Argument,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Threshold(inner) => inner.hints(),
            Self::AboveScale { .. } => {
                vec!["percentages run from 0 to 100, scores from 0 to 10".into()]
            }
            Self::Registry(inner) => inner.hints(),
            Self::Scenarios(inner) => inner.hints(),
            Self::Range { least, most, .. } => vec![format!("give a number from {least} to {most}")],
            Self::NoAgents { .. } => vec!["leave `--agents` out to run all of them".into()],
            Self::Repeated { id } => vec![format!("name `{id}` once")],
            Self::Unknown { near, .. } => match near.first() {
                Some(name) => vec![format!("did you mean `{name}`?")],
                None => vec!["`orchestrate workflows list` shows all of them".into()],
            },
            Self::AdvisoryDatabase { .. } => vec![
                "give the directory of a local copy of RustSec's advisories, or of advisories in the OSV format".into(),
            ],
            Self::BaselineForm { .. } | Self::BaselineSchema { .. } => {
                vec!["make one with `orchestrate release-prep --out baseline.json`".into()]
            }
            Self::Change { .. } => vec![
                "name a commit, branch or tag of this repository; in a shallow clone fetch its history first (`git fetch --unshallow`)".into(),
            ],
            Self::Path { .. } => vec!["give the directory of a repository with `--path`".into()],
        }
    }
}
