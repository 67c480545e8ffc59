//! The errors of the command line itself, and the one form in which every error reaches a person.

use std::error::Error;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use orchestrate_core::error::{ErrorKind, Explain, similar};
use serde_json::{Value, json};

use crate::exit::Exit;

/// An error with everything that is needed to show it: no verb prints one by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Stable code; `orchestrate explain` has its page.
    pub(crate) code: &'static str,
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What happened.
    pub(crate) message: String,
    /// Why, outermost cause first.
    pub(crate) causes: Vec<String>,
    /// What to do next, most useful first.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// The failure as the one document that `--json` promises.
    pub(crate) fn document(&self) -> Value {
        json!({"error": {
            "code": self.code,
            "message": self.message,
            "causes": self.causes,
            "hints": self.hints,
            "exit_code": self.exit.code(),
        }})
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self {
            code: error.code(),
            exit: Exit::of_kind(error.kind()),
            message: error.to_string(),
            causes,
            hints: error.hints(),
        }
    }
}

/// What goes wrong in the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{message}")]
    Arguments { message: String, hints: Vec<String> },
    #[error("`{}` cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{}` cannot be written: {problem}", path.display())]
    Out {
        path: PathBuf,
        problem: &'static str,
    },
    #[error("`{}` cannot be appended to", path.display())]
    Append {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the configuration is not usable\n{}", problems.join("\n"))]
    Settings { problems: Vec<String> },
    #[error("{problem}")]
    Definition { problem: String },
    #[error("`{}` is not a saved plan", path.display())]
    PlanForm {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{}` was changed after it was saved: its digest is {actual}, the saved one is {saved}", path.display())]
    PlanChanged {
        path: PathBuf,
        saved: String,
        actual: String,
    },
    #[error("`{}` has the format `{format}`, and this version reads `{}`", path.display(), orchestrate_core::plan::PLAN_FORMAT)]
    PlanFormat { path: PathBuf, format: String },
    #[error(
        "model `{model}` of agent `{agent}` has no known price, so a limit of cost cannot be kept"
    )]
    Unpriced { model: String, agent: String },
    #[error("no model is named that could plan")]
    NoPlanner,
    #[error("the limit of {limit} was reached while a model planned (it used {used})")]
    PlanningLimit {
        limit: &'static str,
        /// What raises it.
        flag: &'static str,
        used: String,
    },
    #[error("`[{section}]`: {problem}")]
    Service { section: String, problem: String },
    #[error("`{}` is not a recording that this version can play back", path.display())]
    Recording { path: PathBuf },
    #[error("this is another run than the recorded one: {calls} of its calls were not made")]
    Unplayed { calls: NonZeroUsize },
    #[error("the run was begun on other items, or with another version of them")]
    OtherItems,
    #[error("`{}` cannot be written", path.display())]
    Init {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("provider `{provider}`: {problem}")]
    Provider { provider: String, problem: String },
    #[error("unknown {what} `{given}`{}", listed(possible))]
    Unknown {
        what: &'static str,
        given: String,
        possible: Vec<String>,
        list: &'static str,
    },
    #[error("the terminal or pipe cannot be written to")]
    Output(#[source] std::io::Error),
    #[error("{what}")]
    Internal {
        what: String,
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

/// Whether a new file cannot be made where it was to be because that is no place for it.
fn is_misnamed(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound};
    matches!(error.kind(), AlreadyExists | NotADirectory | NotFound)
}

/// What was possible, unless that is nothing or more than one would read.
fn listed(possible: &[String]) -> String {
    match possible.len() {
        1..=12 => format!(" (possible: {})", possible.join(", ")),
        _ => String::new(),
    }
}

impl CliError {
    /// An argument that is not usable.
    pub(crate) fn arguments(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Arguments {
            message: message.into(),
            hints: vec![hint.into()],
        }
    }

    /// A mistake of this program.
    pub(crate) fn internal(
        what: impl Into<String>,
        source: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self::Internal {
            what: what.into(),
            source: Some(Box::new(source)),
        }
    }
}

impl Explain for CliError {
    fn code(&self) -> &'static str {
        match self {
            Self::Arguments { .. } => "ORC0901",
            Self::Read { .. } => "ORC0902",
            Self::Out { .. } => "ORC0903",
            Self::Output(_) => "ORC0904",
            Self::Settings { .. } => "ORC0905",
            Self::PlanForm { .. } => "ORC0906",
            Self::PlanChanged { .. } => "ORC0907",
            Self::PlanFormat { .. } => "ORC0908",
            Self::Unknown { .. } => "ORC0909",
            Self::Unpriced { .. } => "ORC1323",
            Self::NoPlanner => "ORC1350",
            Self::PlanningLimit { .. } => "ORC1351",
            Self::Provider { .. } => "ORC1324",
            Self::Service { .. } => "ORC1325",
            Self::Recording { .. } => "ORC1331",
            Self::Init { .. } => "ORC1332",
            Self::OtherItems => "ORC0877",
            Self::Unplayed { .. } => "ORC1333",
            Self::Append { .. } => "ORC1501",
            Self::Definition { .. } => "ORC1023",
            Self::Internal { .. } => "ORC0999",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Arguments { .. }
            | Self::Read { .. }
            | Self::Out { .. }
            | Self::Definition { .. }
            | Self::Unknown { .. } => ErrorKind::Argument,
            // The directory was named wrong; or it is the right one, and what surrounds us does not let us.
            Self::Init { source, .. } if is_misnamed(source) => ErrorKind::Argument,
            Self::Settings { .. }
            | Self::PlanForm { .. }
            | Self::PlanChanged { .. }
            | Self::PlanFormat { .. }
            | Self::Unpriced { .. }
            | Self::NoPlanner
            | Self::Provider { .. }
            | Self::Service { .. }
            | Self::OtherItems
            | Self::Recording { .. } => ErrorKind::Definition,
            Self::PlanningLimit { .. } => ErrorKind::Limit,
            Self::Output(_) | Self::Append { .. } | Self::Init { .. } | Self::Unplayed { .. } => {
                ErrorKind::Environment
            }
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Arguments { hints, .. } => hints.clone(),
            Self::Read { .. } | Self::Definition { .. } => vec!["check the name and the rights of the file".into()],
            Self::Out { .. } => vec!["name a file in a directory that exists and may be written to".into()],
            Self::Settings { .. } => {
                vec!["`orchestrate config list --origin` shows every key and where its value comes from".into()]
            }
            Self::PlanForm { .. } | Self::PlanFormat { .. } => {
                vec!["make one with `orchestrate plan TASK --out plan.json`".into()]
            }
            Self::PlanChanged { .. } => vec![
                "a saved plan runs exactly as saved: make a new one with `orchestrate plan TASK --out plan.json`".into(),
            ],
            Self::Unknown { given, possible, list, .. } => {
                match similar(given, possible.iter().map(String::as_str)).first() {
                    Some(name) => vec![format!("did you mean `{name}`?")],
                    None => vec![format!("`orchestrate {list}` shows all of them")],
                }
            }
            Self::Unpriced { model, .. } => vec![format!(
                "set its price as `[prices.\"{model}\"]` with `input` and `output` in orchestrate.toml, or leave `--max-cost` out"
            )],
            Self::NoPlanner => vec!["name one as `planner` under `[models.agents]` in orchestrate.toml or as `capable` under `[models]`, or leave `--planner model` out".into()],
            Self::PlanningLimit { flag, .. } => vec![
                format!("raise `{flag}`, or leave `--planner model` out: the rules plan without a model"),
            ],
            Self::Service { section, .. } => vec![format!("mend `[{section}]` in orchestrate.toml")],
            Self::OtherItems => vec!["restore the file of items, or begin anew".into()],
            Self::Recording { .. } => vec!["make one with `orchestrate run TASK --record-traffic FILE`".into()],
            Self::Unplayed { .. } => vec!["play it back with the task, the files and the settings of the run that was recorded, or record it anew with `--record-traffic FILE`".into()],
            Self::Init { source, .. } => vec![match source.kind() {
                io::ErrorKind::AlreadyExists => "`init` writes over nothing: look at what is there, or choose another directory with `--path`",
                io::ErrorKind::NotFound => "make the directory first, or choose another one with `--path`",
                io::ErrorKind::NotADirectory => "name a directory with `--path`",
                _ => "choose a directory that you may write to with `--path`",
            }.into()],
            Self::Provider { provider, .. } => {
                vec![format!("mend `[providers.{provider}]` in orchestrate.toml")]
            }
            Self::Output(_) | Self::Append { .. } => {
                vec!["check that the file may be written and that the disk is not full".into()]
            }
            Self::Internal { .. } => vec!["this is a fault of orchestrate: please report it with the command line that led to it".into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_chain_of_causes_and_the_advice() {
        let failure = Failure::from(CliError::Read {
            path: "x".into(),
            source: std::io::Error::other("permission denied"),
        });
        assert_eq!(failure.message, "`x` cannot be read");
        assert_eq!(failure.causes, ["permission denied"]);
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(failure.hints.len(), 1);
        let document = failure.document();
        assert_eq!(document["error"]["exit_code"], 2);
        assert_eq!(document["error"]["code"], "ORC0902");
    }

    #[test]
    fn a_directory_that_may_not_be_written_to_is_no_wrong_argument() {
        let init = |kind: io::ErrorKind| {
            let failure = Failure::from(CliError::Init {
                path: "orchestrate.toml".into(),
                source: kind.into(),
            });
            (failure.exit, failure.hints.join(""))
        };
        let advice = "choose a directory that you may write to with `--path`";
        for kind in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ] {
            assert_eq!(init(kind), (Exit::StepFailed, advice.to_owned()));
        }
        assert_eq!(init(io::ErrorKind::AlreadyExists).0, Exit::Usage);
    }

    #[test]
    fn an_unknown_name_offers_the_nearest_or_the_list() {
        let unknown = |given: &str| {
            Failure::from(CliError::Unknown {
                what: "workflow",
                given: given.into(),
                possible: vec!["release-prep".into()],
                list: "workflows list",
            })
            .hints
        };
        assert_eq!(unknown("release-pre"), ["did you mean `release-prep`?"]);
        assert_eq!(
            unknown("zzz"),
            ["`orchestrate workflows list` shows all of them"]
        );
    }
}
