//! `release-prep`: the main job.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use orchestrate_workflows::external::ExternalTool;

use super::guide::footer;
use super::runs::RecordArgs;
use super::values::{percentage, score, tool};
use super::{LearningArgs, LimitArgs, MeasureArgs, TestArgs};

/// Say whether a repository is ready to be released
///
/// Four agents measure the repository at PATH in parallel: security, test coverage, code quality
/// and documentation. Works offline, changes nothing, and writes only its own
/// record under `.orchestrate/`. Starts no program unless told to (`--run-tests`, `--with`,
/// `--diff`). What cannot be measured is said so, with
/// the command that would measure it, and never counts as passed.
#[derive(Debug, Args)]
pub(crate) struct ReleasePrepArgs {
    /// The repository
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// Least test coverage in percent [default: 80]
    #[arg(long, value_name = "PERCENT", value_parser = percentage, allow_negative_numbers = true, help_heading = "Gates")]
    pub(crate) min_coverage: Option<f64>,
    /// Least quality score, from 0 to 10 [default: 7]
    #[arg(long, value_name = "SCORE", value_parser = score, allow_negative_numbers = true, help_heading = "Gates")]
    pub(crate) min_quality: Option<f64>,
    /// Most critical security findings [default: 0]
    #[arg(
        long,
        value_name = "COUNT",
        allow_negative_numbers = true,
        help_heading = "Gates"
    )]
    pub(crate) max_critical: Option<u32>,
    /// Least share of documented public items in percent [default: 100]
    #[arg(long, value_name = "PERCENT", value_parser = percentage, allow_negative_numbers = true, help_heading = "Gates")]
    pub(crate) min_docs: Option<f64>,
    /// What makes a release not ready: a failed critical gate, or any failed gate [default: critical]
    #[arg(long, value_name = "LEVEL", help_heading = "Gates")]
    pub(crate) fail_on: Option<FailOn>,
    /// The agents, separated by commas; also architecture_analyst, performance_optimizer and
    /// refactoring_specialist [default: the four above]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) agents: Vec<String>,
    #[command(flatten)]
    pub(crate) tests: TestArgs,
    /// Run these tools of yours as well and merge what they find, separated by commas: ruff, bandit,
    /// semgrep, gosec, clippy, cargo-audit, eslint
    #[arg(long, value_name = "TOOL", value_delimiter = ',', value_parser = tool, help_heading = "Programs")]
    pub(crate) with: Vec<ExternalTool>,
    /// Longest time for each tool, in seconds [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Programs")]
    pub(crate) tool_timeout: Option<u64>,
    /// List only findings that FILE, an earlier report in JSON, does not hold; the gate over critical
    /// findings counts only these
    #[arg(long, value_name = "FILE", help_heading = "Scope")]
    pub(crate) baseline: Option<PathBuf>,
    /// List only findings on lines and files changed since REVISION and this state parted, by `git
    /// diff`; the gate over critical findings counts only these
    #[arg(long, value_name = "REVISION", help_heading = "Scope")]
    pub(crate) diff: Option<String>,
    /// The form of the report [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<Format>,
    /// Write the report to FILE in that form (without `--format`, by its ending: .json, .md, .sarif,
    /// .xml, .html)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Report to a code host as well: annotations, the summary of the job, and SARIF in `--out FILE`
    /// or `orchestrate.sarif`
    #[arg(long, value_name = "HOST", help_heading = "Output")]
    pub(crate) ci: Option<Ci>,
    /// End with 0 in place of 1 when the repository is not ready
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

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people at a terminal
    Text,
    /// One document, with a schema
    Json,
    /// For a pull request or a wiki
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for everything that shows test results
    Junit,
    /// Annotations for a workflow on GitHub, at most 10 of each kind
    Github,
    /// One self-contained page
    Html,
}

impl Format {
    /// All of them as they are written, for the settings.
    pub(crate) const WORDS: &[&str] = &[
        "text", "json", "markdown", "sarif", "junit", "github", "html",
    ];
}

/// A host that runs the program and shows what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    /// GitHub Actions
    Github,
}

/// What makes a release not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// A failed critical gate
    Critical,
    /// Any failed gate
    Warn,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate release-prep --path . --run-tests",
        "orchestrate release-prep --min-coverage 70 --out report.html",
    ])
}
