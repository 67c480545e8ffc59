//! The verbs that help people: settings, explanations, completions, generated pages.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::guide::footer;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// List every setting with its value
    #[command(after_help = config_guide())]
    List {
        /// Show where each value comes from
        #[arg(long)]
        origin: bool,
    },
}

/// Say what is installed, found and configured; works offline and changes nothing
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Try to reach the providers of the models, and start or reach the MCP servers to ask for their tools; the one thing here that uses the network
    #[arg(long)]
    pub(crate) check: bool,
}

/// Write an `orchestrate.toml` and a workflow to start from; writes over nothing
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The directory of the project
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) path: PathBuf,
}

/// Explain a code that was printed: an error such as `ORC0201`, or a rule such as `secrets.aws-access-key`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code or rule; without it all are listed
    pub(crate) code: Option<String>,
}

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// A generated page or schema.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// Its name
    #[arg(required_unless_present = "list")]
    pub(crate) name: Option<String>,
    /// Print the names, one a line
    #[arg(long, conflicts_with = "name")]
    pub(crate) list: bool,
}

pub(super) fn config_guide() -> String {
    footer([
        "orchestrate config list --origin",
        "orchestrate config list --json",
    ])
}

pub(super) fn doctor_guide() -> String {
    footer(["orchestrate doctor", "orchestrate doctor --check --json"])
}

pub(super) fn init_guide() -> String {
    footer(["orchestrate init", "orchestrate init --path ../other"])
}

pub(super) fn demo_guide() -> String {
    footer(["orchestrate demo", "orchestrate demo --json"])
}

pub(super) fn explain_guide() -> String {
    footer(["orchestrate explain ORC0201", "orchestrate explain"])
}

pub(super) fn completions_guide() -> String {
    footer([
        "orchestrate completions bash > orchestrate.bash",
        "orchestrate completions zsh > _orchestrate",
    ])
}

pub(super) fn schema_guide() -> String {
    footer(["orchestrate schema plan", "orchestrate schema --list"])
}

pub(super) fn docs_guide() -> String {
    footer(["orchestrate docs exit-codes", "orchestrate docs --list"])
}
