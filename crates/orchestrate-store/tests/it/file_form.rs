//! What only a directory has: files that a person or another system can read, write and break.

use std::fs;

use orchestrate_core::learning::{ConfigurationStore, RunOutcome};
use serde_json::{Value, json};

use crate::backends::learning_at;
use crate::learning::composition;

fn seed(id: &str) -> Value {
    json!({
        "id": id,
        "task_pattern": "release_prep",
        "agents": [{"role": "security_auditor", "tier": "PREMIUM"}],
        "strategy": "parallel",
        "quality_gates": {"min_coverage": 80},
        "success_rate": 1.0,
        "avg_quality_score": 90.0,
        "usage_count": 2,
        "success_count": 2,
        "failure_count": 0,
        "created_at": "2025-01-10T12:34:56.123456",
        "last_used": null,
        "tags": []
    })
}

#[tokio::test]
async fn a_directory_of_the_seeds_is_used_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("compositions");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("comp_001.json"), seed("comp_001").to_string()).unwrap();
    let store = learning_at(&format!("file:{}", directory.path().display())).await;
    let mut known = store.load("comp_001").await.unwrap().unwrap();
    known.record_outcome(RunOutcome::new(true, 60.0, 1_760_000_000_000).unwrap());
    store.save(&mut known).await.unwrap();
    let text = fs::read_to_string(folder.join("comp_001.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(&written),
        keys(&seed("x")),
        "the other system knows these keys and no others"
    );
    assert_eq!(written["avg_quality_score"], json!(80.0));
    assert_eq!(written["last_used"], json!("2025-10-09T08:53:20.000"));
    assert!(text.starts_with("{\n  \"id\": \"comp_001\",\n"), "{text}");
}

#[tokio::test]
async fn malformed_files_break_nothing_else_and_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("compositions");
    fs::create_dir_all(&folder).unwrap();
    let mut odd = seed("odd");
    odd["created_at"] = json!("yesterday");
    let id = composition().id;
    for (name, text) in [
        ("good", seed("good").to_string()),
        ("odd", odd.to_string()),
        ("other", seed("another").to_string()),
        ("list", "[1, 2]".to_owned()),
        ("half", "{\"id\": \"half\", ".to_owned()),
        (&id, "not json".to_owned()),
    ] {
        fs::write(folder.join(format!("{name}.json")), text).unwrap();
    }
    let store = learning_at(&format!("file:{}", directory.path().display())).await;
    let ids: Vec<_> = store
        .list_all()
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.id)
        .collect();
    assert_eq!(ids, ["good"]);
    let warnings = store.take_warnings();
    assert_eq!(warnings.len(), 5, "{warnings:#?}");
    assert!(store.take_warnings().is_empty(), "each is told once");
    // What is written over is kept.
    store
        .record(&composition(), &[RunOutcome::new(true, 60.0, 1).unwrap()])
        .await
        .unwrap();
    assert_eq!(store.load(&id).await.unwrap().unwrap().usage_count, 1);
    let aside = fs::read_to_string(folder.join(format!("{id}.json.malformed"))).unwrap();
    assert_eq!(aside, "not json");
    assert_eq!(
        fs::read_to_string(folder.join("odd.json")).unwrap(),
        odd.to_string()
    );
}

#[tokio::test]
async fn importing_takes_over_what_is_whole_and_counts_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let from = directory.path().join("from");
    fs::create_dir_all(&from).unwrap();
    fs::write(from.join("a.json"), seed("comp_001").to_string()).unwrap();
    fs::write(from.join("b.json"), "{}").unwrap();
    fs::write(from.join("README.md"), "no composition").unwrap();
    let store = learning_at(&format!(
        "sqlite:{}",
        directory.path().join("s.db").display()
    ))
    .await;
    let imported = store.import(&from).await.unwrap();
    assert_eq!(
        (imported.taken, imported.malformed.len()),
        (vec!["comp_001".to_owned()], 1)
    );
    let again = store.import(&from.join("a.json")).await.unwrap();
    assert_eq!(
        (again.taken.len(), again.known),
        (0, vec!["comp_001".to_owned()])
    );
    assert_eq!(
        store.load("comp_001").await.unwrap().unwrap().usage_count,
        2
    );
    assert!(store.import(&from.join("missing")).await.is_err());
}
