//! The exit statuses, the same for all verbs. Scripts read these before they read anything else.

use std::process::ExitCode;

use orchestrate_core::error::ErrorKind;
use orchestrate_core::outcome::{CancelReason, FailureClass, Outcome};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Yes,
    No,
    Usage,
    Definition,
    Credentials,
    Limit,
    Denied,
    Paused,
    StepFailed,
    Cancelled,
    NotMeasured,
    Internal,
    Interrupted,
}

impl Exit {
    /// All of them, by number.
    pub(crate) const ALL: [Self; 13] = [
        Self::Yes,
        Self::No,
        Self::Usage,
        Self::Definition,
        Self::Credentials,
        Self::Limit,
        Self::Denied,
        Self::Paused,
        Self::StepFailed,
        Self::Cancelled,
        Self::NotMeasured,
        Self::Internal,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Definition => 3,
            Self::Credentials => 4,
            Self::Limit => 5,
            Self::Denied => 6,
            Self::Paused => 7,
            Self::StepFailed => 8,
            Self::Cancelled => 9,
            Self::NotMeasured => 10,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// What it says, as a fragment.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Yes => "done, and the answer is yes",
            Self::No => "done, and the answer is no: a gate failed, not ready",
            Self::Usage => "bad arguments; nothing was run",
            Self::Definition => "bad definition, plan or configuration; nothing was run",
            Self::Credentials => "credentials are missing or were refused",
            Self::Limit => "a limit or budget was reached",
            Self::Denied => "a needed action was denied, by a rule or by a person",
            Self::Paused => "paused for a person's decision",
            Self::StepFailed => {
                "a step failed after its retries or was not executed, or a store or a result could not be read or written"
            }
            Self::Cancelled => {
                "cancelled: told to end (SIGTERM), or not begun because a person said no"
            }
            Self::NotMeasured => "not measured: a required measurement could not be made",
            Self::Internal => "internal error: a mistake of this program",
            Self::Interrupted => "interrupted (Ctrl-C)",
        }
    }

    /// The status of an error.
    pub(crate) const fn of_kind(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Argument => Self::Usage,
            ErrorKind::Definition => Self::Definition,
            ErrorKind::Credentials => Self::Credentials,
            ErrorKind::Limit => Self::Limit,
            ErrorKind::Denied => Self::Denied,
            ErrorKind::Environment => Self::StepFailed,
            // The enum may grow; an error of a kind that this table does not know is ours.
            _ => Self::Internal,
        }
    }

    /// The status of a run.
    pub(crate) const fn of_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Yes,
            Outcome::Paused { .. } => Self::Paused,
            Outcome::LimitReached { .. }
            | Outcome::Cancelled {
                reason: CancelReason::WallTime,
            } => Self::Limit,
            Outcome::Cancelled {
                reason: CancelReason::User,
            } => Self::Cancelled,
            Outcome::Failed { class, .. } => match class {
                FailureClass::Credentials => Self::Credentials,
                FailureClass::Quota | FailureClass::Limit => Self::Limit,
                FailureClass::Denied => Self::Denied,
                FailureClass::Internal => Self::Internal,
                _ => Self::StepFailed,
            },
            Outcome::Partial { .. }
            | Outcome::Skipped { .. }
            | Outcome::Unknown { .. }
            | Outcome::Cancelled { .. } => Self::StepFailed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::outcome::LimitKind;

    #[test]
    fn numbers_are_unique_and_only_success_is_zero() {
        let mut codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert!(codes.is_sorted());
        codes.dedup();
        assert_eq!(codes.len(), Exit::ALL.len());
        assert_eq!(Exit::ALL.iter().filter(|exit| exit.code() == 0).count(), 1);
    }

    #[test]
    fn only_a_run_that_succeeded_ends_with_zero() {
        let check = |outcome: Outcome, code: u8| {
            assert_eq!(Exit::of_outcome(&outcome).code(), code, "{outcome:?}");
        };
        let failed = |class| Outcome::failed(class, "it broke");
        check(Outcome::Succeeded, 0);
        check(failed(FailureClass::Credentials), 4);
        check(failed(FailureClass::Quota), 5);
        check(failed(FailureClass::Limit), 5);
        check(failed(FailureClass::Denied), 6);
        check(failed(FailureClass::NotExecuted), 8);
        check(failed(FailureClass::Reported), 8);
        check(failed(FailureClass::Internal), 70);
        check(
            Outcome::Partial {
                succeeded: 1,
                total: 2,
            },
            8,
        );
        check(Outcome::Paused { pending: 1 }, 7);
        check(
            Outcome::LimitReached {
                limit: LimitKind::Calls,
            },
            5,
        );
        check(
            Outcome::Cancelled {
                reason: CancelReason::WallTime,
            },
            5,
        );
        check(
            Outcome::Cancelled {
                reason: CancelReason::User,
            },
            9,
        );
    }

    #[test]
    fn every_kind_of_error_is_a_failure() {
        for kind in [
            ErrorKind::Argument,
            ErrorKind::Definition,
            ErrorKind::Credentials,
            ErrorKind::Limit,
            ErrorKind::Denied,
            ErrorKind::Environment,
            ErrorKind::Internal,
        ] {
            assert!(Exit::of_kind(kind).code() > 1, "{kind:?}");
        }
    }
}
