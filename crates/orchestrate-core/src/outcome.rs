//! How work ended. An algebra, not null: absence is never success.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::StepPath;

/// Why an attempt failed, in classes that decide whether trying again makes sense.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureClass {
    /// The agent did its work and reports that it did not succeed.
    Reported,
    /// A passing fault: busy, connection lost, rate limited. May be tried again.
    Transient,
    /// The attempt took longer than it may.
    Timeout,
    /// The input cannot be worked on; trying again gives the same.
    Input,
    /// The output does not have the promised form.
    Output,
    /// A credential is missing or was refused.
    Credentials,
    /// The account that pays for it has no credit or quota left.
    Quota,
    /// A limit of the agent's own was reached: its model calls, tool calls or tokens.
    Limit,
    /// A needed action was denied by policy.
    Denied,
    /// No backend can run the agent: it was not executed.
    NotExecuted,
    /// A join, consensus or other policy over several agents does not hold.
    Policy,
    /// A mistake of the program that runs the agent, a panic included.
    Internal,
}

impl FailureClass {
    /// The word that users read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Transient => "transient",
            Self::Timeout => "timeout",
            Self::Input => "input",
            Self::Output => "output",
            Self::Credentials => "credentials",
            Self::Quota => "quota",
            Self::Limit => "limit",
            Self::Denied => "denied",
            Self::NotExecuted => "not_executed",
            Self::Policy => "policy",
            Self::Internal => "internal",
        }
    }

    /// Whether it says something of the account, the machine or the person, and nothing of the agent that
    /// failed by it: no agent would have done better.
    #[must_use]
    pub fn lies_elsewhere(self) -> bool {
        matches!(
            self,
            Self::Transient | Self::Credentials | Self::Quota | Self::Denied | Self::NotExecuted
        )
    }
}

/// Why a step was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum SkipReason {
    /// A branch took another way, or an optional step was not needed. This is part of success.
    NotTaken,
    /// A step that it depends on did not succeed.
    Dependency {
        /// That step.
        step: StepPath,
    },
    /// The join of its group was decided before it started.
    JoinDecided,
}

/// The limit that stopped something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitKind {
    /// Number of agent attempts.
    Calls,
    /// Tokens.
    Tokens,
    /// Cost.
    Cost,
    /// Wall time of the run.
    WallTime,
    /// Rounds of a loop.
    Fuel,
    /// Calls and expansions inside each other.
    Depth,
    /// Items of a map or sub-tasks of an expansion.
    Width,
}

impl LimitKind {
    /// The word that users read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::WallTime => "wall time",
            Self::Fuel => "loop rounds",
            Self::Depth => "depth",
            Self::Width => "width",
        }
    }
}

/// Why work was cancelled.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The user asked for it.
    User,
    /// The run's wall time was over.
    WallTime,
    /// A sibling failed and the group stops on the first failure.
    SiblingFailed,
    /// The join of the group was decided without it.
    JoinDecided,
    /// The time of its step or of a group around it was over.
    Deadline,
}

/// How a step, a group of steps or a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it was to do.
    Succeeded,
    /// Some of its parts did.
    Partial {
        /// Parts that succeeded.
        succeeded: u32,
        /// Parts that were to succeed.
        total: u32,
    },
    /// It failed.
    Failed {
        /// In what way.
        class: FailureClass,
        /// What happened; never empty.
        message: String,
    },
    /// It was not run, for a reason that is known.
    Skipped {
        /// The reason.
        reason: SkipReason,
    },
    /// It may have had an effect, nobody knows.
    Unknown {
        /// What is known.
        message: String,
    },
    /// It was stopped from outside.
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
    /// A limit stopped it.
    LimitReached {
        /// Which.
        limit: LimitKind,
    },
    /// It waits for decisions of people and can go on once they are made. Only a run ends so.
    Paused {
        /// How many decisions it waits for.
        pending: u32,
    },
}

impl Outcome {
    /// A failure; an empty message is replaced by the class, because errors are never empty.
    #[must_use]
    pub fn failed(class: FailureClass, message: impl Into<String>) -> Self {
        let message = message.into();
        let message = if message.trim().is_empty() {
            format!("failed ({})", class.as_str())
        } else {
            message
        };
        Self::Failed { class, message }
    }

    /// Whether everything that was to be done was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// Whether a later step may go on after this one: it succeeded, or it was not needed.
    #[must_use]
    pub fn lets_pass(&self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::Skipped {
                    reason: SkipReason::NotTaken
                }
        )
    }

    /// The one word for it that users and conditions see.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Partial { .. } => "partial",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Unknown { .. } => "unknown",
            Self::Cancelled { .. } => "cancelled",
            Self::LimitReached { .. } => "limit_reached",
            Self::Paused { .. } => "paused",
        }
    }

    /// What went wrong, for everything but success and steps that were not needed.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match self {
            Self::Succeeded
            | Self::Skipped {
                reason: SkipReason::NotTaken,
            } => None,
            Self::Partial { succeeded, total } => {
                Some(format!("{succeeded} of {total} parts succeeded"))
            }
            Self::Failed { message, .. } | Self::Unknown { message } => Some(message.clone()),
            Self::Skipped {
                reason: SkipReason::Dependency { step },
            } => Some(format!("not run: step `{step}` did not succeed")),
            Self::Skipped {
                reason: SkipReason::JoinDecided,
            } => Some("not run: its group was decided without it".into()),
            Self::Cancelled { reason } => Some(match reason {
                CancelReason::User => "cancelled by the user".into(),
                CancelReason::WallTime => "cancelled: the time of the run was over".into(),
                CancelReason::SiblingFailed => "cancelled: a sibling failed".into(),
                CancelReason::JoinDecided => "cancelled: its group was decided without it".into(),
                CancelReason::Deadline => "cancelled: its time was over".into(),
            }),
            Self::LimitReached { limit } => Some(format!(
                "stopped: the limit of {} was reached",
                limit.as_str()
            )),
            Self::Paused { pending } => Some(format!(
                "paused: it waits for {pending} decision{}",
                if *pending == 1 { "" } else { "s" }
            )),
        }
    }
}

/// The exact count of what became of a group of agents. The numbers sum to `requested`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Census {
    /// How many were to run.
    pub requested: u32,
    /// Succeeded.
    pub succeeded: u32,
    /// Partly succeeded.
    pub partial: u32,
    /// Failed, by class.
    pub failed: BTreeMap<FailureClass, u32>,
    /// Skipped: not needed, or their dependency failed.
    pub skipped: u32,
    /// Cancelled.
    pub cancelled: u32,
    /// Stopped or never started because of a limit.
    pub limited: u32,
    /// Ended in a way that is not known.
    pub unknown: u32,
    /// Waiting for decisions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paused: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Census {
    /// Counts outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut census = Self::default();
        for outcome in outcomes {
            census.requested += 1;
            match outcome {
                Outcome::Succeeded => census.succeeded += 1,
                Outcome::Partial { .. } => census.partial += 1,
                Outcome::Failed { class, .. } => *census.failed.entry(*class).or_default() += 1,
                Outcome::Skipped { .. } => census.skipped += 1,
                Outcome::Unknown { .. } => census.unknown += 1,
                Outcome::Cancelled { .. } => census.cancelled += 1,
                Outcome::LimitReached { .. } => census.limited += 1,
                Outcome::Paused { .. } => census.paused += 1,
            }
        }
        census
    }

    /// How many failed, in all classes.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failed.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_never_empty_and_only_success_has_none() {
        assert_eq!(Outcome::Succeeded.error(), None);
        assert_eq!(
            Outcome::failed(FailureClass::Timeout, " ")
                .error()
                .as_deref(),
            Some("failed (timeout)")
        );
        let partial = Outcome::Partial {
            succeeded: 1,
            total: 3,
        };
        assert!(!partial.is_success());
        assert_eq!(partial.error().as_deref(), Some("1 of 3 parts succeeded"));
    }

    #[test]
    fn a_census_counts_every_outcome_once() {
        let outcomes = [
            Outcome::Succeeded,
            Outcome::failed(FailureClass::Timeout, "slow"),
            Outcome::Skipped {
                reason: SkipReason::NotTaken,
            },
            Outcome::Cancelled {
                reason: CancelReason::User,
            },
            Outcome::LimitReached {
                limit: LimitKind::Calls,
            },
        ];
        let census = Census::of(&outcomes);
        let sum = census.succeeded
            + census.partial
            + census.failures()
            + census.skipped
            + census.cancelled
            + census.limited
            + census.unknown
            + census.paused;
        assert_eq!((census.requested, sum), (5, 5));
    }
}
