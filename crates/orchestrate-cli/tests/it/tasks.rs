//! `plan` and `run`: composing for a task in words, and running exactly what was saved.

use std::fs;

use serde_json::Value;

use crate::program::Place;

const TASK: &str =
    "Prepare for release: check security, test coverage, code quality and documentation";

#[test]
fn planning_writes_nothing_but_what_it_is_told_to() {
    let place = Place::project();
    let before = place.files();
    let ran = place.run(&["plan", TASK]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    for section in ["TEAM", "GRAPH", "BOUNDS", "REASONS", "Digest: "] {
        assert!(ran.stdout.contains(section), "{section}\n{}", ran.stdout);
    }
    assert_eq!(place.files(), before);
    place.run(&["plan", TASK, "--out", "plan.json"]);
    assert_eq!(place.files().len(), before.len() + 1);
}

#[test]
fn a_plan_is_the_same_every_time_and_as_its_schema_says() {
    let place = Place::empty();
    let schema = place.run(&["schema", "plan"]).json();
    let first = place.run(&["plan", TASK, "--json"]);
    assert_eq!(first.stdout, place.run(&["plan", TASK, "--json"]).stdout);
    let plan = first.json();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&plan));
    assert_eq!(
        plan["requirements"]["domain"],
        plan["requirements"]["domains"][0]
    );
    assert!(plan["strategy"].is_string());
    assert!(!plan["reasons"].as_array().unwrap().is_empty());
    assert!(plan["bounds"]["calls"]["most"].as_u64() >= plan["bounds"]["calls"]["least"].as_u64());
}

#[test]
fn a_graph_is_drawn_in_each_form() {
    let place = Place::empty();
    for (form, sign) in [
        ("text", "security_auditor"),
        ("mermaid", "flowchart"),
        ("dot", "digraph"),
        ("svg", "<svg"),
    ] {
        let ran = place.run(&["plan", TASK, "--graph", form]);
        assert!(ran.stdout.contains(sign), "{form}\n{}", ran.shown());
        let document = place.run(&["plan", TASK, "--graph", form, "--json"]).json();
        assert_eq!(document["format"], form);
    }
}

#[test]
fn hints_win_and_impossible_ones_are_refused() {
    let place = Place::empty();
    let plan = place
        .run(&[
            "plan",
            "Look at this",
            "--hint",
            "domain=security",
            "--hint",
            "strategy=debate",
            "--json",
        ])
        .json();
    assert_eq!(plan["requirements"]["domain"], "security");
    assert_eq!(plan["strategy"], "debate");
    for hint in [
        "domain=astrology",
        "strategy=voodoo",
        "domains=security",
        "nonsense",
        "tier=",
    ] {
        let ran = place.run(&["plan", "Look at this", "--hint", hint]);
        assert_eq!(ran.code, Some(2), "{hint}\n{}", ran.shown());
    }
    let twice = [
        "plan",
        "x",
        "--hint",
        "domain=security",
        "--hint",
        "domain=testing",
    ];
    assert_eq!(place.run(&twice).code, Some(2));
}

#[test]
fn a_saved_plan_runs_as_it_was_saved_or_not_at_all() {
    let place = Place::project();
    let hints = ["--hint", "strategy=parallel", "--hint", "domain=security"];
    let saved = place.run(&[&["plan", TASK, "--out", "plan.json", "--json"][..], &hints].concat());
    let digest = saved.json()["digest"].clone();
    let ran = place.run(&["run", "--plan", "plan.json", "--json"]);
    assert_eq!(ran.json()["plan_digest"], digest);

    let path = place.path().join("plan.json");
    let text = fs::read_to_string(&path).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["plan"]["limits"]["calls"] = 1000.into();
    fs::write(&path, document.to_string()).unwrap();
    let ran = place.run(&["run", "--plan", "plan.json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC0907"), "{}", ran.stderr);

    fs::write(
        &path,
        text.replace("orchestrate.plan/1", "orchestrate.plan/9"),
    )
    .unwrap();
    assert!(
        place
            .run(&["run", "--plan", "plan.json"])
            .stderr
            .contains("ORC0908")
    );
    fs::write(&path, "[]").unwrap();
    assert!(
        place
            .run(&["run", "--plan", "plan.json"])
            .stderr
            .contains("ORC0906")
    );
    assert_eq!(place.run(&["run", "--plan", "none.json"]).code, Some(2));
}

#[test]
fn a_run_is_one_document_that_its_schema_admits() {
    let place = Place::project();
    let schema = place.run(&["schema", "run"]).json();
    let ran = place.run(&[
        "run",
        "Review the security of this",
        "--hint",
        "capabilities=vulnerability_scan",
        "--json",
    ]);
    let document = ran.json();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&document),
        "{document}"
    );
    assert_eq!(document["schema"], "orchestrate.run/1");
}

#[test]
fn agents_that_nothing_can_run_are_told_and_fail_the_run() {
    let place = Place::project();
    let ran = place.run(&[
        "run",
        "Write code for the slow import",
        "--hint",
        "capabilities=write_code",
    ]);
    assert_eq!(ran.code, Some(8), "{}", ran.shown());
    assert!(
        ran.stderr.contains("nothing here can run coder"),
        "{}",
        ran.shown()
    );
    assert!(ran.stdout.contains("[FAIL] coder"), "{}", ran.shown());
    assert!(ran.stdout.contains("[FAIL] coder"), "{}", ran.shown());
}

#[test]
fn a_limit_ends_a_run_with_5() {
    let place = Place::project();
    let ran = place.run(&[
        "run",
        TASK,
        "--hint",
        "strategy=parallel",
        "--max-calls",
        "1",
    ]);
    assert_eq!(ran.code, Some(5), "{}", ran.shown());
}

#[test]
fn an_empty_task_is_refused() {
    assert_eq!(Place::empty().run(&["plan", "  "]).code, Some(2));
    assert_eq!(Place::empty().run(&["run"]).code, Some(2));
}

#[test]
fn the_quality_gates_of_a_task_decide_how_it_ends() {
    let place = Place::project();
    for (gates, code, status, told) in [
        (r#"{"min_quality": 1}"#, 0, "passed", "QUALITY GATES"),
        (
            r#"{"max_quality": 5}"#,
            1,
            "failed",
            "the answer is no: 1 quality gate failed",
        ),
        (
            r#"{"min_coverage": 1}"#,
            10,
            "not_measured",
            "the answer is open: 1 quality gate not measured",
        ),
        (
            r#"{"min_speed": 1}"#,
            10,
            "not_measured",
            "the answer is open: 1 quality gate not measured",
        ),
    ] {
        let hint = format!("quality_gates={gates}");
        let given = ["run", TASK, "--hint", "strategy=parallel", "--hint", &hint];
        let ran = place.run(&[&given[..], &["--json"]].concat());
        assert_eq!(ran.code, Some(code), "{gates}\n{}", ran.shown());
        assert_eq!(ran.json()["quality_gates"][0]["status"], status, "{gates}");

        let planned = ["plan", TASK, "--hint", "strategy=parallel", "--hint", &hint];
        place.run(&[&planned[..], &["--out", "gated.json"]].concat());
        let saved = place.run(&["run", "--plan", "gated.json"]);
        assert_eq!(saved.code, Some(code), "{gates}\n{}", saved.shown());
        assert!(saved.stdout.contains(told), "{}", saved.stdout);
    }
}
