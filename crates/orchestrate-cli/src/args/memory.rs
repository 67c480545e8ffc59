//! `sessions` and `notes`: what agents keep from run to run, for people to look at and to remove.

use clap::{Args, Subcommand};

use super::guide::footer;
use super::runs::FindArgs;
use super::values::{Age, age};

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsVerb {
    /// List the sessions, the last used first
    #[command(after_help = footer(["orchestrate sessions list", "orchestrate sessions list --json"]))]
    List {
        #[command(flatten)]
        at: FindArgs,
    },
    /// Show what was said in a session, agent by agent; credentials are masked
    #[command(after_help = footer(["orchestrate sessions show latest", "orchestrate sessions show login --json"]))]
    Show {
        /// Its name, the beginning or end of it, or `latest`
        #[arg(value_name = "SESSION")]
        session: String,
        #[command(flatten)]
        at: FindArgs,
    },
    /// Remove sessions; shows what it would remove until it is told `--yes`
    #[command(after_help = footer(["orchestrate sessions forget login --yes", "orchestrate sessions forget --older-than 30d"]))]
    Forget(ForgetArgs),
}

/// What to do with notes.
#[derive(Debug, Subcommand)]
pub(crate) enum NotesVerb {
    /// List the notes by their keys
    #[command(after_help = footer(["orchestrate notes list", "orchestrate notes list --json"]))]
    List {
        #[command(flatten)]
        at: FindArgs,
    },
    /// Show a note; credentials are masked
    #[command(after_help = footer(["orchestrate notes show build", "orchestrate notes show build --json"]))]
    Show {
        /// Its key, the beginning or end of it, or `latest`
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        at: FindArgs,
    },
    /// Remove notes; shows what it would remove until it is told `--yes`
    #[command(after_help = footer(["orchestrate notes forget build --yes", "orchestrate notes forget --all"]))]
    Forget(ForgetArgs),
}

/// Which of them are removed.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Those of these names, which may be shortened, or `latest`
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Those that were last written so long ago, for example `30d`, `12h` or `2w`; a number alone means days
    #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "names")]
    pub(crate) older_than: Option<Age>,
    /// All of them
    #[arg(long, conflicts_with_all = ["names", "older_than"])]
    pub(crate) all: bool,
    /// Remove them, and do not only show them
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) at: FindArgs,
}

pub(super) fn sessions_guide() -> String {
    let examples = [
        "orchestrate sessions list",
        "orchestrate sessions show latest",
    ];
    footer(examples)
}

pub(super) fn notes_guide() -> String {
    let examples = ["orchestrate notes list", "orchestrate notes show build"];
    footer(examples)
}
