//! Why scenarios were not planned: every mistake is found before anything is started.

use orchestrate_core::error::{ErrorKind, Explain};

/// Why scenarios were not planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A command line that is no list of words.
    #[error("the command `{given}` {problem}")]
    Command {
        /// What was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing of what is run depends on how much there is to do.
    #[error("{given} is the same whatever the number of items")]
    NothingScales {
        /// What was given.
        given: String,
    },
    /// An agent has nothing to work on.
    #[error("agent `{agent}` is given nothing to work on")]
    NoItems {
        /// The agent.
        agent: String,
    },
    /// A file of items that cannot be used.
    #[error("the input `{path}` {problem}")]
    Input {
        /// The file as given.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There are fewer items than are needed.
    #[error("scenario `{scenario}` needs {needs} items, and the input has {has}")]
    TooFew {
        /// The scenario.
        scenario: String,
        /// How many it needs.
        needs: u64,
        /// How many there are.
        has: u64,
    },
    /// A value of a definition that makes no sense.
    #[error("{of}: {problem}")]
    Value {
        /// Where it stands.
        of: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of scenarios that has another form.
    #[error("`{path}` does not describe scenarios: {problem}")]
    Form {
        /// The file as given.
        path: String,
        /// What is wrong with it, with its place.
        problem: String,
    },
    /// More steps than a scenario may have.
    #[error("scenario `{scenario}` would be done in {portions} batches, and the most is {most}")]
    TooMany {
        /// The scenario.
        scenario: String,
        /// How many it would be.
        portions: u64,
        /// How many are possible.
        most: usize,
    },
}

impl Explain for ScenarioError {
    fn code(&self) -> &'static str {
        match self {
            Self::Command { .. } => "ORC0870",
            Self::NothingScales { .. } | Self::NoItems { .. } => "ORC0871",
            Self::Input { .. } => "ORC0872",
            Self::TooFew { .. } => "ORC0873",
            Self::Value { .. } => "ORC0874",
            Self::TooMany { .. } => "ORC0875",
            Self::Form { .. } => "ORC0876",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Form { .. } => ErrorKind::Definition,
            _ => ErrorKind::Argument,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Command { .. } => {
                "give a program with its arguments; no shell reads them, `sh -c '…'` is one if you need it".into()
            }
            Self::NothingScales { .. } => {
                "write `{items}` where the number of items belongs, `{input}` where a file with them does, or give \
                 them on its standard input with `--input FILE`"
                    .into()
            }
            Self::NoItems { .. } => "give it items with `--input FILE`".into(),
            Self::Input { .. } => {
                "give a JSON array (.json), JSON lines (.jsonl) or any text with an item a line".into()
            }
            Self::TooFew { has, .. } => format!(
                "give a longer input, or fewer items to begin with: `--items` times the greatest multiplier may be {has} at most"
            ),
            Self::Value { .. } => "`orchestrate scenarios --help` says what is possible".into(),
            Self::TooMany { .. } => "take larger batches".into(),
            Self::Form { .. } => "`orchestrate schema scenarios-file` describes its form".into(),
        }]
    }
}
