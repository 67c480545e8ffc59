//! The forms that the database went through: embedded, forward only, each with its checksum.
//!
//! A migration that was released is never changed; a change of form is one more file.

use orchestrate_core::journal::{Digest, JournalError};
use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;

/// All of them, in order; their numbers count from 1.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_journal.sql")];

/// Brings a database to the newest form. A database of a newer form is refused.
pub(super) fn migrate(connection: &mut Connection, store: &str) -> Result<(), Fault> {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let version = version(connection)?;
    if version > newest {
        return Err(JournalError::Format {
            what: store.to_owned(),
            found: format!("store format {version}, newest known {newest}"),
        }
        .into());
    }
    if version < newest {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(
            "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL)",
        )?;
        // Another process may have been quicker.
        let done = usize::try_from(self::version(&transaction)?).unwrap_or(usize::MAX);
        for (sql, number) in MIGRATIONS.iter().zip(1i64..).skip(done) {
            transaction.execute_batch(sql)?;
            transaction.execute(
                "INSERT INTO migrations (version, checksum) VALUES (?1, ?2)",
                (number, checksum(sql)),
            )?;
        }
        transaction.pragma_update(None, "user_version", newest)?;
        transaction.commit()?;
    }
    check(connection, store)
}

fn version(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whether the migrations that were applied are those that stand here.
pub(super) fn check(connection: &Connection, store: &str) -> Result<(), Fault> {
    let mut query =
        connection.prepare("SELECT version, checksum FROM migrations ORDER BY version")?;
    let applied = query.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let applied: Vec<(i64, String)> = applied.collect::<Result<_, _>>()?;
    let expected: Vec<(i64, String)> = (1..)
        .zip(MIGRATIONS.iter().map(|sql| checksum(sql)))
        .collect();
    if applied == expected {
        return Ok(());
    }
    Err(JournalError::Format {
        what: store.to_owned(),
        found: "migrations that this version does not know".to_owned(),
    }
    .into())
}

fn checksum(sql: &str) -> String {
    Digest::of(sql.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_migrations_are_never_changed() {
        let checksums: Vec<String> = MIGRATIONS.iter().map(|sql| checksum(sql)).collect();
        assert_eq!(checksums, ["381e02dbb3f10963bbc21dd30a09e437"]);
    }

    #[test]
    fn a_newer_or_a_changed_form_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, "x").unwrap();
        migrate(&mut connection, "x").unwrap();
        connection
            .execute("UPDATE migrations SET checksum = 'z'", ())
            .unwrap();
        let refused = migrate(&mut connection, "x").unwrap_err();
        assert!(
            matches!(refused, Fault::Refused(JournalError::Format { .. })),
            "{refused:?}"
        );
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refused = migrate(&mut connection, "x").unwrap_err();
        assert!(
            matches!(refused, Fault::Refused(JournalError::Format { .. })),
            "{refused:?}"
        );
    }
}
