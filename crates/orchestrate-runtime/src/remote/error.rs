//! Why a remote agent is of no use.

use std::num::NonZeroU64;
use std::time::Duration;

use orchestrate_core::backend::AgentFailure;
use orchestrate_core::error::{ErrorKind, Explain};
use orchestrate_core::outcome::FailureClass;

/// Why a remote agent is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// It cannot be reached, or not any more.
    #[error("remote agent `{agent}` cannot be reached: {problem}")]
    Unreachable {
        /// The agent.
        agent: String,
        /// What happened.
        problem: String,
        /// Whether the message may have reached it all the same.
        may_have_arrived: bool,
    },
    /// It has too much to do.
    #[error("remote agent `{agent}` is busy: {problem}")]
    Busy {
        /// The agent.
        agent: String,
        /// What it said.
        problem: String,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// It wants a key, and there is none or it is not the right one.
    #[error("remote agent `{agent}` lets nobody in: {problem}")]
    Credentials {
        /// The agent.
        agent: String,
        /// What is missing.
        problem: String,
    },
    /// It does not speak the protocol.
    #[error("remote agent `{agent}` does not answer as the protocol says: {problem}")]
    Protocol {
        /// The agent.
        agent: String,
        /// What happened.
        problem: String,
    },
    /// It understood what it was asked and refused.
    #[error("remote agent `{agent}` refuses ({code}): {problem}")]
    Refused {
        /// The agent.
        agent: String,
        /// By which code of the protocol.
        code: i64,
        /// What it said.
        problem: String,
    },
}

/// The code of a fault inside the other side.
const INTERNAL: i64 = -32603;

impl RemoteError {
    /// Whether the other side may have begun to work on what it was sent.
    #[must_use]
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Unreachable {
                may_have_arrived, ..
            } => *may_have_arrived,
            // Whoever answers something that nobody understands may have done anything.
            Self::Protocol { .. } => true,
            Self::Refused { code, .. } => *code == INTERNAL,
            Self::Busy { .. } | Self::Credentials { .. } => false,
        }
    }

    /// Whether asking the same again could be of use.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Busy { .. })
    }
}

impl From<RemoteError> for AgentFailure {
    fn from(error: RemoteError) -> Self {
        let class = match &error {
            RemoteError::Unreachable { .. } | RemoteError::Busy { .. } => FailureClass::Transient,
            RemoteError::Credentials { .. } => FailureClass::Credentials,
            RemoteError::Protocol { .. } => FailureClass::Output,
            RemoteError::Refused { .. } => FailureClass::Reported,
        };
        let mut failure = Self::new(class, error.to_string());
        if let RemoteError::Busy { wait, .. } = &error {
            let ms = wait.and_then(|it| u64::try_from(it.as_millis()).ok());
            failure.retry_after_ms = ms.and_then(NonZeroU64::new);
        }
        failure
    }
}

impl Explain for RemoteError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::Busy { .. } => "ORC1360",
            Self::Protocol { .. } => "ORC1361",
            Self::Credentials { .. } => "ORC1362",
            Self::Refused { .. } => "ORC1363",
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Credentials { .. } => ErrorKind::Credentials,
            _ => ErrorKind::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Unreachable { agent, .. } | Self::Protocol { agent, .. } => {
                format!("check `url` in `[remotes.{agent}]` of orchestrate.toml")
            }
            Self::Busy { agent, .. } => format!("wait until `{agent}` has less to do"),
            Self::Credentials { agent, .. } => format!(
                "name the variable that holds its key as `key-env` in `[remotes.{agent}]` of orchestrate.toml, and set it"
            ),
            Self::Refused { agent, .. } => {
                format!("ask whoever runs `{agent}` what it can do")
            }
        }]
    }
}
