//! How a call of a model fails, in classes that say what to do about it.

use std::num::NonZeroU64;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backend::AgentFailure;
use crate::error::{ErrorKind, Explain};
use crate::outcome::FailureClass;

/// In what way a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ModelFault {
    /// No key is set for a provider that needs one.
    KeyMissing,
    /// The provider refused the key.
    KeyRefused,
    /// The account has no credit or quota left.
    Quota,
    /// Too many requests or tokens at this time.
    RateLimited,
    /// The provider is overloaded or has a fault of its own.
    Unavailable,
    /// The connection was not made or was cut.
    Connection,
    /// Nothing came for longer than is waited.
    Stalled,
    /// What came is not what the provider's protocol says.
    Malformed,
    /// The provider does not accept the request: an unknown model, a wrong option.
    BadRequest,
    /// The conversation is longer than the model can read.
    TooLong,
    /// The provider's filter stopped it.
    Filtered,
    /// Not called: the quota was used up before.
    CircuitOpen,
    /// A recording is played back, and holds no answer to this.
    Unrecorded,
}

impl ModelFault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::KeyMissing,
        Self::KeyRefused,
        Self::Quota,
        Self::RateLimited,
        Self::Unavailable,
        Self::Connection,
        Self::Stalled,
        Self::Malformed,
        Self::BadRequest,
        Self::TooLong,
        Self::Filtered,
        Self::CircuitOpen,
        Self::Unrecorded,
    ];

    /// Whether the same call can succeed if it is made again a little later.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Unavailable
                | Self::Connection
                | Self::Stalled
                | Self::Malformed
        )
    }

    /// Whether every further call with the same key fails in the same way until a person acts.
    #[must_use]
    pub fn opens_circuit(self) -> bool {
        matches!(self, Self::KeyMissing | Self::KeyRefused | Self::Quota)
    }

    /// The class of an agent's failure that it leads to.
    #[must_use]
    pub fn failure_class(self) -> FailureClass {
        match self {
            Self::KeyMissing | Self::KeyRefused => FailureClass::Credentials,
            Self::Quota | Self::CircuitOpen => FailureClass::Quota,
            Self::RateLimited | Self::Unavailable | Self::Connection => FailureClass::Transient,
            Self::Stalled => FailureClass::Timeout,
            Self::Malformed => FailureClass::Output,
            Self::BadRequest | Self::TooLong | Self::Unrecorded => FailureClass::Input,
            Self::Filtered => FailureClass::Reported,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::KeyMissing => "ORC1301",
            Self::KeyRefused => "ORC1302",
            Self::Quota => "ORC1303",
            Self::RateLimited => "ORC1304",
            Self::Unavailable => "ORC1305",
            Self::Connection => "ORC1306",
            Self::Stalled => "ORC1307",
            Self::Malformed => "ORC1308",
            Self::BadRequest => "ORC1309",
            Self::TooLong => "ORC1310",
            Self::Filtered => "ORC1311",
            Self::CircuitOpen => "ORC1312",
            Self::Unrecorded => "ORC1330",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::KeyMissing => {
                "set the variable that `orchestrate doctor` names for this provider"
            }
            Self::KeyRefused => "check that the key is valid and may use this model",
            Self::Quota => {
                "raise the quota or add credit at the provider, then `orchestrate runs resume latest`"
            }
            Self::RateLimited => {
                "wait, or set `requests-per-minute` of the provider in orchestrate.toml"
            }
            Self::Unavailable => {
                "try again later, or name a second model to ask in `[models]` of orchestrate.toml"
            }
            Self::Connection => "check the network and the provider's `base-url`",
            Self::Stalled => "try again later, or raise `stall-seconds` of the provider",
            Self::Malformed => "check that `kind` and `base-url` of the provider belong together",
            Self::BadRequest => "check the name of the model in orchestrate.toml",
            Self::TooLong => "give the agent less to read, or choose a model that can read more",
            Self::Filtered => "word the task differently, or choose another model",
            Self::Unrecorded => {
                "record the run anew: its plan, its files or this program have changed"
            }
            Self::CircuitOpen => {
                "mend what the first failure of this provider names, then `orchestrate runs resume latest`"
            }
        }
    }
}

/// Why a call of a model gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{model}: {message}")]
pub struct ModelError {
    /// The model that was asked, as users write it.
    pub model: String,
    /// In what way.
    pub fault: ModelFault,
    /// What happened; holds no key and no body that could hold one.
    pub message: String,
    /// How long to wait at least before trying again, in milliseconds, if the provider said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ModelError {
    /// A failure of a model's call.
    #[must_use]
    pub fn new(model: impl Into<String>, fault: ModelFault, message: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            fault,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// The same failure of a provider that said how long to wait.
    #[must_use]
    pub fn with_retry_after(mut self, ms: Option<u64>) -> Self {
        self.retry_after_ms = ms;
        self
    }
}

impl Explain for ModelError {
    fn code(&self) -> &'static str {
        self.fault.code()
    }

    fn kind(&self) -> ErrorKind {
        match self.fault.failure_class() {
            FailureClass::Credentials => ErrorKind::Credentials,
            FailureClass::Quota => ErrorKind::Limit,
            FailureClass::Input => ErrorKind::Definition,
            _ => ErrorKind::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![self.fault.hint().to_owned()]
    }
}

/// An agent's failure keeps the advice and the code in its message, because that is all that reports carry.
impl From<ModelError> for AgentFailure {
    fn from(error: ModelError) -> Self {
        let message = format!("{error}; {} ({})", error.fault.hint(), error.fault.code());
        let mut failure = Self::new(error.fault.failure_class(), message);
        failure.retry_after_ms = error.retry_after_ms.and_then(NonZeroU64::new);
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_fault_has_a_code_and_advice_of_its_own() {
        let codes: BTreeSet<_> = ModelFault::ALL.iter().map(|fault| fault.code()).collect();
        let hints: BTreeSet<_> = ModelFault::ALL.iter().map(|fault| fault.hint()).collect();
        assert_eq!(codes.len(), ModelFault::ALL.len());
        assert_eq!(hints.len(), ModelFault::ALL.len());
    }

    #[test]
    fn what_a_person_must_mend_is_never_tried_again() {
        for fault in ModelFault::ALL {
            assert!(!(fault.is_passing() && fault.opens_circuit()), "{fault:?}");
        }
    }

    #[test]
    fn the_failure_of_an_agent_carries_code_and_advice() {
        let error = ModelError::new("anthropic/x", ModelFault::KeyRefused, "status 401");
        let failure = AgentFailure::from(error);
        assert_eq!(failure.class, FailureClass::Credentials);
        assert_eq!(
            failure.message,
            "anthropic/x: status 401; check that the key is valid and may use this model (ORC1302)"
        );
    }
}
