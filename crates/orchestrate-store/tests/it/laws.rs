//! The laws of journals, on every backend.

use std::cell::Cell;

use orchestrate_core::journal::Durability;
use orchestrate_core::testing::journal::check_all;
use orchestrate_store::{FileJournal, PostgresJournal, SqliteJournal};

use crate::server::Server;

#[tokio::test]
async fn sqlite_keeps_the_laws_of_journals() {
    let folder = tempfile::tempdir().unwrap();
    for durability in [Durability::Full, Durability::Fast] {
        let opened = Cell::new(0);
        check_all(|| {
            opened.set(opened.get() + 1);
            let name = format!("{durability}-{}.db", opened.get());
            let path = folder.path().join(name);
            async move { SqliteJournal::open(&path, durability, true).unwrap() }
        })
        .await;
    }
}

#[tokio::test]
async fn files_keep_the_laws_of_journals() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Cell::new(0);
    check_all(|| {
        opened.set(opened.get() + 1);
        let path = folder.path().join(opened.get().to_string());
        async move { FileJournal::open(path, true).unwrap() }
    })
    .await;
}

/// Runs under the one test that starts a server.
pub(crate) async fn postgres_keeps_the_laws_of_journals(server: &Server) {
    check_all(|| {
        let address = server.database();
        async move { PostgresJournal::open(&address, Durability::Full, true).unwrap() }
    })
    .await;
}
