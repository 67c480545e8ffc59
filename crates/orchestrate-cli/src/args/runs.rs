//! `runs`: what was recorded, and what can be done with it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::guide::footer;
use super::values::{Age, Hint, age};

/// Where runs are recorded.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct RecordArgs {
    /// Record the run here: `file:DIR`, `sqlite:FILE` or `postgres://USER@HOST:PORT/DATABASE` [default: `.orchestrate/store.db` of the project]
    #[arg(long, value_name = "URL", conflicts_with = "no_store")]
    pub(crate) store: Option<String>,
    /// Record nothing: the run cannot be resumed or looked at later
    #[arg(long)]
    pub(crate) no_store: bool,
}

/// Where recorded runs are looked for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub(crate) struct FindArgs {
    /// The store: `file:DIR`, `sqlite:FILE` or `postgres://USER@HOST:PORT/DATABASE` [default: that of the settings, or `.orchestrate/store.db` of the project]
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// The project
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// One recorded run.
#[derive(Debug, Clone, Args)]
pub(crate) struct OneRun {
    /// Its name, the beginning or end of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) at: FindArgs,
}

/// What to do with recorded runs.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsVerb {
    /// List the runs, newest first
    #[command(after_help = footer(["orchestrate runs list", "orchestrate runs list --state interrupted --json"]))]
    List {
        /// Only those in this state; may be repeated
        #[arg(long, value_name = "STATE")]
        state: Vec<State>,
        /// At most so many
        #[arg(long, default_value_t = 20, value_name = "COUNT")]
        limit: usize,
        #[command(flatten)]
        at: FindArgs,
    },
    /// Show one run: its steps, what they gave, what it waits for
    #[command(after_help = footer(["orchestrate runs show latest", "orchestrate runs show latest --json"]))]
    Show(OneRun),
    /// Print the events of a run as they are recorded, until it ends or nobody works on it
    #[command(after_help = footer(["orchestrate runs follow latest", "orchestrate runs follow latest --topic 'orchestration.*' --json"]))]
    Follow {
        #[command(flatten)]
        one: OneRun,
        /// Print what is told under a topic instead, for example `orchestration.task_completed` or `team.*`; may be repeated
        #[arg(long = "topic", value_name = "TOPIC")]
        topics: Vec<String>,
    },
    /// Go on with a run where its record ends; what has ended is not run again
    #[command(after_help = footer(["orchestrate runs resume latest", "orchestrate runs resume latest --take-over"]))]
    Resume {
        #[command(flatten)]
        one: OneRun,
        /// Replace a process that still works on it, for example one that hangs; it is refused from then on
        #[arg(long)]
        take_over: bool,
        /// Refuse to go on unless the run was recorded with this plan; says what could be reused
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
    },
    /// Begin a new run that takes over everything before a step, and go on from there
    #[command(after_help = footer([
        "orchestrate runs fork latest --from gather",
        "orchestrate runs fork latest --from 1 --set audience=experts",
    ]))]
    Fork(ForkArgs),
    /// Run the record of a run through the plan again, without any agent, and compare every event
    #[command(after_help = footer(["orchestrate runs replay latest", "orchestrate runs replay latest --json"]))]
    Replay(OneRun),
    /// Compare what two runs came to, step by step
    #[command(after_help = footer(["orchestrate runs diff latest 19ac", "orchestrate runs diff latest latest --json"]))]
    Diff {
        /// The one run
        #[arg(value_name = "RUN")]
        one: String,
        /// The other run
        #[arg(value_name = "OTHER")]
        other: String,
        #[command(flatten)]
        at: FindArgs,
    },
    /// Ask a run to stop, whichever process works on it
    #[command(after_help = footer(["orchestrate runs cancel latest", "orchestrate runs cancel 19ac --json"]))]
    Cancel(OneRun),
    /// Write a run as JSON lines: its plan, then its events
    #[command(after_help = footer(["orchestrate runs export latest --out run.jsonl", "orchestrate runs export latest"]))]
    Export {
        #[command(flatten)]
        one: OneRun,
        /// The file [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Remove runs; shows what it would remove until it is told `--yes`
    #[command(after_help = footer(["orchestrate runs prune --keep 50", "orchestrate runs prune --older-than 30 --yes"]))]
    Prune(PruneArgs),
    /// Check every entry of every run against its digests
    #[command(after_help = footer(["orchestrate runs verify", "orchestrate runs verify --json"]))]
    Verify {
        #[command(flatten)]
        at: FindArgs,
    },
}

/// What a fork begins with.
#[derive(Debug, Args)]
pub(crate) struct ForkArgs {
    #[command(flatten)]
    pub(crate) one: OneRun,
    /// The first step that is run again, as `runs show` names it
    #[arg(long, value_name = "STEP")]
    pub(crate) from: String,
    /// Another value of the task's context for everything that is run again, for example `audience=experts`
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Hint>,
}

/// Which runs are removed. Those that have not ended stay, unless they are named.
#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Runs to be removed by name, whatever their state; damaged ones too
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<String>,
    /// Keep the newest so many that have ended
    #[arg(long, value_name = "COUNT")]
    pub(crate) keep: Option<usize>,
    /// Only those that ended so long ago, for example `30d`, `12h` or `2w`; a number alone means days
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(crate) older_than: Option<Age>,
    /// Remove them, and do not only show them
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) at: FindArgs,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// A process works on it
    Running,
    /// It has not ended and nobody works on it
    Interrupted,
    /// It waits for a decision
    Paused,
    /// It is over
    Ended,
}

pub(super) fn guide() -> String {
    footer(["orchestrate runs list", "orchestrate runs resume latest"])
}
