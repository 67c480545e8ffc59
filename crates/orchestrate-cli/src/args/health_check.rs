//! `health-check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use orchestrate_workflows::health_check;

use super::guide::footer;
use super::runs::RecordArgs;
use super::values::percentage;
use super::{LearningArgs, LimitArgs, MeasureArgs, TestArgs};

/// Say how well a project is, which way it is going, and what would help most
///
/// Agents measure the project at PATH in parallel, one for each category: security, coverage and
/// quality daily; performance and documentation as well weekly; architecture as well for a release.
/// The score is the weighted mean over what was measured, and there is a grade only when at least
/// 65 % of the weight was. Each check is kept in the store and held beside the last one of its mode.
/// Works offline, changes nothing, and starts no program unless told to (`--run-tests`).
#[derive(Debug, Args)]
pub(crate) struct HealthCheckArgs {
    /// The project
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// How much is looked at [default: daily]
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Option<Mode>,
    /// The least score that passes, from 0 to 100 [default: 70]
    #[arg(long, value_name = "SCORE", value_parser = percentage, allow_negative_numbers = true)]
    pub(crate) fail_under: Option<f64>,
    /// Check nothing: list the earlier checks, newest first; of all modes unless `--mode` names one
    #[arg(long, conflicts_with_all = ["fail_under", "run_tests", "out", "format", "no_store"], help_heading = "History")]
    pub(crate) history: bool,
    /// List so many at most
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 20,
        requires = "history",
        help_heading = "History"
    )]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) tests: TestArgs,
    /// The form of the report [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<HealthFormat>,
    /// Write the report to FILE in that form (without `--format`, by its ending: .json, .md)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// End with 0 in place of 1 when the score is too low
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) measure: MeasureArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Security, coverage, quality
    Daily,
    /// Performance and documentation as well
    Weekly,
    /// Architecture as well
    Release,
}

impl Mode {
    /// All of them as they are written, for the settings.
    pub(crate) const WORDS: &[&str] = &["daily", "weekly", "release"];
}

impl From<Mode> for health_check::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Daily => Self::Daily,
            Mode::Weekly => Self::Weekly,
            Mode::Release => Self::Release,
        }
    }
}

/// The form of a health report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HealthFormat {
    /// For people at a terminal
    Text,
    /// One document, with a schema
    Json,
    /// For a pull request or a wiki
    Markdown,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate health-check --mode weekly --run-tests",
        "orchestrate health-check --history",
    ])
}
