//! Opens a database file so that several processes can use it, and brings its tables up to date.

use std::fs;
use std::path::Path;
use std::time::Duration;

use orchestrate_core::learning::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::migrations::Migrations;

/// How long a process waits for another one that writes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn failed(place: &str, error: rusqlite::Error) -> StoreError {
    StoreError::Failed {
        place: place.to_owned(),
        source: Box::new(error),
    }
}

/// Opens or makes the database at `path`. What is answered has reached the disk, which is how SQLite
/// works unless told otherwise. There is no write-ahead log: whoever only reads makes no file beside it.
pub(super) fn open(path: &Path, migrations: Migrations) -> Result<Connection, StoreError> {
    let place = path.display().to_string();
    let fail = |error| failed(&place, error);
    if let Some(folder) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| StoreError::Failed {
            place: folder.display().to_string(),
            source: Box::new(error),
        })?;
    }
    let mut connection = Connection::open(path).map_err(fail)?;
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    migrate(&mut connection, &place, migrations)?;
    Ok(connection)
}

fn migrate(
    connection: &mut Connection,
    place: &str,
    migrations: Migrations,
) -> Result<(), StoreError> {
    let fail = |error| failed(place, error);
    // Most of the time everything is there, and reading that needs no lock.
    if let Ok(taken) = taken(connection, migrations.part)
        && migrations.pending(&taken, place)?.is_empty()
    {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(fail)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migrations (part TEXT NOT NULL, number INTEGER NOT NULL, \
             checksum TEXT NOT NULL, PRIMARY KEY (part, number)) STRICT",
        )
        .map_err(fail)?;
    let taken = taken(&transaction, migrations.part).map_err(fail)?;
    for step in migrations.pending(&taken, place)? {
        transaction.execute_batch(step.statements).map_err(fail)?;
        transaction
            .execute(
                "INSERT INTO migrations (part, number, checksum) VALUES (?1, ?2, ?3)",
                (migrations.part, step.number, &step.checksum),
            )
            .map_err(fail)?;
    }
    transaction.commit().map_err(fail)
}

fn taken(connection: &Connection, part: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    connection
        .prepare("SELECT number, checksum FROM migrations WHERE part = ?1 ORDER BY number")?
        .query_map([part], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migrations = Migrations {
        part: "test",
        steps: &["CREATE TABLE one (x)"],
    };
    const TWO: Migrations = Migrations {
        part: "test",
        steps: &["CREATE TABLE one (x)", "CREATE TABLE two (x)"],
    };

    #[test]
    fn a_database_goes_forward_and_an_older_program_refuses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/store.db");
        open(&path, ONE).unwrap();
        let connection = open(&path, TWO).unwrap();
        connection
            .execute("INSERT INTO two VALUES (1)", ())
            .unwrap();
        assert!(open(&path, TWO).is_ok());
        let error = open(&path, ONE).unwrap_err().to_string();
        assert!(
            error.contains("is at step 2, and this version knows 1"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_no_database_is_an_error_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let text = "this is no database, however long it may be ".repeat(40);
        fs::write(&path, &text).unwrap();
        assert!(open(&path, ONE).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}
