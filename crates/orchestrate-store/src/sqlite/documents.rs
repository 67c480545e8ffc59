//! Documents as rows of one table. A change is one immediate transaction.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use orchestrate_core::learning::StoreError;
use rusqlite::{Connection, Row, ToSql, TransactionBehavior};

use super::connect::{self, failed};
use crate::documents::{Change, Decide, Document, Documents, Read, Select, Warnings};
use crate::migrations::Migrations;

const MIGRATIONS: Migrations = Migrations {
    part: "documents",
    steps: &[include_str!("../../migrations/sqlite/0001_documents.sql")],
};

/// The documents in a database file.
#[derive(Debug, Clone)]
pub(crate) struct SqliteDocuments {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    connection: Mutex<Connection>,
    place: String,
    warnings: Warnings,
}

impl SqliteDocuments {
    /// Opens or makes the database at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            inner: Arc::new(Inner {
                connection: Mutex::new(connect::open(path, MIGRATIONS)?),
                place: path.display().to_string(),
                warnings: Warnings::default(),
            }),
        })
    }

    async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &mut Connection) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let inner = self.inner.clone();
        let done = tokio::task::spawn_blocking(move || {
            let connection = &inner.connection;
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&inner, &mut connection)
        });
        done.await.map_err(|error| StoreError::Failed {
            place: self.inner.place.clone(),
            source: Box::new(error),
        })?
    }
}

#[async_trait]
impl Documents for SqliteDocuments {
    async fn read(&self, space: &str, reads: &[Read]) -> Result<Vec<Document>, StoreError> {
        let (space, reads) = (space.to_owned(), reads.to_vec());
        self.blocking(move |it, connection| it.read(connection, &space, &reads))
            .await
    }

    async fn change(&self, space: &str, reads: &[Read], decide: Decide) -> Result<(), StoreError> {
        let (space, reads) = (space.to_owned(), reads.to_vec());
        self.blocking(move |it, connection| it.change(connection, &space, &reads, decide))
            .await
    }

    fn place(&self) -> &str {
        &self.inner.place
    }

    fn take_warnings(&self) -> Vec<String> {
        self.inner.warnings.take()
    }
}

impl Inner {
    fn failed(&self, error: rusqlite::Error) -> StoreError {
        failed(&self.place, error)
    }

    fn read(
        &self,
        connection: &Connection,
        space: &str,
        reads: &[Read],
    ) -> Result<Vec<Document>, StoreError> {
        let mut found = Vec::new();
        for read in reads {
            let first = found.len();
            match &read.select {
                Select::Keys(keys) => {
                    for key in keys {
                        self.rows(
                            connection,
                            read.kind,
                            "AND key = ?3",
                            &[&space, &read.kind, key],
                            &mut found,
                        )?;
                    }
                }
                Select::Group(group) => {
                    let behind = "AND grp = ?3 ORDER BY key";
                    self.rows(
                        connection,
                        read.kind,
                        behind,
                        &[&space, &read.kind, group],
                        &mut found,
                    )?;
                }
                Select::All => {
                    self.rows(
                        connection,
                        read.kind,
                        "ORDER BY key",
                        &[&space, &read.kind],
                        &mut found,
                    )?;
                }
                Select::After(key, limit) => {
                    let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
                    let behind = "AND key > ?3 ORDER BY key LIMIT ?4";
                    self.rows(
                        connection,
                        read.kind,
                        behind,
                        &[&space, &read.kind, key, &limit],
                        &mut found,
                    )?;
                }
                Select::Last(count) => {
                    let count = i64::try_from(*count).unwrap_or(i64::MAX);
                    let behind = "ORDER BY key DESC LIMIT ?3";
                    self.rows(
                        connection,
                        read.kind,
                        behind,
                        &[&space, &read.kind, &count],
                        &mut found,
                    )?;
                    if let Some(last) = found.get_mut(first..) {
                        last.reverse();
                    }
                }
            }
        }
        Ok(found)
    }

    fn rows(
        &self,
        connection: &Connection,
        kind: &'static str,
        behind: &str,
        values: &[&dyn ToSql],
        found: &mut Vec<Document>,
    ) -> Result<(), StoreError> {
        let sql =
            format!("SELECT key, grp, body FROM documents WHERE space = ?1 AND kind = ?2 {behind}");
        let text = |row: &Row<'_>| -> rusqlite::Result<(String, String, String)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        };
        let mut statement = connection
            .prepare_cached(&sql)
            .map_err(|error| self.failed(error))?;
        let rows = statement
            .query_map(values, text)
            .map_err(|error| self.failed(error))?;
        for row in rows {
            let (key, group, body) = row.map_err(|error| self.failed(error))?;
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
        Ok(())
    }

    fn change(
        &self,
        connection: &mut Connection,
        space: &str,
        reads: &[Read],
        decide: Decide,
    ) -> Result<(), StoreError> {
        let fail = |error| self.failed(error);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fail)?;
        let found = self.read(&transaction, space, reads)?;
        for change in decide(&found)? {
            match change {
                Change::Put(it) => transaction
                    .prepare_cached(
                        "INSERT INTO documents (space, kind, key, grp, body) VALUES (?1, ?2, ?3, ?4, ?5) \
                         ON CONFLICT DO UPDATE SET grp = excluded.grp, body = excluded.body",
                    )
                    .and_then(|mut sql| {
                        sql.execute((space, it.kind, &it.key, &it.group, it.body.to_string()))
                    }),
                Change::Delete(kind, key) => transaction
                    .prepare_cached("DELETE FROM documents WHERE space = ?1 AND kind = ?2 AND key = ?3")
                    .and_then(|mut sql| sql.execute((space, kind, &key))),
                Change::SetAside(kind, key) => {
                    self.warnings.add(format!(
                        "{kind} `{key}` in `{}` is malformed and was set aside",
                        self.place
                    ));
                    transaction.execute(
                        "UPDATE OR REPLACE documents SET kind = kind || '.malformed' \
                         WHERE space = ?1 AND kind = ?2 AND key = ?3",
                        (space, kind, &key),
                    )
                }
            }
            .map_err(fail)?;
        }
        transaction.commit().map_err(fail)
    }
}
