//! What PostgreSQL says when it fails, in the words of the journal.

use orchestrate_core::id::RunId;
use orchestrate_core::journal::JournalError;
use orchestrate_core::learning::StoreError;
use tokio_postgres::error::SqlState;

/// Why a piece of work in the database did not succeed.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// The work itself was refused; nothing of it was written.
    Refused(JournalError),
    /// The server refused a statement, and rolled back what was begun.
    Server { code: SqlState, message: String },
    /// The connection broke before anything was to be committed.
    Broken(String),
    /// It broke while something was being committed.
    Unknown(String),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) if ends_the_session(said.code()) => Self::Broken(said.message().to_owned()),
            Some(said) => Self::Server {
                code: said.code().clone(),
                message: said.message().to_owned(),
            },
            None => Self::Broken(whole(&error)),
        }
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Refused(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Version { place, problem } => Self::Refused(JournalError::Format {
                what: place,
                found: problem,
            }),
            other => Self::Broken(whole(&other)),
        }
    }
}

/// An error with what caused it: the client library says in its own words only of what kind it is.
fn whole(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
        cause = error.source();
    }
    told
}

/// Whether the server says that this connection is over, or that it takes none now.
fn ends_the_session(code: &SqlState) -> bool {
    let class_of_connections = code.code().starts_with("08");
    let ends = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    class_of_connections || ends.contains(code)
}

impl Fault {
    /// The same, when something was being committed.
    pub(super) fn in_commit(self) -> Self {
        match self {
            Self::Broken(problem) => Self::Unknown(problem),
            other => other,
        }
    }

    /// Whether the connection is of no more use.
    pub(super) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Unknown(_))
    }

    /// Whether the same work can succeed when it is simply done again.
    pub(super) fn is_passing(&self) -> bool {
        let passing = [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ];
        matches!(self, Self::Server { code, .. } if passing.contains(code))
    }

    /// What it means for a store, and for the run that the work was about.
    pub(super) fn explain(self, store: &str, run: Option<&RunId>) -> JournalError {
        let store = store.to_owned();
        match (self, run) {
            (Self::Refused(error), _) => error,
            (Self::Unknown(problem), Some(run)) => JournalError::UnknownCommit {
                run: run.clone(),
                problem,
            },
            (Self::Unknown(problem) | Self::Broken(problem), _) => {
                JournalError::Unavailable { store, problem }
            }
            (Self::Server { code, message }, run) => of_server(&code, message, store, run),
        }
    }
}

fn of_server(code: &SqlState, message: String, store: String, run: Option<&RunId>) -> JournalError {
    let read_only = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    let corrupt = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    match run {
        _ if *code == SqlState::DISK_FULL => JournalError::Full { store },
        _ if read_only.contains(code) => JournalError::ReadOnly {
            store,
            problem: message,
        },
        Some(run) if corrupt.contains(code) => JournalError::Damaged {
            run: run.clone(),
            entry: 0,
            problem: message,
        },
        None if corrupt.contains(code) => JournalError::Unreadable {
            store,
            problem: message,
        },
        _ => JournalError::Unavailable {
            store,
            problem: message,
        },
    }
}
