//! `test-coverage`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::guide::footer;
use super::runs::RecordArgs;
use super::values::percentage;
use super::{LearningArgs, LimitArgs};

/// Measure what the tests reach, write tests for the first gaps, and accept those that prove something
///
/// The project's own tests are run under coverage in a copy of the repository at PATH, and the
/// functions that they do not reach are ranked by what they weigh. Unless the target is reached, tests are written for the
/// first of them: by the model that orchestrate.toml names for `test_generator`, or else as skeletons, which are
/// ignored by their runner and count as nothing. A model's test is run in the copy, with your rights, and is accepted only if it
/// passes alone three times, reaches lines that no test reached, fails for at least one fault planted in them, and
/// breaks no other test. The repository itself is changed only by `--apply`, which overwrites nothing.
#[derive(Debug, Args)]
pub(crate) struct TestCoverageArgs {
    /// The repository
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// The coverage that is wanted, in percent [default: 80]
    #[arg(long, value_name = "PERCENT", value_parser = percentage, allow_negative_numbers = true)]
    pub(crate) target: Option<f64>,
    /// Write tests for so many gaps, the most important first [default: 5]
    #[arg(long, value_name = "COUNT")]
    pub(crate) gaps: Option<u32>,
    /// Write at most so many tests for a gap; each is told why the one before was not accepted [default: 3]
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts: Option<u32>,
    /// Ask no model: measure, and write skeletons
    #[arg(long)]
    pub(crate) no_model: bool,
    /// Write the accepted tests into the repository; files that exist are left alone
    #[arg(long, help_heading = "Output")]
    pub(crate) apply: bool,
    /// Count skeletons among what `--apply` and `--format patch` hand over
    #[arg(long, help_heading = "Output")]
    pub(crate) with_skeletons: bool,
    /// The form of the report [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<CoverageFormat>,
    /// Write the report to FILE in that form (without `--format`, by its ending: .json, .patch, .diff)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// End with 0 in place of 1 when the target is not reached
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,
    /// Longest time for the tests of one project, in seconds [default: 1800]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Programs")]
    pub(crate) test_timeout: Option<u64>,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
}

/// The form of a report on test coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people at a terminal
    Text,
    /// One document, with a schema
    Json,
    /// The accepted tests as a patch, for `git apply`
    Patch,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate test-coverage --target 85 --gaps 10",
        "orchestrate test-coverage --path . --out tests.patch",
    ])
}
