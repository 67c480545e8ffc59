//! Damage to the files of a SQLite journal: it is seen and named. `cargo xtask faults` looks for damage
//! that is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{Durability, JournalError, RecordedRun, RunFilter, RunJournal};
use orchestrate_core::testing::journal::{finished, pinned, run_id, started, step_finished};
use orchestrate_store::SqliteJournal;
use serde_json::json;

const RUNS: [&str; 3] = ["run-a", "run-b", "run-c"];
const STEPS: u64 = 20;

/// Records small runs, and copies the files as a crash would leave them: the log is not yet in the database.
async fn image(folder: &Path) -> BTreeMap<RunId, RecordedRun> {
    let live = folder.join("live");
    let journal = SqliteJournal::open(&live.join("store.db"), Durability::Full, true).unwrap();
    let whole = record(&journal).await;
    copy(&live, &folder.join("image"));
    whole
}

/// Records small runs.
pub(crate) async fn record(journal: &impl RunJournal) -> BTreeMap<RunId, RecordedRun> {
    let mut whole = BTreeMap::new();
    for run in RUNS {
        let mut owner = journal.create(&pinned(run, 1), "me").await.unwrap();
        journal.append(&mut owner, &[started(run)]).await.unwrap();
        for seq in 1..=STEPS {
            let output = json!({"run": run, "text": "x".repeat(if seq % 3 == 0 { 900 } else { 40 }), "n": seq});
            let end = step_finished(seq, &format!("s{seq}"), output);
            journal.append(&mut owner, &[end]).await.unwrap();
        }
        journal
            .append(&mut owner, &[finished(STEPS + 1)])
            .await
            .unwrap();
        whole.insert(run_id(run), journal.load(&run_id(run)).await.unwrap());
    }
    whole
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for name in ["store.db", "store.db-wal", "store.heads"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_of_the_database_and_a_lost_log_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = image(folder.path()).await;
    let at = folder.path().join("image");
    fs::write(at.join("store.db-wal"), b"").unwrap();
    let journal = SqliteJournal::open(&at.join("store.db"), Durability::Full, true).unwrap();
    for run in whole.keys() {
        let lost = journal.load(run).await.unwrap_err();
        assert!(
            matches!(&lost, JournalError::Lost { run: named, lost } if named == run && lost.first == 0),
            "{lost}"
        );
    }
    let listed = journal.list(&RunFilter::default()).await.unwrap();
    assert_eq!(listed.iter().filter(|run| run.damage.is_some()).count(), 3);
    // What was lost can be let go, and its place is given to nobody else.
    journal.delete(&run_id("run-a")).await.unwrap();
    let _owner = journal.create(&pinned("run-d", 2), "me").await.unwrap();
    let lost = journal.load(&run_id("run-b")).await.unwrap_err();
    assert!(matches!(lost, JournalError::Lost { .. }), "{lost}");
    assert_eq!(journal.verify().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_names_the_runs_that_it_held() {
    let folder = tempfile::tempdir().unwrap();
    image(folder.path()).await;
    let at = folder.path().join("image");
    fs::remove_file(at.join("store.db-wal")).unwrap();
    fs::write(at.join("store.db"), "no database ".repeat(1000)).unwrap();
    let refused = SqliteJournal::open(&at.join("store.db"), Durability::Full, true).unwrap_err();
    let JournalError::Unreadable { problem, .. } = refused else {
        panic!("{refused}");
    };
    let held = "it held run-a up to entry 22, run-b up to entry 22, run-c up to entry 22";
    assert!(problem.ends_with(held), "{problem}");
}

#[tokio::test]
async fn a_head_that_was_never_kept_is_kept_when_its_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("store.db");
    let journal = SqliteJournal::open(&at, Durability::Full, true).unwrap();
    let run = run_id("run-a");
    let owner = journal.create(&pinned("run-a", 1), "me").await.unwrap();
    journal.release(owner).await.unwrap();
    // As if the process had ended between its commit and the second copy of the head.
    fs::remove_file(folder.path().join("store.heads")).unwrap();
    let again = SqliteJournal::open(&at, Durability::Full, true).unwrap();
    let owner = again.acquire(&run, "you", false).await.unwrap();
    assert!(folder.path().join("store.heads").exists());
    again.release(owner).await.unwrap();
    again.load(&run).await.unwrap();
}

/// A directory in which nothing can be made, as on a disk that is full or may not be written to.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn runs_are_read_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let whole = image(folder.path()).await;
    let at = folder.path().join("image");
    // Closing brings everything into the database.
    let closing = SqliteJournal::open(&at.join("store.db"), Durability::Full, true).unwrap();
    drop(closing);
    for name in ["store.db-wal", "store.db-shm"] {
        // Nothing but a log can be called so, and no log can be opened there.
        let _ = fs::remove_file(at.join(name));
        fs::create_dir(at.join(name)).unwrap();
    }
    let journal = SqliteJournal::open(&at.join("store.db"), Durability::Full, false).unwrap();
    for (run, recorded) in &whole {
        assert_eq!(&journal.load(run).await.unwrap(), recorded);
    }
    let refused = journal.create(&pinned("run-d", 2), "me").await.unwrap_err();
    assert!(
        matches!(refused, JournalError::ReadOnly { .. }),
        "{refused}"
    );
}
