//! What recording costs on this disk, in full durability, on every kind of store: steps a second of
//! many runs, one step, a wide fan-out, loading a long run, listing many, and bytes beside those recorded.
//!
//! PostgreSQL is a server of its own, with `fsync` and `synchronous_commit` on. An argument that is
//! part of the name of a kind measures only that one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark that cannot be set up has nothing to report, and shares the server of the tests"
)]

#[path = "../tests/it/server.rs"]
mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrate_core::event::Event;
use orchestrate_core::journal::{Durability, RunFilter, RunJournal};
use orchestrate_core::testing::journal::{pinned, run_id, started, step_finished, step_started};
use orchestrate_store::Store;
use serde_json::json;

use crate::server::Server;

type Journal = Arc<dyn RunJournal>;

/// The end of one step and the beginning of the next, as a run records them together.
fn step(seq: u64, run: u64) -> [Event; 2] {
    let output = json!({"run": run, "step": seq, "text": format!("{seq:04}{}", "x".repeat(1000))});
    [
        step_finished(seq, &format!("s{seq}"), output),
        step_started(seq + 1, &format!("s{}", seq + 2)),
    ]
}

/// Records so many steps of one run, each in a batch of its own; gives how long each took.
async fn chain(journal: Journal, run: u64, steps: u64) -> Vec<Duration> {
    let name = format!("run-{run}");
    let mut owner = journal.create(&pinned(&name, run), "bench").await.unwrap();
    journal.append(&mut owner, &[started(&name)]).await.unwrap();
    let mut took = Vec::new();
    for i in 0..steps {
        let events = step(1 + 2 * i, run);
        let began = Instant::now();
        journal.append(&mut owner, &events).await.unwrap();
        took.push(began.elapsed());
    }
    journal.release(owner).await.unwrap();
    took.sort_unstable();
    took
}

/// One kind of store: gives fresh journals, and tells what they take on disk.
trait Kind {
    fn name(&self) -> &'static str;
    fn fresh(&self) -> (Journal, Place);
    fn size(&self, place: &Place) -> u64;
    /// What is wanted of it: steps a second of 16 runs.
    fn wanted(&self) -> &'static str;
}

/// Where a journal stands.
enum Place {
    Folder(PathBuf),
    Database(String),
}

/// The middle one of several tries, and all of them.
fn middle<T: PartialOrd + Copy>(mut tries: Vec<T>) -> T {
    tries.sort_by(|a, b| a.partial_cmp(b).unwrap());
    *tries.get(tries.len() / 2).unwrap()
}

async fn many_runs(kind: &dyn Kind) {
    let mut rates = Vec::new();
    for _ in 0..5 {
        let (journal, _) = kind.fresh();
        let began = Instant::now();
        let runs: Vec<_> = (0..16)
            .map(|run| tokio::spawn(chain(journal.clone(), run, 200)))
            .collect();
        for run in runs {
            run.await.unwrap();
        }
        rates.push(16.0 * 200.0 / began.elapsed().as_secs_f64());
    }
    println!(
        "16 runs at once: {:.0} steps/s, the middle of {:.0?} (wanted {})",
        middle(rates.clone()),
        rates,
        kind.wanted()
    );
}

async fn one_run(kind: &dyn Kind) {
    let took = chain(kind.fresh().0, 0, 400).await;
    println!(
        "one step after another: p50 {:?}, p99 {:?} (wanted p50 < 1 ms)",
        took.get(200).unwrap(),
        took.get(396).unwrap()
    );
}

async fn fan_out(kind: &dyn Kind) {
    let mut tries = Vec::new();
    for _ in 0..3 {
        let (journal, _) = kind.fresh();
        let mut owner = journal.create(&pinned("run-f", 1), "bench").await.unwrap();
        let starts: Vec<Event> = (0..1000)
            .map(|i| step_started(i, &format!("s{i}")))
            .collect();
        let ends: Vec<Event> = (1000..2000)
            .map(|i| step_finished(i, &format!("s{i}"), json!(i)))
            .collect();
        let began = Instant::now();
        journal.append(&mut owner, &starts).await.unwrap();
        journal.append(&mut owner, &ends).await.unwrap();
        tries.push(began.elapsed());
    }
    println!("fan-out of 1,000: {:?} (wanted < 100 ms)", middle(tries));
}

async fn long_run(kind: &dyn Kind) {
    let (journal, _) = kind.fresh();
    let mut owner = journal.create(&pinned("run-l", 1), "bench").await.unwrap();
    journal
        .append(&mut owner, &[started("run-l")])
        .await
        .unwrap();
    let all: Vec<Event> = (0..10_000).flat_map(|i| step(1 + 2 * i, 0)).collect();
    for batch in all.chunks(1000) {
        journal.append(&mut owner, batch).await.unwrap();
    }
    let began = Instant::now();
    let loaded = journal.load(&run_id("run-l")).await.unwrap();
    println!(
        "load of 10,000 steps: {:?}, {} events",
        began.elapsed(),
        loaded.events.len()
    );
}

async fn list(kind: &dyn Kind) {
    let (journal, _) = kind.fresh();
    for run in 0..10_000 {
        let owner = journal
            .create(&pinned(&format!("run-{run}"), run), "bench")
            .await
            .unwrap();
        journal.release(owner).await.unwrap();
    }
    let began = Instant::now();
    let runs = journal.list(&RunFilter::default()).await.unwrap();
    println!(
        "list of {} runs: {:?} (wanted < 100 ms)",
        runs.len(),
        began.elapsed()
    );
}

async fn bytes(kind: &dyn Kind) {
    for steps in [400, 40_000] {
        let (journal, place) = kind.fresh();
        let before = kind.size(&place);
        let mut owner = journal.create(&pinned("run-s", 1), "bench").await.unwrap();
        let events: Vec<Event> = (0..steps).flat_map(|i| step(1 + 2 * i, 0)).collect();
        let payload: usize = events
            .iter()
            .map(|event| serde_json::to_vec(event).unwrap().len())
            .sum();
        for batch in events.chunks(500) {
            journal.append(&mut owner, batch).await.unwrap();
        }
        journal.release(owner).await.unwrap();
        drop(journal);
        let ratio = (kind.size(&place) - before) as f64 / payload as f64;
        println!("{steps} steps: {ratio:.2} bytes on disk for each recorded (wanted <= 3)");
    }
}

async fn measure(kind: &dyn Kind) {
    println!("{}", kind.name());
    many_runs(kind).await;
    one_run(kind).await;
    fan_out(kind).await;
    long_run(kind).await;
    list(kind).await;
    bytes(kind).await;
}

/// Stores in folders below one.
struct Local {
    name: &'static str,
    folder: tempfile::TempDir,
    wanted: &'static str,
}

impl Local {
    fn new(name: &'static str, wanted: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            name,
            folder,
            wanted,
        }
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let size = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            bytes_below(&entry.path())
        } else {
            entry.metadata().unwrap().len()
        }
    };
    std::fs::read_dir(folder).unwrap().map(size).sum()
}

impl Kind for Local {
    fn name(&self) -> &'static str {
        self.name
    }

    fn fresh(&self) -> (Journal, Place) {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let address = match self.name {
            "sqlite" => format!("sqlite:{}/store.db", folder.display()),
            _ => format!("file:{}", folder.display()),
        };
        let journal = Store::open(&address).unwrap().journal(true).unwrap();
        assert_eq!(journal.durability(), Durability::Full);
        (journal, Place::Folder(folder))
    }

    fn size(&self, place: &Place) -> u64 {
        match place {
            Place::Folder(folder) => bytes_below(folder),
            Place::Database(_) => 0,
        }
    }

    fn wanted(&self) -> &'static str {
        self.wanted
    }
}

impl Kind for Server {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn fresh(&self) -> (Journal, Place) {
        let address = self.database();
        let journal = Store::open(&address).unwrap().journal(true).unwrap();
        assert_eq!(journal.durability(), Durability::Full);
        (journal, Place::Database(address))
    }

    fn size(&self, place: &Place) -> u64 {
        let Place::Database(address) = place else {
            return 0;
        };
        let name = address.rsplit('/').next().unwrap_or_default();
        let told = self.ask("postgres", &format!("SELECT pg_database_size('{name}')"));
        told.unwrap().trim().parse().unwrap()
    }

    fn wanted(&self) -> &'static str {
        "2,000"
    }
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find(|it| !it.starts_with('-'));
    let wanted = |name: &str| asked.as_ref().is_none_or(|asked| name.contains(&**asked));
    if wanted("sqlite") {
        measure(&Local::new("sqlite", "5,000")).await;
    }
    if wanted("postgres")
        && let Some(server) = Server::start_with("on")
    {
        measure(&server).await;
    }
}
