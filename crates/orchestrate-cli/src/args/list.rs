//! The registries: agents, strategies, workflows.

use clap::Subcommand;

use super::guide::footer;
use crate::exit::Exit;

macro_rules! registry {
    ($verb:ident, $guide:ident, $word:literal, $name:literal, $example:literal) => {
        /// List all, or show one.
        #[derive(Debug, Subcommand)]
        pub(crate) enum $verb {
            #[doc = concat!("List all ", $word)]
            #[command(after_help = footer([
                                concat!("orchestrate ", $word, " list"),
                                concat!("orchestrate ", $word, " list --json"),
                            ], &[Exit::Yes]))]
            List,
            #[doc = "Show one with everything that is known of it"]
            #[command(after_help = footer([
                                concat!("orchestrate ", $word, " show ", $example),
                                concat!("orchestrate ", $word, " show ", $example, " --json"),
                            ], &[Exit::Yes]))]
            Show {
                #[doc = concat!("Its name, as in `orchestrate ", $word, " list`")]
                #[arg(value_name = $name)]
                name: String,
            },
        }

        pub(super) fn $guide() -> String {
            footer(
                [
                    concat!("orchestrate ", $word, " list"),
                    concat!("orchestrate ", $word, " show ", $example),
                ],
                &[Exit::Yes],
            )
        }
    };
}

registry!(AgentsVerb, agents_guide, "agents", "ID", "security_auditor");
registry!(
    StrategiesVerb,
    strategies_guide,
    "strategies",
    "NAME",
    "debate"
);
registry!(
    WorkflowsVerb,
    workflows_guide,
    "workflows",
    "NAME",
    "release-prep"
);
