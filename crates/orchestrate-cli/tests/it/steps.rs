//! Plans written by hand: tools, decisions, and what is said of a plan that is wrong.

use expect_test::expect;
use serde_json::json;

use crate::program::Place;

/// A program is run, a person is asked, and then another program is run.
const GATED: &str = r#"{
  "format": "orchestrate.plan/1",
  "task": "Write a note and keep it",
  "agents": {},
  "tools": {"run": "external"},
  "root": {"step": "sequence", "steps": [
    {"name": "write", "step": "tool", "tool": "run", "arguments": {"argv": ["printf", "a note"]}},
    {"name": "gate", "step": "approve", "question": "Keep it?", "show": {"text": "steps.write.output.stdout"}},
    {"name": "keep", "step": "tool", "tool": "run", "arguments": {"argv": ["tee", "note.txt"]}, "inputs": {"stdin": "steps.write.output.stdout"}}
  ]}
}"#;

#[test]
fn a_run_waits_for_a_person_and_goes_by_the_decision() {
    let place = Place::empty();
    place.with("plan.json", GATED);
    let paused = place.run(&["run", "--plan", "plan.json"]);
    assert_eq!(paused.code, Some(7), "{}", paused.shown());
    assert!(
        paused
            .stdout
            .contains("decide with `--decide gate=...` (approve, reject)"),
        "{}",
        paused.stdout
    );
    assert!(!place.files().iter().any(|file| file.contains("note.txt")));
    let waits = place.run(&["runs", "show", "latest"]);
    assert!(waits.stdout.contains("Keep it?"), "{}", waits.stdout);

    let refused = place.run(&["run", "--plan", "plan.json", "--decide", "gate=reject"]);
    assert_eq!(refused.code, Some(6), "{}", refused.shown());
    assert!(!place.files().iter().any(|file| file.contains("note.txt")));

    let done = place.run(&[
        "run",
        "--plan",
        "plan.json",
        "--decide",
        "gate=approve",
        "--json",
    ]);
    assert_eq!(done.code, Some(0), "{}", done.shown());
    assert!(place.files().iter().any(|file| file.contains("note.txt")));
    let document = done.json();
    let schema = place.run(&["schema", "run"]).json();
    assert!(
        jsonschema::validator_for(&schema)
            .unwrap()
            .is_valid(&document)
    );
    let shown = place.run(&["runs", "show", "latest", "--json"]).json();
    let steps = shown["steps"].as_array().unwrap();
    let by: Vec<_> = steps.iter().map(|it| (&it["step"], &it["tool"])).collect();
    let (none, run) = (json!(null), json!("run"));
    let named = [json!("write"), json!("gate"), json!("keep")];
    assert_eq!(
        by,
        [(&named[0], &run), (&named[1], &none), (&named[2], &run)]
    );
    let again = place.run(&["runs", "fork", "latest", "--from", "gate"]);
    assert_eq!(again.code, Some(0), "{}", again.shown());

    let work = document["work"].as_array().unwrap();
    let told: Vec<String> = work
        .iter()
        .map(|work| {
            format!(
                "{} {}",
                work["step"].as_str().unwrap(),
                work["outcome"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        ["write succeeded", "gate succeeded", "keep succeeded"]
    );
    assert_eq!(work[1]["output"]["decision"], "approve");
    assert_eq!(work[2]["evidence"][0]["exit_code"], 0);
}

#[test]
fn a_decision_that_is_not_offered_leaves_the_question_open() {
    let place = Place::empty();
    place.with("plan.json", GATED);
    let ran = place.run(&["run", "--plan", "plan.json", "--decide", "gate=perhaps"]);
    assert_eq!(ran.code, Some(7), "{}", ran.shown());
    let bad = place.run(&["run", "--plan", "plan.json", "--decide", "gate"]);
    assert_eq!(bad.code, Some(2), "{}", bad.shown());
}

#[test]
fn a_plan_that_is_wrong_is_refused_with_every_problem_and_its_place() {
    let place = Place::empty();
    place.with("plan.json", r#"{"format": "orchestrate.plan/1", "task": "t", "agents": {}, "root": {"step": "sequence", "steps": [
        {"step": "tool", "tool": "deploy"},
        {"name": "gate", "step": "approve", "question": "Go?", "timeout_ms": 5, "on_timeout": "approve"}
    ]}}"#);
    place.check(&["run", "--plan", "plan.json"], expect![[r#"
        exit 3
        --- stderr
        error[ORC0613]: the plan cannot run: ORC0613 at step `0`: the plan does not admit tool `deploy` (the plan admits none); ORC0616 at step `gate`: `on_timeout` is `approve`: silence is no approval
        hint: `orchestrate explain ORC0613` tells what it means and how to mend it
    "#]]);
    place.with("plan.json", r#"{"format": "orchestrate.plan/1", "task": "t", "agents": {}, "root": {"step": "sequence", "steps": [
        {"step": "tol", "tool": "run"},
        {"step": "loop", "body": {"step": "agent"}}
    ]}}"#);
    place.check(&["run", "--plan", "plan.json"], expect![[r#"
        exit 3
        --- stderr
        error[ORC0624]: the plan cannot run: ORC0624 at step `0`: unknown variant `tol`, expected one of `agent`, `tool`, `sequence`, `parallel`, `graph`, `branch`, `loop`, `map`, `expand`, `approve`, `call`; ORC0624 at step `1#0`: missing field `agent`
        hint: `orchestrate explain ORC0624` tells what it means and how to mend it
    "#]]);
}
