//! Why a program did not come to its end.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use orchestrate_core::outcome::FailureClass;

/// Why a program did not come to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no argument at all.
    #[error("there is no program to run")]
    Empty,
    /// It is not there or may not be run.
    #[error("`{program}` cannot be started")]
    Start {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took longer than it may; it was ended with all its children.
    #[error("`{program}` took longer than {} s and was ended", timeout.as_secs_f64())]
    TimedOut {
        /// The program.
        program: String,
        /// How long it may take.
        timeout: Duration,
        /// The last that it wrote, shortened.
        last: String,
    },
    /// Its end could not be seen.
    #[error("`{program}` was lost")]
    Lost {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl ProgramError {
    /// What it means for the step that wanted the program.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Empty | Self::Start { .. } => FailureClass::NotExecuted,
            Self::TimedOut { .. } => FailureClass::Timeout,
            Self::Lost { .. } => FailureClass::Internal,
        }
    }

    /// What happened, with its cause and what is known beside it.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::TimedOut { last, .. } if !last.is_empty() => {
                format!("{self}; the last it wrote: {last}")
            }
            _ => match self.source() {
                Some(cause) => format!("{self}: {cause}"),
                None => self.to_string(),
            },
        }
    }
}
