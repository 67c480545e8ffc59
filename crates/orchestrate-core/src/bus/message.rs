//! A message from one agent of a team to another, or to all.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AgentId, StepPath};

/// Whom a message is for. In JSON an agent's id, or `*` for everybody else in the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Recipient {
    /// One agent.
    Agent(AgentId),
    /// Every agent of the team but the sender.
    Team,
}

impl TryFrom<String> for Recipient {
    type Error = crate::id::InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "*" {
            Ok(Self::Team)
        } else {
            AgentId::new(text).map(Self::Agent)
        }
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.to_string()
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => f.pad(agent.as_str()),
            Self::Team => f.pad("*"),
        }
    }
}

/// A message as its sender gives it, beside its output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutgoingMessage {
    /// Whom it is for.
    pub to: Recipient,
    /// What it says.
    pub content: Arc<Value>,
}

/// A message as its receiver gets it. It arrives with the receiver's next step that comes after the
/// sender's in the plan, so that what an agent knew does not depend on which of two steps was quicker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TeamMessage {
    /// Its number in the run, from 0.
    pub id: u32,
    /// Who sent it.
    pub from: AgentId,
    /// The step with which it was sent.
    pub step: StepPath,
    /// Whom it was for.
    pub to: Recipient,
    /// What it says.
    pub content: Arc<Value>,
}
