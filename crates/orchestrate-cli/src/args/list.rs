//! The registries: agents, strategies, workflows.

use std::path::PathBuf;

use clap::Subcommand;

use super::guide::footer;

macro_rules! registry {
    ($verb:ident, $guide:ident, $word:literal, $list:literal, $given:literal, $name:literal, $example:literal) => {
        /// List all, or show one.
        #[derive(Debug, Subcommand)]
        pub(crate) enum $verb {
            #[doc = $list]
            #[command(after_help = footer([
                                concat!("orchestrate ", $word, " list"),
                                concat!("orchestrate ", $word, " list --json"),
                            ]))]
            List,
            #[doc = "Show one with everything that is known of it"]
            #[command(after_help = footer([
                                concat!("orchestrate ", $word, " show ", $example),
                                concat!("orchestrate ", $word, " show ", $example, " --json"),
                            ]))]
            Show {
                #[doc = $given]
                #[arg(value_name = $name)]
                name: String,
            },
        }

        pub(super) fn $guide() -> String {
            footer(
                [
                    concat!("orchestrate ", $word, " list"),
                    concat!("orchestrate ", $word, " show ", $example),
                ])
        }
    };
}

/// List all, show one, add those of a file, or remove one.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentsVerb {
    /// List all agents
    #[command(after_help = footer(["orchestrate agents list", "orchestrate agents list --json"]))]
    List,
    /// Show one with everything that is known of it
    #[command(after_help = footer([
        "orchestrate agents show security_auditor",
        "orchestrate agents show security_auditor --json",
    ]))]
    Show {
        /// Its name, as in `orchestrate agents list`
        #[arg(value_name = "ID")]
        name: String,
    },
    /// Take an agent of the project out of its file in `.orchestrate/agents`
    #[command(after_help = footer([
        "orchestrate agents remove api_reviewer",
        "orchestrate agents remove api_reviewer --json",
    ]))]
    Remove {
        /// Its name, as in `orchestrate agents list`
        #[arg(value_name = "ID")]
        name: String,
    },
    /// Check a file of agents and copy it to `.orchestrate/agents`
    #[command(after_help = footer([
        "orchestrate agents add ours.yaml",
        "orchestrate agents add ours.yaml --json",
    ]))]
    Add {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(super) fn agents_guide() -> String {
    footer([
        "orchestrate agents list",
        "orchestrate agents show security_auditor",
    ])
}

registry!(
    StrategiesVerb,
    strategies_guide,
    "strategies",
    "List all strategies",
    "Its name, as in `orchestrate strategies list`",
    "NAME",
    "debate"
);
registry!(
    WorkflowsVerb,
    workflows_guide,
    "workflows",
    "List all workflows",
    "Its name, as in `orchestrate workflows list`, or a file",
    "NAME",
    "release-prep"
);
