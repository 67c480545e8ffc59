//! `plan` and `run`: a task in words, or a plan that was saved.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use orchestrate_core::task::DecompositionStrategy;

use super::MeasureArgs;
use super::guide::footer;
use super::learning::{LearningArgs, PlaceArgs, WeighArgs};
use super::runs::RecordArgs;
use super::values::{Decision, Hint};

/// A task and what is known about it.
#[derive(Debug, Clone, Args)]
pub(crate) struct TaskArgs {
    /// What is known about the task, for example `domain=security`; may be repeated
    #[arg(long = "hint", value_name = "KEY=VALUE")]
    pub(crate) hints: Vec<Hint>,
    /// Take the task apart into sub-tasks: sequential, parallel or hierarchical
    #[arg(long, value_name = "WAY")]
    pub(crate) decompose: Option<DecompositionStrategy>,
    /// Who composes the team: the rules, or a model whose answer is checked like any other plan
    #[arg(
        long,
        value_name = "WHO",
        default_value = "rules",
        conflicts_with = "decompose"
    )]
    pub(crate) planner: Planner,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) learning: LearningArgs,
    #[command(flatten)]
    pub(crate) weigh: WeighArgs,
}

/// Who composes a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Planner {
    /// Words, hints and lessons; offline, and the same every time
    Rules,
    /// The model that `planner` under `[models.agents]` names, else that of the tier `capable`
    Model,
}

/// Hard limits of a run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Most attempts of agents
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_calls: Option<u64>,
    /// Most tokens
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_tokens: Option<u64>,
    /// Most cost, in US dollars by the table of prices; agents that ask no model cost nothing
    #[arg(long, value_name = "UNITS", value_parser = super::values::threshold)]
    pub(crate) max_cost: Option<f64>,
    /// Longest time of the whole run, in seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_seconds: Option<u64>,
    /// Most agents at the same time
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) concurrency: Option<u32>,
    /// Most workflows, calls and expansions inside each other
    #[arg(long, value_name = "LEVELS")]
    pub(crate) max_depth: Option<u32>,
    /// Most items of one list that is spread, and most sub-tasks that are handed out at once
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_width: Option<u32>,
}

/// Compose a team for a task and run it, run a workflow, or run a saved plan exactly as saved
///
/// Limits can only be tighter than those of a saved plan. Agents that the built-in analysis cannot run ask the models named in orchestrate.toml; those that nothing can run are reported as not executed.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The task in words, or a workflow: its file, or the name of one in `.orchestrate/workflows`
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    pub(crate) task: Option<String>,
    /// An input of the workflow, for example `version=v1`; may be repeated
    #[arg(long = "input", value_name = "NAME=VALUE", conflicts_with = "plan")]
    pub(crate) inputs: Vec<Hint>,
    /// A plan saved by `orchestrate plan --out`, or a plan of your own as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "hints")]
    pub(crate) plan: Option<PathBuf>,
    /// Write down what models and tools answer, with credentials masked
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "replay_traffic",
        help_heading = "Recordings"
    )]
    pub(crate) record_traffic: Option<PathBuf>,
    /// Let models and tools answer as in this recording; fail on anything that it does not hold, and where calls of it are not made
    #[arg(long, value_name = "FILE", help_heading = "Recordings")]
    pub(crate) replay_traffic: Option<PathBuf>,
    /// Do not ask before a plan is run that the planner is not sure of
    #[arg(long)]
    pub(crate) yes: bool,
    /// The answer to a step that asks, by the step's path, for example `gate=approve`; may be repeated
    #[arg(long = "decide", value_name = "STEP=DECISION")]
    pub(crate) decide: Vec<Decision>,
    /// Go on with the conversations of this session, kept from run to run: each agent hears again what it said
    #[arg(long, value_name = "NAME", conflicts_with = "no_store", value_parser = super::values::session)]
    pub(crate) session: Option<String>,
    /// The repository that the agents work on
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// Come back as soon as the run is recorded; it goes on by itself
    #[arg(long, conflicts_with = "no_store")]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) measure: MeasureArgs,
    #[command(flatten)]
    pub(crate) about: TaskArgs,
}

/// Show the team, the strategy, the bounds and the reasons for a task or a workflow, and run nothing
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The task in words, or a workflow: its file, or the name of one in `.orchestrate/workflows`
    pub(crate) task: String,
    /// An input of the workflow, for example `version=v1`; may be repeated
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<Hint>,
    /// The project whose agents and workflows can be named
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
    /// Save the plan; `orchestrate run --plan FILE` runs it exactly as saved
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
    /// Print only the graph, in this form
    #[arg(long, value_name = "FORM", help_heading = "Output")]
    pub(crate) graph: Option<Graph>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) about: TaskArgs,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Graph {
    /// An indented tree
    Text,
    /// For Markdown pages
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
}

pub(super) fn run_guide() -> String {
    footer([
        "orchestrate run \"Review security and test coverage\" --path .",
        "orchestrate run release.yaml --input version=v1.2.0",
    ])
}

pub(super) fn plan_guide() -> String {
    footer([
        "orchestrate plan \"Prepare for release\" --out plan.json",
        "orchestrate plan \"Review the login\" --hint domain=security,testing --graph mermaid",
    ])
}
