//! Damage to the files of a SQLite journal: it is always seen, never shown as a run, and named.

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
/// Places in each file that are damaged.
const PLACES: u64 = 40;

/// Records small runs, and copies the files as a crash would leave them: the log is not yet in the database.
async fn image(folder: &Path) -> BTreeMap<RunId, RecordedRun> {
    let live = folder.join("live");
    let journal = SqliteJournal::open(&live.join("store.db"), Durability::Full, true).unwrap();
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
    copy(&live, &folder.join("image"));
    whole
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for name in ["store.db", "store.db-wal", "store.heads"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// What a damaged image gives.
#[derive(Debug, Default)]
struct Seen {
    whole: u64,
    named: u64,
    unreadable: u64,
}

/// Loads every run of an image. Each is what was recorded, or an error says that it is not.
async fn look(at: &Path, whole: &BTreeMap<RunId, RecordedRun>, what: &str, seen: &mut Seen) {
    let journal = match SqliteJournal::open(&at.join("store.db"), Durability::Full, false) {
        Ok(journal) => journal,
        Err(_) => {
            seen.unreadable += 1;
            return;
        }
    };
    // A list is made or refused, and does not fall over.
    let _ = journal.list(&RunFilter::default()).await;
    for (run, recorded) in whole {
        match journal.load(run).await {
            Ok(loaded) => {
                assert_eq!(&loaded, recorded, "{what}: {run} is shown as it never was");
                seen.whole += 1;
            }
            Err(
                JournalError::Damaged { run: named, .. } | JournalError::Lost { run: named, .. },
            ) => {
                assert_eq!(&named, run, "{what}");
                seen.named += 1;
            }
            Err(JournalError::Unreadable { .. } | JournalError::Unavailable { .. }) => {
                seen.unreadable += 1;
            }
            Err(other) => panic!("{what}: {run}: {other}"),
        }
    }
}

#[tokio::test]
async fn no_damage_is_shown_as_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let whole = image(folder.path()).await;
    let image = folder.path().join("image");
    // Each image has a folder of its own: a journal that was dropped may still be closing its files.
    let mut count = 0;
    let mut fresh = || {
        count += 1;
        let damaged = folder.path().join(format!("damaged-{count}"));
        copy(&image, &damaged);
        damaged
    };
    let mut seen = Seen::default();
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    for name in ["store.db", "store.db-wal", "store.heads"] {
        let bytes = fs::read(folder.path().join("image").join(name)).unwrap();
        for _ in 0..PLACES {
            let place = usize::try_from(next(bytes.len() as u64)).unwrap();
            let damaged = fresh();
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << next(8);
            fs::write(damaged.join(name), flipped).unwrap();
            look(
                &damaged,
                &whole,
                &format!("a bit of {name} at {place}"),
                &mut seen,
            )
            .await;
            let damaged = fresh();
            fs::write(damaged.join(name), &bytes[..place]).unwrap();
            look(
                &damaged,
                &whole,
                &format!("{name} cut at {place}"),
                &mut seen,
            )
            .await;
        }
    }
    println!("seed 7: {seen:?}");
    assert!(seen.whole > 0 && seen.named > 0, "{seen:?}");
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
