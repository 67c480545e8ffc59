//! What only a journal on a server can meet: connections that are cut, owners on other connections,
//! and rows that somebody changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orchestrate_core::journal::{Durability, JournalError, RunFilter, RunJournal};
use orchestrate_core::testing::journal::{pinned, run_id, started, step_finished};
use orchestrate_store::PostgresJournal;
use serde_json::json;

use crate::server::Server;

/// Runs under the one test that starts a server.
pub(crate) async fn a_shared_journal_survives_its_server(server: &Server) {
    connections_that_are_cut_lose_nothing(server).await;
    an_owner_on_another_connection_is_seen_and_replaced(server).await;
    a_batch_that_is_refused_takes_no_other_with_it(server).await;
    what_somebody_changed_is_named(server).await;
    looking_makes_nothing(server).await;
}

fn open(address: &str) -> PostgresJournal {
    PostgresJournal::open(address, Durability::Full, true).unwrap()
}

async fn begun(journal: &PostgresJournal, run: &str) -> orchestrate_core::journal::Ownership {
    let mut owner = journal.create(&pinned(run, 1), "me").await.unwrap();
    journal.append(&mut owner, &[started(run)]).await.unwrap();
    owner
}

/// Ends all connections of the program to a database, whatever they are doing.
fn cut(server: &Server, address: &str) {
    let database = address.rsplit('/').next().unwrap();
    let ended = server.sql(
        "postgres",
        &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'orchestrate' AND datname = '{database}'"
        ),
    );
    ended.unwrap();
}

/// Every append is answered for, although connections are cut all the time, and each is there once.
async fn connections_that_are_cut_lose_nothing(server: &Server) {
    const STEPS: u64 = 60;
    let address = server.database();
    let journal = Arc::new(open(&address));
    let done = AtomicBool::new(false);
    let runs: Vec<String> = (0..4).map(|run| format!("run-{run}")).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                cut(server, &address);
            }
        });
        let at_work: Vec<_> = runs
            .iter()
            .map(|run| {
                let journal = journal.clone();
                scope.spawn(move || {
                    crate::processes::runtime().block_on(async {
                        let mut owner = loop {
                            match journal.create(&pinned(run, 1), "me").await {
                                Ok(owner) => break owner,
                                // The connection was cut before or while it was recorded.
                                Err(JournalError::Unavailable { .. }) => {}
                                Err(
                                    JournalError::UnknownCommit { .. }
                                    | JournalError::Exists { .. },
                                ) => {
                                    if let Ok(owner) =
                                        journal.acquire(&run_id(run), "me", true).await
                                    {
                                        break owner;
                                    }
                                }
                                Err(other) => panic!("{other}"),
                            }
                        };
                        for seq in 0..STEPS {
                            let event = step_finished(seq, &format!("s{seq}"), json!(seq));
                            // Connections may break faster than they are made; what is unknown then is read back.
                            while let Err(error) = journal
                                .append(&mut owner, std::slice::from_ref(&event))
                                .await
                            {
                                let again = matches!(
                                    error,
                                    JournalError::Unavailable { .. }
                                        | JournalError::UnknownCommit { .. }
                                );
                                assert!(again, "{error}");
                                if let Ok(now) = journal.acquire(&run_id(run), "me", true).await {
                                    owner = now;
                                }
                                if owner.next > seq + 1 {
                                    break;
                                }
                            }
                        }
                    });
                })
            })
            .collect();
        for worker in at_work {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let journal = open(&address);
    for run in &runs {
        let events = journal.load(&run_id(run)).await.unwrap().events;
        let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (0..STEPS).collect::<Vec<_>>());
    }
}

async fn an_owner_on_another_connection_is_seen_and_replaced(server: &Server) {
    let address = server.database();
    let (here, there) = (open(&address), open(&address));
    let mut owner = begun(&here, "run-a").await;
    let refused = there.acquire(&owner.run, "other", false).await.unwrap_err();
    assert!(matches!(refused, JournalError::Owned { .. }), "{refused}");
    // The lock is taken again on the connection that is made anew.
    cut(server, &address);
    here.append(&mut owner, &[step_finished(1, "s", json!(1))])
        .await
        .unwrap();
    let refused = there.acquire(&owner.run, "other", false).await;
    let refused = match refused {
        // Its own connection was cut too.
        Err(JournalError::Unavailable { .. }) => there.acquire(&owner.run, "other", false).await,
        refused => refused,
    };
    assert!(
        matches!(refused, Err(JournalError::Owned { .. })),
        "{refused:?}"
    );
    let mut new = there.acquire(&owner.run, "other", true).await.unwrap();
    let stale = here
        .append(&mut owner, &[step_finished(2, "t", json!(1))])
        .await
        .unwrap_err();
    assert!(
        matches!(
            stale,
            JournalError::StaleOwner {
                epoch: 1,
                current: 2,
                ..
            }
        ),
        "{stale}"
    );
    there
        .append(&mut new, &[step_finished(2, "t", json!(1))])
        .await
        .unwrap();
    // A process that ends gives up what it owns.
    drop(new);
    drop(there);
    let mut freed = here.acquire(&run_id("run-a"), "me", false).await;
    while let Err(JournalError::Owned { .. }) = freed {
        // The server learns a moment later that the connection has ended.
        freed = here.acquire(&run_id("run-a"), "me", false).await;
    }
    assert_eq!(freed.unwrap().epoch, 3);
}

async fn a_batch_that_is_refused_takes_no_other_with_it(server: &Server) {
    let journal = Arc::new(open(&server.database()));
    let mut at_work = Vec::new();
    for run in 0..8 {
        let journal = journal.clone();
        let mut owner = begun(&journal, &format!("run-{run}")).await;
        at_work.push(tokio::spawn(async move {
            let mut refused = 0;
            for seq in 1..40 {
                // Every second run ends one step again and again.
                let step = if run % 2 == 0 { seq } else { seq.min(5) };
                let event = step_finished(owner.next - 1, &format!("s{step}"), json!(seq));
                match journal.append(&mut owner, &[event]).await {
                    Ok(()) => {}
                    Err(JournalError::StepRecorded { .. }) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            (owner.next, refused)
        }));
    }
    for (run, ended) in at_work.into_iter().enumerate() {
        let expected = if run % 2 == 0 { (41, 0) } else { (7, 34) };
        assert_eq!(ended.await.unwrap(), expected);
    }
    assert_eq!(journal.verify().await.unwrap(), []);
}

async fn what_somebody_changed_is_named(server: &Server) {
    let address = server.database();
    let database = address.rsplit('/').next().unwrap();
    let journal = open(&address);
    let cases = [
        (
            "run-body",
            2,
            "UPDATE orchestrate_entries SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"s1\"', '\"s9\"'), 'UTF8') WHERE entry = 2 AND run = {}",
        ),
        (
            "run-entry",
            2,
            "DELETE FROM orchestrate_entries WHERE entry = 2 AND run = {}",
        ),
        (
            "run-tail",
            4,
            "DELETE FROM orchestrate_entries WHERE entry = 4 AND run = {}",
        ),
        (
            "run-value",
            3,
            "UPDATE orchestrate_contents SET body = '\"other\"' WHERE digest IN (SELECT digest FROM orchestrate_uses WHERE run = {})",
        ),
        (
            "run-gone",
            3,
            "DELETE FROM orchestrate_contents WHERE digest IN (SELECT digest FROM orchestrate_uses WHERE run = {})",
        ),
        (
            "run-state",
            0,
            "UPDATE orchestrate_runs SET outcome = 'succeeded', ended = true WHERE run = {}",
        ),
        (
            "run-older",
            4,
            "UPDATE orchestrate_heads SET entry = 9 WHERE run = {}",
        ),
        (
            "run-head",
            4,
            "DELETE FROM orchestrate_heads WHERE run = {}",
        ),
        ("run-lost", 0, "DELETE FROM orchestrate_runs WHERE run = {}"),
    ];
    for (run, _, _) in cases {
        let mut owner = begun(&journal, run).await;
        let events = [
            step_finished(1, "s1", json!(1)),
            step_finished(2, "s2", json!(format!("{run}{}", "x".repeat(900)))),
            step_finished(3, "s3", json!(3)),
        ];
        journal.append(&mut owner, &events).await.unwrap();
        journal.release(owner).await.unwrap();
    }
    let _ = begun(&journal, "run-whole").await;
    for (run, entry, change) in cases {
        let number = server
            .ask(
                database,
                &format!("SELECT run FROM orchestrate_runs WHERE id = '{run}'"),
            )
            .unwrap();
        server
            .sql(database, &change.replace("{}", number.trim()))
            .unwrap();
        let problem = journal.load(&run_id(run)).await.unwrap_err();
        let (named, first) = match &problem {
            JournalError::Damaged { run, entry, .. } => (run, *entry),
            JournalError::Lost { run, lost } => {
                (run, lost.first.saturating_sub(u64::from(lost.first > 0)))
            }
            other => panic!("{run}: {other}"),
        };
        assert_eq!((named.as_str(), first), (run, entry), "{problem}");
    }
    assert_eq!(journal.verify().await.unwrap().len(), cases.len());
    journal.load(&run_id("run-whole")).await.unwrap();
    let listed = journal.list(&RunFilter::default()).await.unwrap();
    let damaged: Vec<&str> = listed
        .iter()
        .filter(|run| run.damage.is_some())
        .map(|run| run.run_id.as_str())
        .collect();
    // What a list looks at: rows and heads. Entries and values are looked at when a run is.
    assert_eq!(damaged, ["run-lost", "run-head", "run-older", "run-state"]);
    for (run, _, _) in cases {
        journal.delete(&run_id(run)).await.unwrap();
    }
    assert_eq!(journal.verify().await.unwrap(), []);
    assert_eq!(journal.list(&RunFilter::default()).await.unwrap().len(), 1);
}

async fn looking_makes_nothing(server: &Server) {
    let address = server.database();
    let look = || PostgresJournal::open(&address, Durability::Full, false);
    assert_eq!(look().unwrap_err(), JournalError::Empty);
    let database = address.rsplit('/').next().unwrap();
    let tables = server.ask(
        database,
        "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'orchestrate%'",
    );
    assert_eq!(tables.unwrap().trim(), "0");
    drop(open(&address));
    assert!(look().is_ok());
    let nobody =
        PostgresJournal::open("postgres://me:secret@127.0.0.1:1/x", Durability::Full, true);
    let told = nobody.unwrap_err().to_string();
    assert!(
        told.contains("does not answer") && !told.contains("secret"),
        "{told}"
    );
}
