//! What SQLite says when it fails, in the words of the journal.

use orchestrate_core::id::RunId;
use orchestrate_core::journal::JournalError;
use rusqlite::ErrorCode;

/// Why a piece of work in the database did not succeed.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The work itself was refused; nothing of it was written.
    Refused(JournalError),
    /// SQLite failed before the commit; nothing was written.
    System { code: ErrorCode, message: String },
    /// It failed while the commit was being made safe.
    Unknown(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let message = error.to_string();
        let code = match &error {
            // What readers and writers share could not grow.
            rusqlite::Error::SqliteFailure(failure, _)
                if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE =>
            {
                ErrorCode::DiskFull
            }
            rusqlite::Error::SqliteFailure(failure, _) => failure.code,
            // A column that does not have the type that was written into it.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => ErrorCode::DatabaseCorrupt,
            _ => ErrorCode::InternalMalfunction,
        };
        Self::System { code, message }
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Refused(error)
    }
}

impl Fault {
    /// Whether the disk takes nothing, so that what is there may be whole.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        let codes = [
            ErrorCode::CannotOpen,
            ErrorCode::DiskFull,
            ErrorCode::ReadOnly,
            ErrorCode::PermissionDenied,
            ErrorCode::SystemIoFailure,
        ];
        matches!(self, Self::System { code, .. } if codes.contains(code))
    }

    /// What it means for a store, and for the run that the work was about.
    pub(crate) fn explain(self, store: &str, run: Option<&RunId>) -> JournalError {
        let store = || store.to_owned();
        match self {
            Self::Refused(error) => error,
            Self::Unknown(problem) => match run {
                Some(run) => JournalError::UnknownCommit {
                    run: run.clone(),
                    problem,
                },
                None => JournalError::Unavailable {
                    store: store(),
                    problem,
                },
            },
            Self::System { code, message } => match code {
                ErrorCode::DiskFull => JournalError::Full { store: store() },
                ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                    JournalError::ReadOnly {
                        store: store(),
                        problem: message,
                    }
                }
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => match run {
                    Some(run) => JournalError::Damaged {
                        run: run.clone(),
                        entry: 0,
                        problem: message,
                    },
                    None => JournalError::Unreadable {
                        store: store(),
                        problem: message,
                    },
                },
                _ => JournalError::Unavailable {
                    store: store(),
                    problem: message,
                },
            },
        }
    }
}
