//! `scenarios`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use orchestrate_workflows::scenarios;

use super::guide::footer;
use super::runs::RecordArgs;
use super::values::{At, Bound, share};
use super::{Decision, LimitArgs, MeasureArgs};

/// Run one skill at several difficulties side by side, and say how it scales and how far to trust it
///
/// A program, an agent or a workflow is given 1, 3 and 8 times the items, within 30, 90 and 300 seconds. Each
/// portion is a step that is recorded and retried by itself; a scenario that fails stops no other. The report
/// compares what was measured, names the class in which time grows where the points tell it from all others, and
/// recommends the hardest scenario that kept to its time, memory, tolerance and quality. FILE sets scenarios of
/// your own; `orchestrate schema scenarios-file` describes it.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("skill").required(true).multiple(false).args(["file", "command", "agent", "workflow"]))]
pub(crate) struct ScenariosArgs {
    /// A file that describes scenarios, in YAML or JSON
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A program with its arguments, without a shell; `{items}`, `{input}`, `{offset}`, `{batch}` and `{scenario}` are replaced
    #[arg(long, value_name = "WORDS")]
    pub(crate) command: Option<scenarios::Words>,
    /// An agent, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// A workflow: its file, or the name of one in `.orchestrate/workflows`; it is given its input `items` (a list), `count`, or both
    #[arg(long, value_name = "FILE|NAME")]
    pub(crate) workflow: Option<String>,
    /// Where programs run, and the project of agents and workflows
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// Items of the first scenario [default: as many as the input has for all scenarios, or 100]
    #[arg(long, value_name = "COUNT")]
    pub(crate) items: Option<u64>,
    /// A file with the items: a JSON array (.json), JSON lines (.jsonl), or an item a line; numbers without it
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// How items are handed out [default: growing for commands without a batch size, otherwise batches]
    #[arg(long, value_name = "HOW")]
    pub(crate) portions: Option<Portions>,
    /// How scenarios keep step [default: free-running]
    #[arg(long, value_name = "HOW")]
    pub(crate) sync: Option<Sync>,
    /// Only this scenario; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Scenarios at the same time [default: all]
    #[arg(long, value_name = "COUNT")]
    pub(crate) width: Option<u32>,
    /// How often a portion is tried at most [default: 3]
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts: Option<u32>,
    /// Items in a batch, in every scenario
    #[arg(
        long,
        value_name = "COUNT",
        help_heading = "What each scenario keeps to"
    )]
    pub(crate) batch_size: Option<u64>,
    /// Memory that the program may use, in every scenario
    #[arg(long, value_name = "MB", help_heading = "What each scenario keeps to")]
    pub(crate) memory_limit: Option<u64>,
    /// The share of its portions that may fail, from 0 to 1, in every scenario [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "What each scenario keeps to")]
    pub(crate) error_tolerance: Option<f64>,
    /// Wait for a person after this milestone, in percent, in every scenario; may be repeated
    #[arg(
        long,
        value_name = "PERCENT",
        help_heading = "What each scenario keeps to"
    )]
    pub(crate) pause_after: Vec<u8>,
    /// Read a figure from the JSON that the skill writes, for example `accuracy=/scores/accuracy`; may be repeated
    #[arg(
        long,
        value_name = "NAME=POINTER",
        help_heading = "What each scenario keeps to"
    )]
    pub(crate) metric: Vec<At>,
    /// The least of a metric that is good enough, for example `accuracy=0.9`; may be repeated
    #[arg(
        long,
        value_name = "NAME=NUMBER",
        help_heading = "What each scenario keeps to"
    )]
    pub(crate) min: Vec<Bound>,
    /// The most of a metric that is good enough; may be repeated
    #[arg(
        long,
        value_name = "NAME=NUMBER",
        help_heading = "What each scenario keeps to"
    )]
    pub(crate) max: Vec<Bound>,
    /// The form of the report [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<ScenariosFormat>,
    /// Write the report to FILE in that form (without `--format`, by its ending: .json, .svg)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// End with 0 in place of 1 when a scenario did not hold
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_zero: bool,
    /// The answer to a step that asks, for example `simple/simple_pause_50=approve`; may be repeated
    #[arg(long = "decide", value_name = "STEP=DECISION")]
    pub(crate) decide: Vec<Decision>,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) measure: MeasureArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// How items are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Portions {
    /// At each milestone all items up to it: five inputs that grow
    Growing,
    /// Each item once
    Batches,
}

impl From<Portions> for scenarios::Portions {
    fn from(portions: Portions) -> Self {
        match portions {
            Portions::Growing => Self::Growing,
            Portions::Batches => Self::Batches,
        }
    }
}

/// How scenarios keep step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sync {
    /// Not at all
    FreeRunning,
    /// At 30, 50, 70, 90 and 100 % all wait for each other
    Milestone,
    /// Each portion waits until all have ended the one before
    LockStep,
}

impl From<Sync> for scenarios::Sync {
    fn from(sync: Sync) -> Self {
        match sync {
            Sync::FreeRunning => Self::FreeRunning,
            Sync::Milestone => Self::Milestone,
            Sync::LockStep => Self::LockStep,
        }
    }
}

/// The form of a report on scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScenariosFormat {
    /// For people at a terminal
    Text,
    /// One document, with a schema
    Json,
    /// A picture: when each scenario worked, how time grows, how metrics went
    Svg,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate scenarios --command \"sort {input}\" --items 20000",
        "orchestrate scenarios --command \"python3 classify.py\" --input tickets.jsonl --metric accuracy=/accuracy --min accuracy=0.9",
    ])
}
