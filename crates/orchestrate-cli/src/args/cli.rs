//! The program as a whole: what holds for every verb, and which verbs there are.

use clap::{Args, ColorChoice, Parser, Subcommand};

use super::{
    AgentsVerb, ApprovalsVerb, CompletionsArgs, ConfigVerb, DoctorArgs, ExplainArgs, FmtArgs,
    HealthCheckArgs, InitArgs, LessonsVerb, NotesVerb, PageArgs, PlanArgs, ReleasePrepArgs,
    RunArgs, RunsVerb, ScenariosArgs, SessionsVerb, StrategiesVerb, TestCoverageArgs, ValidateArgs,
    WorkflowsVerb, approvals, compose, format, guide, health_check, help, learning, list, memory,
    release_prep, runs, scenarios, test_coverage, validate,
};

/// Compose teams of agents, run them within limits, and report only what was measured.
#[derive(Debug, Parser)]
#[command(name = "orchestrate", version, arg_required_else_help = true)]
#[command(subcommand_required = true, max_term_width = 100)]
#[command(after_help = guide::overview())]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb understands, before or after its name.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print exactly one JSON document on stdout, errors included
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; `NO_COLOR` is honoured [default: auto]
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = false)]
    pub(crate) color: Option<ColorChoice>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more on stderr: what starts and ends, where the settings are from, what was learned
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(after_help = release_prep::guide())]
    ReleasePrep(ReleasePrepArgs),
    #[command(after_help = health_check::guide())]
    HealthCheck(HealthCheckArgs),
    #[command(after_help = scenarios::guide())]
    Scenarios(ScenariosArgs),
    #[command(after_help = test_coverage::guide())]
    TestCoverage(TestCoverageArgs),
    #[command(after_help = compose::run_guide())]
    Run(RunArgs),
    #[command(after_help = compose::plan_guide())]
    Plan(PlanArgs),
    #[command(after_help = validate::validate_guide())]
    Validate(ValidateArgs),
    #[command(after_help = format::guide())]
    Fmt(FmtArgs),
    /// Look at recorded runs, go on with them, fork, compare, remove them
    #[command(subcommand, after_help = runs::guide())]
    Runs(RunsVerb),
    /// Look at what waits for a person, and decide it
    #[command(subcommand, after_help = approvals::guide())]
    Approvals(ApprovalsVerb),
    /// Look at the conversations that agents go on with from run to run, and remove them
    #[command(subcommand, after_help = memory::sessions_guide())]
    Sessions(SessionsVerb),
    /// Look at the short texts that agents keep by a key, and remove them
    #[command(subcommand, after_help = memory::notes_guide())]
    Notes(NotesVerb),
    /// List or show the agents that a team can have
    #[command(subcommand, after_help = list::agents_guide())]
    Agents(AgentsVerb),
    /// List or show the ways in which a team can work together
    #[command(subcommand, after_help = list::strategies_guide())]
    Strategies(StrategiesVerb),
    /// List or show workflows: the prebuilt ones, those of the project, or one in a file
    #[command(subcommand, after_help = list::workflows_guide())]
    Workflows(WorkflowsVerb),
    /// Show what runs have taught, and decide what planners make of it
    #[command(subcommand, after_help = learning::lessons_guide())]
    Lessons(LessonsVerb),
    /// Show the settings and where they come from
    #[command(subcommand, after_help = help::config_guide())]
    Config(ConfigVerb),
    #[command(after_help = help::doctor_guide())]
    Doctor(DoctorArgs),
    #[command(after_help = help::init_guide())]
    Init(InitArgs),
    /// Watch a whole run with prepared answers: no key, no network, no settings
    #[command(after_help = help::demo_guide())]
    Demo,
    #[command(after_help = help::explain_guide())]
    Explain(ExplainArgs),
    #[command(after_help = help::completions_guide())]
    Completions(CompletionsArgs),
    /// Print the JSON Schema of a document that this program writes
    #[command(after_help = help::schema_guide())]
    Schema(PageArgs),
    /// Print a generated page of the documentation as Markdown
    #[command(after_help = help::docs_guide())]
    Docs(PageArgs),
}
