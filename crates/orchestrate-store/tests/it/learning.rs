//! The laws of compositions, records and patterns, one function each.

use orchestrate_core::error::Explain;
use orchestrate_core::id::RunId;
use orchestrate_core::learning::{
    AgentConfiguration, AgentSeat, ConfigurationQuery, ConfigurationStore, Exploration, Factor,
    Pattern, PatternLibrary, PatternQuery, RunOutcome, learn,
};
use serde_json::json;

use crate::backends::{Backend, learning_at};

/// One composition, the same wherever it is asked for.
pub(crate) fn composition() -> AgentConfiguration {
    named("release_prep", "parallel")
}

fn named(pattern: &str, strategy: &str) -> AgentConfiguration {
    let agents = vec![
        AgentSeat::new("security_auditor", None),
        AgentSeat::new("code_reviewer", None),
    ];
    AgentConfiguration::composed(pattern, agents, strategy)
}

fn outcome(success: bool, quality: f64, at: u64) -> RunOutcome {
    RunOutcome::new(success, quality, at).unwrap()
}

/// All of them, each on a store that nobody has used.
pub(crate) async fn laws(backend: &Backend<'_>) {
    what_is_saved_is_loaded_as_it_was(&backend.address()).await;
    names_cannot_leave_the_store(&backend.address()).await;
    what_others_record_is_seen_and_added_to(&backend.address()).await;
    a_run_counts_once(&backend.address()).await;
    one_of_one_does_not_beat_499_of_500(&backend.address()).await;
    searching_filters_ranks_and_limits(&backend.address()).await;
    a_disabled_lesson_stays_so_and_is_not_the_best(&backend.address()).await;
    what_is_forgotten_is_gone(&backend.address()).await;
    three_good_uses_make_a_pattern_that_follows_the_record(&backend.address()).await;
    the_outcomes_kept_are_bounded_and_the_counts_are_not(&backend.address()).await;
    lessons_name_their_runs(&backend.address()).await;
}

async fn what_is_saved_is_loaded_as_it_was(address: &str) {
    let mut saved = composition();
    saved.tags = vec!["release".into()];
    saved.quality_gates.insert("min_coverage".into(), json!(80));
    saved.record_outcome(outcome(true, 87.5, 1_700_000_000_123));
    learning_at(address).await.save(&mut saved).await.unwrap();
    assert!(saved.unsaved().is_empty());
    let loaded = learning_at(address)
        .await
        .load(&saved.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(loaded, saved);
    assert_eq!((loaded.usage_count, loaded.success_rate), (1, 1.0));
    assert_eq!(loaded.avg_quality_score, 87.5);
    assert_eq!(loaded.created_at, 1_700_000_000_123);
    assert_eq!(
        learning_at(address).await.load("nobody").await.unwrap(),
        None
    );
}

async fn names_cannot_leave_the_store(address: &str) {
    let store = learning_at(address).await;
    for bad in ["", "..", "../x", "a/b", "a\0b", ".x"] {
        assert_eq!(
            store.load(bad).await.unwrap_err().code(),
            "ORC1201",
            "{bad:?}"
        );
        assert_eq!(
            store.delete(bad).await.unwrap_err().code(),
            "ORC1201",
            "{bad:?}"
        );
        let mut it = composition();
        it.id = bad.into();
        assert_eq!(
            store.save(&mut it).await.unwrap_err().code(),
            "ORC1201",
            "{bad:?}"
        );
    }
    let mut empty = composition();
    empty.agents.clear();
    assert_eq!(store.save(&mut empty).await.unwrap_err().code(), "ORC1206");
    assert!(store.list_all().await.unwrap().is_empty());
}

async fn what_others_record_is_seen_and_added_to(address: &str) {
    let (one, two) = (learning_at(address).await, learning_at(address).await);
    let mut mine = composition();
    one.save(&mut mine).await.unwrap();
    let mut theirs = two.load(&mine.id).await.unwrap().unwrap();
    mine.record_outcome(outcome(true, 100.0, 1));
    theirs.record_outcome(outcome(false, 50.0, 2));
    one.save(&mut mine).await.unwrap();
    two.save(&mut theirs).await.unwrap();
    assert_eq!((theirs.usage_count, theirs.success_count), (2, 1));
    assert_eq!(theirs.avg_quality_score, 75.0);
    // Saving again adds nothing.
    two.save(&mut theirs).await.unwrap();
    assert_eq!(one.load(&mine.id).await.unwrap().unwrap(), theirs);
}

async fn a_run_counts_once(address: &str) {
    let store = learning_at(address).await;
    let of = |run: u64| outcome(true, 80.0, run).of_run(RunId::of(&[run]));
    store.record(&composition(), &[of(1)]).await.unwrap();
    let known = store.record(&composition(), &[of(1), of(2)]).await.unwrap();
    assert_eq!(known.usage_count, 2);
}

async fn one_of_one_does_not_beat_499_of_500(address: &str) {
    let store = learning_at(address).await;
    let mut many = named("p", "parallel");
    many.usage_count = 500;
    many.success_count = 499;
    many.failure_count = 1;
    many.success_rate = 0.998;
    many.avg_quality_score = 60.0;
    store.save(&mut many).await.unwrap();
    store
        .record(&named("p", "debate"), &[outcome(true, 100.0, 1)])
        .await
        .unwrap();
    let best = store.get_best_for_task("p").await.unwrap().unwrap();
    assert_eq!((best.id, best.usage_count), (many.id, 500));
    assert_eq!(store.get_best_for_task("q").await.unwrap(), None);
}

async fn searching_filters_ranks_and_limits(address: &str) {
    let store = learning_at(address).await;
    for (strategy, successes, quality) in [
        ("parallel", 4, 70.0),
        ("sequential", 4, 90.0),
        ("debate", 1, 50.0),
    ] {
        let good: Vec<_> = (0..4).map(|k| outcome(k < successes, quality, k)).collect();
        store.record(&named("p", strategy), &good).await.unwrap();
    }
    store
        .record(&named("q", "parallel"), &[outcome(true, 99.0, 9)])
        .await
        .unwrap();
    let search = async |query: ConfigurationQuery| -> Vec<String> {
        let found = store.search(&query).await.unwrap();
        found
            .into_iter()
            .map(|it| format!("{} {}", it.task_pattern, it.strategy))
            .collect()
    };
    let own = || ConfigurationQuery {
        task_pattern: Some("p".into()),
        ..ConfigurationQuery::default()
    };
    assert_eq!(
        search(own()).await,
        ["p sequential", "p parallel", "p debate"]
    );
    assert_eq!(
        search(ConfigurationQuery { limit: 1, ..own() }).await,
        ["p sequential"]
    );
    assert_eq!(
        search(ConfigurationQuery {
            min_success_rate: 0.5,
            min_quality_score: 75.0,
            ..own()
        })
        .await,
        ["p sequential"]
    );
    assert_eq!(search(ConfigurationQuery::default()).await.len(), 4);
    let bad = ConfigurationQuery {
        min_success_rate: 2.0,
        ..own()
    };
    assert_eq!(store.search(&bad).await.unwrap_err().code(), "ORC1202");
    let all = store.list_all().await.unwrap();
    assert_eq!(
        all.first().map(|it| &*it.task_pattern),
        Some("q"),
        "the last used comes first"
    );
}

async fn a_disabled_lesson_stays_so_and_is_not_the_best(address: &str) {
    let store = learning_at(address).await;
    let id = store
        .record(&composition(), &[outcome(true, 90.0, 1)])
        .await
        .unwrap()
        .id;
    store.set_disabled(&id, true).await.unwrap();
    let mut known = store
        .record(&composition(), &[outcome(true, 90.0, 2)])
        .await
        .unwrap();
    assert!(known.disabled && known.usage_count == 2);
    known.disabled = false;
    store.save(&mut known).await.unwrap();
    assert!(known.disabled, "saving does not change it");
    assert_eq!(store.get_best_for_task("release_prep").await.unwrap(), None);
    store.set_disabled(&id, false).await.unwrap();
    assert!(
        store
            .get_best_for_task("release_prep")
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        store.set_disabled("nobody", true).await.unwrap_err().code(),
        "ORC1203"
    );
}

async fn what_is_forgotten_is_gone(address: &str) {
    let store = learning_at(address).await;
    let of = |at| outcome(true, 90.0, at).of_run(RunId::of(&[at]));
    let id = store.record(&composition(), &[of(1)]).await.unwrap().id;
    assert!(store.delete(&id).await.unwrap());
    assert!(!store.delete(&id).await.unwrap());
    assert!(store.recent_outcomes(&id).await.unwrap().is_empty());
    // Even of the run itself: it is a new record.
    assert_eq!(
        store
            .record(&composition(), &[of(1)])
            .await
            .unwrap()
            .usage_count,
        1
    );
}

async fn three_good_uses_make_a_pattern_that_follows_the_record(address: &str) {
    let store = learning_at(address).await;
    let mut uses = Vec::new();
    for at in 1..=4 {
        learn(&store, &store, &composition(), outcome(true, 80.0, at))
            .await
            .unwrap();
        let patterns = store.patterns().await.unwrap();
        uses.push(
            patterns
                .first()
                .map(|it| (it.usage_count, it.discovered_at)),
        );
    }
    assert_eq!(uses, [None, None, Some((3, 3)), Some((4, 3))]);
    let query = PatternQuery {
        context: json!({"task_pattern": "release_prep"})
            .as_object()
            .unwrap()
            .clone(),
        ..PatternQuery::default()
    };
    let found = learning_at(address).await.query(&query).await.unwrap();
    assert_eq!(found.len(), 1);
    let factors = [
        Factor::Context("task_pattern".into()),
        Factor::SuccessRate(1.0),
    ];
    assert_eq!(found[0].factors, factors);
    let id = &found[0].pattern.id;
    assert!(store.remove(id).await.unwrap() && !store.remove(id).await.unwrap());
    let mut stray = Pattern::of(&composition());
    stray.id = "../x".into();
    assert_eq!(
        store.contribute(&stray).await.unwrap_err().code(),
        "ORC1201"
    );
}

async fn the_outcomes_kept_are_bounded_and_the_counts_are_not(address: &str) {
    let store = learning_at(address).await;
    let many: Vec<_> = (0..300).map(|at| outcome(true, 80.0, at)).collect();
    let known = store.record(&composition(), &many).await.unwrap();
    let kept = store.recent_outcomes(&known.id).await.unwrap();
    assert_eq!((known.usage_count, kept.len(), kept[0].at), (300, 256, 299));
}

async fn lessons_name_their_runs(address: &str) {
    let store = learning_at(address).await;
    let of = |at: u64, success| outcome(success, 80.0, at).of_run(RunId::of(&[at]));
    store
        .record(&composition(), &[of(1, true), of(1001, false)])
        .await
        .unwrap();
    store
        .record(&named("q", "debate"), &[of(3, true)])
        .await
        .unwrap();
    let all = store
        .lessons(None, None, Exploration::default())
        .await
        .unwrap();
    assert_eq!(all.lessons.len(), 2);
    let own = store
        .lessons(Some("release_prep"), None, Exploration::default())
        .await
        .unwrap();
    let [lesson] = &*own.lessons else {
        panic!("{own:?}")
    };
    assert_eq!(lesson.runs, [RunId::of(&[1001]), RunId::of(&[1])]);
    assert_eq!((lesson.tally.successes, lesson.tally.failures), (1.0, 1.0));
    let store = orchestrate_store::Store::open(address).unwrap();
    let store = store.with_clock(std::sync::Arc::new(|| 1001)).learning();
    let aged = store
        .lessons(Some("release_prep"), Some(1000.0), Exploration::default())
        .await
        .unwrap();
    assert_eq!(
        (
            aged.lessons[0].tally.successes,
            aged.lessons[0].tally.failures
        ),
        (0.5, 1.0)
    );
}
