//! Several processes on one store: this test program starts itself again.

use std::process::{Command, Stdio};

use orchestrate_core::learning::{ConfigurationStore, RunOutcome};

use crate::backends::{Backend, learning_at};
use crate::learning::composition;

const ADDRESS: &str = "ORCHESTRATE_TEST_STORE";
const OUTCOMES: u32 = 100;
const PROCESSES: u32 = 4;

/// Four processes record a hundred outcomes each, half of them the way of the seeds: load, record, save.
pub(crate) fn four_processes_lose_nothing(backend: &Backend<'_>) {
    let address = backend.address();
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::a_process_that_records", "--ignored"])
                .env(ADDRESS, &address)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let known = runtime.block_on(async {
        let store = learning_at(&address).await;
        store.load(&composition().id).await.unwrap().unwrap()
    });
    let all = u64::from(OUTCOMES * PROCESSES);
    assert_eq!(
        (known.usage_count, known.success_count),
        (all, all / 2),
        "{address}"
    );
    assert_eq!(known.avg_quality_score.round(), 50.0);
}

#[test]
#[ignore = "one of the processes that `four_processes_lose_nothing` starts"]
fn a_process_that_records() {
    let address = std::env::var(ADDRESS).expect("it is started by another test");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = learning_at(&address).await;
        for k in 0..OUTCOMES {
            let good = k % 2 == 0;
            let outcome = RunOutcome::new(good, if good { 100.0 } else { 0.0 }, 1 + u64::from(k));
            let outcome = outcome.unwrap();
            if k < OUTCOMES / 2 {
                store.record(&composition(), &[outcome]).await.unwrap();
            } else {
                let mut loaded = store.load(&composition().id).await.unwrap().unwrap();
                loaded.record_outcome(outcome);
                store.save(&mut loaded).await.unwrap();
            }
        }
    });
}
