//! Damage to the readable files of a journal: it is always seen, never shown as a run, and named.

use std::collections::BTreeMap;
use std::fs;

use orchestrate_core::id::RunId;
use orchestrate_core::journal::{JournalError, RecordedRun, RunFilter, RunJournal};
use orchestrate_core::testing::journal::{finished, pinned, run_id, started, step_finished};
use orchestrate_store::FileJournal;
use serde_json::json;

use crate::damage::record;

/// Places in each file that are damaged.
const PLACES: u64 = 80;

/// What a damaged image gives.
#[derive(Debug, Default)]
struct Seen {
    whole: u64,
    named: u64,
    unreadable: u64,
}

/// Loads every run. Each is what was recorded, or an error says that it is not.
async fn look_at(
    journal: &impl RunJournal,
    whole: &BTreeMap<RunId, RecordedRun>,
    what: &str,
    seen: &mut Seen,
) {
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

/// Numbers below a bound, the same ones each time.
fn numbers() -> impl FnMut(u64) -> u64 {
    let mut state = 7_u64;
    move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    }
}

#[tokio::test]
async fn no_damage_to_readable_files_is_shown_as_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let open = || FileJournal::open(root.clone(), false).unwrap();
    let whole = record(&FileJournal::open(root.clone(), true).unwrap()).await;
    let mut next = numbers();
    let mut seen = Seen::default();
    for name in ["runs/run-b.jsonl", "heads/run-b.json"] {
        let path = root.join(name);
        let bytes = fs::read(&path).unwrap();
        for _ in 0..PLACES {
            let place = usize::try_from(next(bytes.len() as u64)).unwrap();
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << next(8);
            fs::write(&path, flipped).unwrap();
            look_at(
                &open(),
                &whole,
                &format!("a bit of {name} at {place}"),
                &mut seen,
            )
            .await;
            fs::write(&path, &bytes[..place]).unwrap();
            look_at(
                &open(),
                &whole,
                &format!("{name} cut at {place}"),
                &mut seen,
            )
            .await;
        }
        fs::remove_file(&path).unwrap();
        look_at(&open(), &whole, &format!("{name} removed"), &mut seen).await;
        let listed = open().list(&RunFilter::default()).await.unwrap();
        let damaged = listed.iter().filter(|run| run.damage.is_some());
        assert_eq!(
            damaged.map(|run| run.run_id.as_str()).collect::<Vec<_>>(),
            ["run-b"]
        );
        fs::write(&path, &bytes).unwrap();
    }
    println!("seed 7: {seen:?}");
    // The other two runs are whole each time.
    let looks = 2 * (2 * PLACES + 1);
    assert!(
        seen.whole >= 2 * looks && seen.named > looks / 2 && seen.unreadable == 0,
        "{seen:?}"
    );
}

#[tokio::test]
async fn what_was_recorded_without_being_told_is_taken_in_and_half_of_it_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let (entries, head) = (root.join("runs/run-a.jsonl"), root.join("heads/run-a.json"));
    let journal = FileJournal::open(root.clone(), true).unwrap();
    let mut owner = journal.create(&pinned("run-a", 1), "me").await.unwrap();
    journal
        .append(&mut owner, &[started("run-a")])
        .await
        .unwrap();
    let before = (fs::read(&entries).unwrap().len(), fs::read(&head).unwrap());
    let batch = [
        step_finished(1, "s1", json!("x".repeat(700))),
        step_finished(2, "s2", json!(2)),
    ];
    journal.append(&mut owner, &batch).await.unwrap();
    let after = fs::read(&entries).unwrap();
    drop(owner);
    let some = (before.0..after.len()).step_by(211);
    for cut in some.chain([after.len() - 1, after.len()]) {
        // As if the process had been killed while it wrote the batch, or before it wrote the head.
        fs::write(&entries, &after[..cut]).unwrap();
        fs::write(&head, &before.1).unwrap();
        let journal = FileJournal::open(root.clone(), false).unwrap();
        let taken_in = cut == after.len();
        // What is whole is part of the run for whoever looks, before anybody goes on with it.
        let seen = journal.load(&run_id("run-a")).await.unwrap().events.len();
        assert_eq!(seen, if taken_in { 3 } else { 1 }, "{cut}");
        let mut owner = journal
            .acquire(&run_id("run-a"), "me", false)
            .await
            .unwrap();
        assert_eq!(owner.next, if taken_in { 4 } else { 2 }, "{cut}");
        let again = journal
            .append(&mut owner, &[step_finished(3, "s2", json!(2))])
            .await;
        assert_eq!(again.is_err(), taken_in, "{cut}");
        let events = journal.load(&run_id("run-a")).await.unwrap().events.len();
        assert_eq!(events, if taken_in { 3 } else { 2 }, "{cut}");
        journal.release(owner).await.unwrap();
    }
    // A head that is older than that is damage.
    let mut owner = journal
        .acquire(&run_id("run-a"), "me", false)
        .await
        .unwrap();
    journal.append(&mut owner, &[finished(3)]).await.unwrap();
    fs::write(&head, &before.1).unwrap();
    let older = journal.load(&run_id("run-a")).await.unwrap_err();
    assert!(
        matches!(older, JournalError::Damaged { entry: 1, .. }),
        "{older}"
    );
}
