//! `validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::guide::footer;

/// Say everything that is wrong with workflow and agent files, with positions; runs nothing
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The form of the problems; `--json` is one document
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<ProblemFormat>,
    /// The project whose agents and workflows can be named
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// The form in which problems are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProblemFormat {
    /// For people
    Text,
    /// Annotations of GitHub Actions
    Github,
}

pub(super) fn validate_guide() -> String {
    footer([
        "orchestrate validate release.yaml",
        "orchestrate validate release.yaml .orchestrate/agents/ours.yaml --format github",
    ])
}
