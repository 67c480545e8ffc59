//! What was learned: where it is kept, whether it is used, and the verbs that look at it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::guide::footer;
use super::values::{Hint, days, share};

/// Whether lessons are used and recorded.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Learning")]
pub(crate) struct LearningArgs {
    /// Neither use what was learned nor record what this run teaches
    #[arg(long)]
    pub(crate) no_learning: bool,
}

/// How lessons are weighed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Learning")]
pub(crate) struct WeighArgs {
    /// Share of plans, from 0 to 1, that may try another composition than the best known one [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) explore: Option<f64>,
    /// Seed of that choice; the plan names it [default: from the task and what was learned]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Let an outcome weigh half after so many days [default: all weigh the same]
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub(crate) half_life: Option<f64>,
}

/// What to do with what was learned.
#[derive(Debug, Subcommand)]
pub(crate) enum LessonsVerb {
    /// List what was learned, the best first for each kind of task
    #[command(after_help = footer([
        "orchestrate lessons list",
        "orchestrate lessons list --pattern release_prep --json",
    ]))]
    List {
        /// Only for this kind of task
        #[arg(long, value_name = "PATTERN")]
        pattern: Option<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show one lesson: the composition, its record, and the runs it comes from
    #[command(after_help = footer([
        "orchestrate lessons show parallel-1f2e3d4c5b6a",
        "orchestrate lessons show parallel-1f --json",
    ]))]
    Show {
        /// Its id; may be shortened
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show the best composition for a task or a kind of task
    #[command(after_help = footer([
        "orchestrate lessons best release_prep",
        "orchestrate lessons best \"Review security and test coverage\"",
    ]))]
    Best {
        /// A kind of task as `lessons list` names it, or a task in words
        task: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Find patterns that have proven themselves, by what is known of a situation
    #[command(after_help = footer([
        "orchestrate lessons find task_pattern=release_prep",
        "orchestrate lessons find strategy=debate --tag security --json",
    ]))]
    Find {
        /// What is known, for example `task_pattern=release_prep`
        #[arg(value_name = "KEY=VALUE")]
        context: Vec<Hint>,
        /// A word that the patterns are to have; may be repeated
        #[arg(long = "tag", value_name = "WORD")]
        tags: Vec<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Keep planners from using a lesson
    #[command(after_help = footer([
        "orchestrate lessons disable parallel-1f2e3d4c5b6a",
        "orchestrate lessons disable parallel-1f --json",
    ]))]
    Disable {
        /// Its id; may be shortened
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Let planners use a lesson again
    #[command(after_help = footer([
        "orchestrate lessons enable parallel-1f2e3d4c5b6a",
        "orchestrate lessons enable parallel-1f --json",
    ]))]
    Enable {
        /// Its id; may be shortened
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Remove a lesson, its record, and the pattern that came from it
    #[command(after_help = footer([
        "orchestrate lessons forget parallel-1f2e3d4c5b6a",
        "orchestrate lessons forget parallel-1f --json",
    ]))]
    Forget {
        /// Its id; may be shortened
        id: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Take over compositions with the record they have: what `lessons list --json` printed elsewhere, or JSON files of other systems
    #[command(after_help = footer([
        "orchestrate lessons import lessons.json",
        "orchestrate lessons import compositions/ --store file:lessons",
    ]))]
    Import {
        /// A directory of JSON files, or one file
        path: PathBuf,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

impl LessonsVerb {
    /// Which store is asked.
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::List { place, .. }
            | Self::Show { place, .. }
            | Self::Best { place, .. }
            | Self::Find { place, .. }
            | Self::Disable { place, .. }
            | Self::Enable { place, .. }
            | Self::Forget { place, .. }
            | Self::Import { place, .. } => place,
        }
    }
}

/// Which store.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlaceArgs {
    /// Where lessons are kept: `file:DIR`, `sqlite:FILE` or `postgres://USER@HOST:PORT/DATABASE` [default: sqlite:.orchestrate/store.db in the project]
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

pub(super) fn lessons_guide() -> String {
    footer([
        "orchestrate lessons list",
        "orchestrate lessons best release_prep",
    ])
}
