//! `approvals`: what waits for a person, in all recorded runs of a project.

use clap::{Args, Subcommand};

use super::FindArgs;
use super::guide::footer;

/// What to do with questions that runs wait for.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsVerb {
    /// List the open questions
    #[command(after_help = footer(["orchestrate approvals list", "orchestrate approvals list --json"]))]
    List {
        #[command(flatten)]
        at: FindArgs,
    },
    /// Show one question with everything that is to be seen before it is decided
    #[command(after_help = footer(["orchestrate approvals show latest gate", "orchestrate approvals show latest gate --json"]))]
    Show {
        #[command(flatten)]
        about: Question,
    },
    /// Decide; the first decision counts, and a run that waits goes on with `runs resume`
    #[command(after_help = footer([
        "orchestrate approvals decide latest gate approve",
        "orchestrate approvals decide latest gate reject --comment \"not this week\"",
    ]))]
    Decide {
        #[command(flatten)]
        about: Question,
        /// One of the decisions that `approvals show` lists
        #[arg(value_name = "DECISION")]
        decision: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        /// Who decides [default: the user]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// One question.
#[derive(Debug, Clone, Args)]
pub(crate) struct Question {
    /// The run: its name, the beginning or end of it, or `latest`
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The step that asks, as `approvals list` names it
    #[arg(value_name = "STEP")]
    pub(crate) step: String,
    #[command(flatten)]
    pub(crate) at: FindArgs,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate approvals list",
        "orchestrate approvals decide latest gate approve",
    ])
}
