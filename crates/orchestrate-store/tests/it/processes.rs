//! Several processes on one store: this test program starts itself again.

use std::process::{Command, Stdio};

use orchestrate_core::learning::{ConfigurationStore, RunOutcome};
use tokio::runtime::{Builder, Runtime};

use crate::backends::{Backend, learning_at};
use crate::learning::composition;

const ADDRESS: &str = "ORCHESTRATE_TEST_STORE";
const OUTCOMES: u32 = 100;
const PROCESSES: u32 = 4;

/// What a test and the processes that it starts wait with.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs an ignored test in four processes at once, each told the address of a store.
pub(crate) fn run_together(address: &str, test: &str) {
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored"])
            .env(ADDRESS, address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..PROCESSES).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

/// The store that a process was told.
pub(crate) fn address_of_this_process() -> String {
    std::env::var(ADDRESS).unwrap()
}

/// Four processes record a hundred outcomes each, half of them the way of the seeds: load, record, save.
pub(crate) fn four_processes_lose_nothing(backend: &Backend<'_>) {
    let address = backend.address();
    run_together(&address, "processes::a_process_that_records");
    let known = runtime().block_on(async {
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
    let address = address_of_this_process();
    runtime().block_on(async {
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
