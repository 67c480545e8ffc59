//! Checks of projects: nothing is lost, nothing counts twice, and projects and modes stay apart.

use std::collections::BTreeSet;

use orchestrate_core::check::CheckRecord;
use orchestrate_core::error::Explain as _;
use orchestrate_core::id::RunId;
use orchestrate_store::{CheckHistory, Store};

use crate::backends::Backend;
use crate::processes::{address_of_this_process, run_together, runtime};

/// Checks that each of those records who record at the same time.
const CHECKS: u64 = 25;

fn checks_at(address: &str) -> CheckHistory {
    Store::open(address).unwrap().checks()
}

fn check(project: &str, mode: &str, run: &[u64], score: f64) -> CheckRecord {
    let second = run.last().unwrap() % 60;
    CheckRecord {
        project: project.into(),
        mode: mode.into(),
        at: format!("2026-01-02T03:04:{second:02}Z"),
        run: RunId::of(run),
        score: Some(score),
        grade: Some("A".into()),
        measured_share: 0.75,
        categories: [("security".to_owned(), score), ("quality".to_owned(), 90.5)].into(),
    }
}

/// Everything that holds on a backend, each on a store that nobody has used.
pub(crate) async fn laws(backend: &Backend<'_>) {
    what_is_recorded_is_read_as_it_was_in_order_of_time(&backend.address()).await;
    a_run_is_one_check(&backend.address()).await;
    projects_and_modes_stay_apart(&backend.address()).await;
}

async fn what_is_recorded_is_read_as_it_was_in_order_of_time(address: &str) {
    assert!(checks_at(address).of("p", None).await.unwrap().is_empty());
    let mut nothing = check("p", "daily", &[9, 1], 0.0);
    (nothing.score, nothing.grade) = (None, None);
    nothing.categories.clear();
    // The names of runs say nothing of time.
    let all = [
        nothing,
        check("p", "daily", &[5, 2], 91.3),
        check("p", "daily", &[7, 3], 1.0 / 3.0),
    ];
    for at in [2, 0, 1] {
        assert!(checks_at(address).record(&all[at]).await.unwrap());
    }
    let read = checks_at(address).of("p", Some("daily")).await.unwrap();
    assert_eq!(read, all);
}

async fn a_run_is_one_check(address: &str) {
    let history = checks_at(address);
    let first = check("p", "daily", &[1], 80.0);
    assert!(history.record(&first).await.unwrap());
    let again = check("p", "daily", &[1], 20.0);
    assert!(!history.record(&again).await.unwrap());
    assert_eq!(history.of("p", None).await.unwrap(), [first]);
}

async fn projects_and_modes_stay_apart(address: &str) {
    let history = checks_at(address);
    let daily = check("/a/b c/ü", "daily", &[1], 80.0);
    let weekly = check("/a/b c/ü", "weekly", &[2], 70.0);
    let other = check("/a/b", "daily", &[3], 60.0);
    for it in [&daily, &weekly, &other] {
        assert!(history.record(it).await.unwrap());
    }
    let of = async |project, mode| history.of(project, mode).await.unwrap();
    assert_eq!(
        of("/a/b c/ü", Some("daily")).await,
        std::slice::from_ref(&daily)
    );
    assert_eq!(of("/a/b c/ü", None).await, [daily, weekly]);
    assert_eq!(of("/a/b", None).await, [other]);
    let bad = check("p", "../x", &[4], 1.0);
    assert_eq!(history.record(&bad).await.unwrap_err().code(), "ORC1201");
}

/// Four processes record a project's checks at once, each twice, as a run that is gone on with does.
pub(crate) fn four_processes_lose_no_check(backend: &Backend<'_>) {
    let address = backend.address();
    run_together(&address, "checks::a_process_that_checks");
    let kept = runtime().block_on(checks_at(&address).of("p", None));
    let runs: BTreeSet<RunId> = kept.unwrap().into_iter().map(|it| it.run).collect();
    assert_eq!(runs.len() as u64, 4 * CHECKS);
}

#[test]
#[ignore = "one of the processes that `four_processes_lose_no_check` starts"]
fn a_process_that_checks() {
    let address = address_of_this_process();
    let me = u64::from(std::process::id());
    runtime().block_on(async {
        let history = checks_at(&address);
        for k in 0..CHECKS {
            let it = check("p", "daily", &[me, k], 50.0);
            assert!(history.record(&it).await.unwrap());
            assert!(!history.record(&it).await.unwrap());
        }
    });
}

#[test]
fn a_check_that_is_malformed_is_left_out_and_told_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("file:{}", folder.path().join("store").display());
    let history = checks_at(&address);
    let good = check("p", "daily", &[2], 80.0);
    runtime().block_on(async {
        for it in [&check("p", "daily", &[1], 10.0), &good] {
            history.record(it).await.unwrap();
        }
    });
    let file = folder.path().join("store/health/checks/run-1.json");
    assert!(file.is_file());
    for damage in ["{}", "no json"] {
        std::fs::write(&file, damage).unwrap();
        let read = runtime().block_on(history.of("p", None)).unwrap();
        assert_eq!(read, std::slice::from_ref(&good));
        let warnings = history.take_warnings();
        assert!(
            warnings.len() == 1 && warnings[0].contains("run-1"),
            "{warnings:?}"
        );
    }
}
