//! The list of backends. Every law runs on every one of them.

use std::cell::Cell;

use orchestrate_store::{LearningStore, Store};
use tempfile::TempDir;

use crate::processes::runtime;
use crate::server::Server;
use crate::{checks, coordination, laws as journals, learning, memory, processes, shared};

/// Gives fresh, empty stores of one backend.
pub(crate) struct Backend<'a> {
    kind: Kind<'a>,
    directory: TempDir,
    count: Cell<u32>,
}

enum Kind<'a> {
    File,
    Sqlite,
    Postgres(&'a Server),
}

impl<'a> Backend<'a> {
    fn new(kind: Kind<'a>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let count = Cell::new(0);
        Self {
            kind,
            directory,
            count,
        }
    }

    /// The address of a store that nobody has used.
    pub(crate) fn address(&self) -> String {
        self.count.set(self.count.get() + 1);
        let path = self.directory.path().join(self.count.get().to_string());
        match &self.kind {
            Kind::File => format!("file:{}", path.display()),
            Kind::Sqlite => format!("sqlite:{}", path.with_extension("db").display()),
            Kind::Postgres(server) => server.database(),
        }
    }
}

/// What learned things are kept at an address, opened anew.
pub(crate) async fn learning_at(address: &str) -> LearningStore {
    Store::open(address).unwrap().learning()
}

/// Every law on one backend.
fn laws(backend: &Backend<'_>) {
    runtime().block_on(async {
        learning::laws(backend).await;
        coordination::laws(backend).await;
        memory::laws(backend).await;
        checks::laws(backend).await;
    });
    checks::four_processes_lose_no_check(backend);
    memory::four_processes_lose_no_turn(backend);
    coordination::four_processes_share_the_work(backend);
    processes::four_processes_lose_nothing(backend);
}

#[test]
fn file_keeps_every_law() {
    laws(&Backend::new(Kind::File));
}

#[test]
fn sqlite_keeps_every_law() {
    laws(&Backend::new(Kind::Sqlite));
}

#[test]
fn postgres_keeps_every_law() {
    if let Some(server) = Server::start() {
        laws(&Backend::new(Kind::Postgres(&server)));
        runtime().block_on(async {
            journals::postgres_keeps_the_laws_of_journals(&server).await;
            shared::a_shared_journal_survives_its_server(&server).await;
        });
    }
}
