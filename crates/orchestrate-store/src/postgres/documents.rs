//! Documents as rows of one table. A change is one transaction under a lock of its space.

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use tokio::sync::Mutex;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Transaction};

use super::connect::{connect, failed, migrate};
use crate::address::Address;
use crate::documents::{Change, Decide, Document, Documents, Read, Select, Warnings};
use crate::migrations::Migrations;

const MIGRATIONS: Migrations = Migrations {
    part: "documents",
    steps: &[include_str!("../../migrations/postgres/0001_documents.sql")],
};

/// The documents in a database.
#[derive(Debug)]
pub(crate) struct PostgresDocuments {
    config: Config,
    client: Mutex<Client>,
    place: String,
    warnings: Warnings,
}

impl PostgresDocuments {
    /// Connects to the database and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        let place = Address::Postgres(url.to_owned()).to_string();
        let config: Config =
            url.parse()
                .map_err(|error: tokio_postgres::Error| StoreError::Address {
                    given: place.clone(),
                    problem: error.to_string(),
                })?;
        let mut client = connect(&config, &place).await?;
        migrate(&mut client, &place, MIGRATIONS).await?;
        Ok(Self {
            config,
            client: Mutex::new(client),
            place,
            warnings: Warnings::default(),
        })
    }

    /// Makes a new connection when the server has closed the old one.
    async fn connected(&self, client: &mut Client) -> Result<(), StoreError> {
        if client.is_closed() {
            *client = connect(&self.config, &self.place).await?;
        }
        Ok(())
    }

    async fn select(
        &self,
        transaction: &Transaction<'_>,
        space: &str,
        reads: &[Read],
    ) -> Result<Vec<Document>, StoreError> {
        let mut found = Vec::new();
        for read in reads {
            let kind = read.kind;
            let first = found.len();
            let (mut limit, mut values): (i64, Vec<&(dyn ToSql + Sync)>) =
                (i64::MAX, vec![&space, &kind]);
            if let Select::After(_, count) | Select::Last(count) = &read.select {
                limit = i64::try_from(*count).unwrap_or(limit);
            }
            let behind = match &read.select {
                Select::Keys(keys) => {
                    values.push(keys);
                    "AND key = ANY($3) ORDER BY key"
                }
                Select::Group(group) => {
                    values.push(group);
                    "AND grp = $3 ORDER BY key"
                }
                Select::All => "ORDER BY key",
                Select::After(key, _) => {
                    values.push(key);
                    values.push(&limit);
                    "AND key > $3 ORDER BY key LIMIT $4"
                }
                Select::Last(_) => {
                    values.push(&limit);
                    "ORDER BY key DESC LIMIT $3"
                }
            };
            let sql = format!(
                "SELECT key, grp, body FROM orchestrate_documents WHERE space = $1 AND kind = $2 {behind}"
            );
            let rows = transaction
                .query(&sql, &values)
                .await
                .map_err(|error| failed(&self.place, error))?;
            for row in rows {
                let (key, group, body): (String, String, String) =
                    (row.get(0), row.get(1), row.get(2));
                match serde_json::from_str(&body) {
                    Ok(body) => found.push(Document {
                        kind,
                        key,
                        group,
                        body,
                    }),
                    Err(error) => self.warnings.add(format!(
                        "{kind} `{key}` in `{}` is left out: it is no JSON ({error})",
                        self.place
                    )),
                }
            }
            if matches!(read.select, Select::Last(_))
                && let Some(last) = found.get_mut(first..)
            {
                last.reverse();
            }
        }
        Ok(found)
    }

    async fn write(
        &self,
        transaction: &Transaction<'_>,
        space: &str,
        change: Change,
    ) -> Result<(), tokio_postgres::Error> {
        match change {
            Change::Put(it) => {
                transaction
                    .execute(
                        "INSERT INTO orchestrate_documents (space, kind, key, grp, body) VALUES ($1, $2, $3, $4, $5) \
                         ON CONFLICT (space, kind, key) DO UPDATE SET grp = excluded.grp, body = excluded.body",
                        &[&space, &it.kind, &it.key, &it.group, &it.body.to_string()],
                    )
                    .await?
            }
            Change::Delete(kind, key) => {
                transaction
                    .execute(
                        "DELETE FROM orchestrate_documents WHERE space = $1 AND kind = $2 AND key = $3",
                        &[&space, &kind, &key],
                    )
                    .await?
            }
            Change::SetAside(kind, key) => {
                self.warnings.add(format!(
                    "{kind} `{key}` in `{}` is malformed and was set aside",
                    self.place
                ));
                let aside = format!("{kind}.malformed");
                transaction
                    .execute(
                        "DELETE FROM orchestrate_documents WHERE space = $1 AND kind = $2 AND key = $3",
                        &[&space, &aside, &key],
                    )
                    .await?;
                transaction
                    .execute(
                        "UPDATE orchestrate_documents SET kind = $4 WHERE space = $1 AND kind = $2 AND key = $3",
                        &[&space, &kind, &key, &aside],
                    )
                    .await?
            }
        };
        Ok(())
    }
}

#[async_trait]
impl Documents for PostgresDocuments {
    async fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError> {
        let fail = |error| failed(&self.place, error);
        let mut client = self.client.lock().await;
        self.connected(&mut client).await?;
        let transaction = client.transaction().await.map_err(fail)?;
        let found = self.select(&transaction, space, reads).await?;
        transaction.commit().await.map_err(fail)?;
        Ok(found)
    }

    async fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError> {
        let fail = |error| failed(&self.place, error);
        let mut client = self.client.lock().await;
        self.connected(&mut client).await?;
        let transaction = client.transaction().await.map_err(fail)?;
        // Held until the transaction ends, however it ends.
        transaction
            .execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('orchestrate:' || $1, 0))",
                &[&space],
            )
            .await
            .map_err(fail)?;
        let found = self.select(&transaction, space, reads).await?;
        for change in decide(&found)? {
            self.write(&transaction, space, change)
                .await
                .map_err(fail)?;
        }
        transaction.commit().await.map_err(fail)
    }

    fn place(&self) -> &str {
        &self.place
    }

    fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }
}
