//! What recording costs on this disk, in full durability: steps a second of many runs, one step, a
//! wide fan-out, loading a long run, listing many, and bytes on disk beside the bytes recorded.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot be set up has nothing to report"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrate_core::event::Event;
use orchestrate_core::journal::{Durability, RunFilter, RunJournal};
use orchestrate_core::testing::journal::{pinned, run_id, started, step_finished, step_started};
use orchestrate_store::SqliteJournal;
use serde_json::json;

fn open(folder: &Path, name: &str) -> Arc<SqliteJournal> {
    let path = folder.join(name).join("store.db");
    Arc::new(SqliteJournal::open(&path, Durability::Full, true).unwrap())
}

/// The end of one step and the beginning of the next, as a run records them together.
fn step(seq: u64, run: u64) -> [Event; 2] {
    let output = json!({"run": run, "step": seq, "text": format!("{seq:04}{}", "x".repeat(1000))});
    [
        step_finished(seq, &format!("s{seq}"), output),
        step_started(seq + 1, &format!("s{}", seq + 2)),
    ]
}

/// Records so many steps of one run, each in a batch of its own; gives how long each took.
async fn chain(journal: Arc<SqliteJournal>, run: u64, steps: u64) -> Vec<Duration> {
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

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();

    let journal = open(at, "many");
    let began = Instant::now();
    let runs: Vec<_> = (0..16)
        .map(|run| tokio::spawn(chain(journal.clone(), run, 200)))
        .collect();
    for run in runs {
        run.await.unwrap();
    }
    let rate = 16.0 * 200.0 / began.elapsed().as_secs_f64();
    println!("16 runs at once: {rate:.0} steps/s (wanted 5,000)");

    let took = chain(open(at, "one"), 0, 400).await;
    println!(
        "one step after another: p50 {:?}, p99 {:?} (wanted p50 < 1 ms)",
        took.get(200),
        took.get(396)
    );

    let journal = open(at, "fan");
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
    println!("fan-out of 1,000: {:?} (wanted < 100 ms)", began.elapsed());

    let journal = open(at, "long");
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
        "load of 10,000 steps: {:?}, {} events (resume wanted < 2 s)",
        began.elapsed(),
        loaded.events.len()
    );

    let journal = open(at, "list");
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

    for steps in [400, 40_000] {
        let name = format!("bytes-{steps}");
        let journal = open(at, &name);
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
        let ratio = size(&at.join(&name)) as f64 / payload as f64;
        println!("{steps} steps: {ratio:.2} bytes on disk for each recorded (wanted <= 3)");
    }
}
