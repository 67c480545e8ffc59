//! A connection that is made again when it was lost, and the tables brought up to date.

use orchestrate_core::learning::StoreError;
use tokio_postgres::{Client, Config, NoTls, Transaction};

use crate::migrations::Migrations;

/// The lock under which one process at a time changes tables; any number that others do not use.
const MIGRATION_LOCK: i64 = 0x6f72_6368_0001;

pub(super) fn failed(place: &str, error: tokio_postgres::Error) -> StoreError {
    StoreError::Failed {
        place: place.to_owned(),
        source: Box::new(Told::of(error)),
    }
}

/// What the server said, in words: the error of the client library says only `db error`.
#[derive(Debug, thiserror::Error)]
#[error("{told}")]
struct Told {
    told: String,
    #[source]
    error: tokio_postgres::Error,
}

impl Told {
    fn of(error: tokio_postgres::Error) -> Self {
        let said = error.as_db_error().map(|it| it.message().to_owned());
        let told = said.unwrap_or_else(|| error.to_string());
        Self { told, error }
    }
}

/// Connects. The connection lives in a task of its own that ends with the client.
pub(super) async fn connect(config: &Config, place: &str) -> Result<Client, StoreError> {
    let connected = config.connect(NoTls).await;
    let (client, connection) = connected.map_err(|error| failed(place, error))?;
    tokio::spawn(async move {
        // An end of the connection shows at the next use of the client, which says what happened.
        let _ = connection.await;
    });
    Ok(client)
}

/// Brings the tables of a part up to date.
pub(super) async fn migrate(
    client: &mut Client,
    place: &str,
    migrations: Migrations,
) -> Result<(), StoreError> {
    let fail = |error| failed(place, error);
    let there = client
        .query_one(
            "SELECT to_regclass('orchestrate_migrations') IS NOT NULL",
            &[],
        )
        .await
        .map_err(fail)?;
    if there.get::<_, bool>(0) {
        let transaction = client.transaction().await.map_err(fail)?;
        let taken = taken(&transaction, migrations.part).await.map_err(fail)?;
        if migrations.pending(&taken, place)?.is_empty() {
            return Ok(());
        }
    }
    let transaction = client.transaction().await.map_err(fail)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await
        .map_err(fail)?;
    transaction
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS orchestrate_migrations (part TEXT NOT NULL, \
             number BIGINT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (part, number))",
        )
        .await
        .map_err(fail)?;
    let taken = taken(&transaction, migrations.part).await.map_err(fail)?;
    for step in migrations.pending(&taken, place)? {
        transaction
            .batch_execute(step.statements)
            .await
            .map_err(fail)?;
        transaction
            .execute(
                "INSERT INTO orchestrate_migrations (part, number, checksum) VALUES ($1, $2, $3)",
                &[&migrations.part, &step.number, &step.checksum],
            )
            .await
            .map_err(fail)?;
    }
    transaction.commit().await.map_err(fail)
}

async fn taken(
    transaction: &Transaction<'_>,
    part: &str,
) -> Result<Vec<(i64, String)>, tokio_postgres::Error> {
    let rows = transaction
        .query(
            "SELECT number, checksum FROM orchestrate_migrations WHERE part = $1 ORDER BY number",
            &[&part],
        )
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
