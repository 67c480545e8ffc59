//! `sessions` and `notes`: what agents keep from run to run, looked at and removed by people.

use serde_json::{Value, json};

use crate::models::{calls, project, says, script};
use crate::program::Place;
use crate::work::{DONE, TASK, at_work, run};

const STORE: &str = "file:kept";

/// A project in which two sessions were used, `login` last.
fn with_sessions() -> Place {
    let answer = json!({"summary": "The cache\nhas no eviction.", "confidence": 0.9});
    let (address, _) = script(vec![says(&answer.to_string())]);
    let place = project(&address);
    for session in ["cache", "login", "login"] {
        let args = ["run", TASK, "--session", session, "--store", STORE];
        let ran = run(&place, &args);
        assert_eq!(ran.code, Some(0), "{}", ran.shown());
    }
    place
}

/// The names in a list, in its order.
fn names(document: &Value, list: &str, name: &str) -> Vec<String> {
    let items = document[list].as_array().unwrap().iter();
    items
        .map(|it| it[name].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn sessions_are_listed_shown_and_forgotten() {
    let place = with_sessions();
    let at_store = |args: &[&str]| place.run(&[args, &["--store", STORE]].concat());
    let listed = at_store(&["sessions", "list", "--json"]).json();
    assert_eq!(names(&listed, "sessions", "session"), ["login", "cache"]);
    let login = &listed["sessions"][0];
    let agents = login["agents"].as_array().unwrap();
    assert_eq!(login["turns"], json!(agents.len() * 2), "{login}");
    assert!(login["updated_ms"].as_u64() > listed["sessions"][1]["updated_ms"].as_u64());

    // A credential that somebody else put there is not shown either.
    let secret = format!("ghp_{}", "a1b2c3d4e5".repeat(4));
    let agent = agents[0]["agent"].as_str().unwrap();
    let part = format!("kept/memory/sessions/login--in--{agent}.json");
    let text = place.read(&part);
    place.with(&part, &text.replace("no eviction", &secret));
    for json in [false, true] {
        let args = ["sessions", "show", "latest", "--json"];
        let shown = at_store(&args[..3 + usize::from(json)]);
        assert_eq!(shown.code, Some(0), "{}", shown.shown());
        for told in [TASK, "The cache", agent, "run-"] {
            assert!(shown.stdout.contains(told), "{told}: {}", shown.shown());
        }
        assert!(!shown.stdout.contains(&secret), "{}", shown.shown());
    }
    let document = at_store(&["sessions", "show", "log", "--json"]).json();
    let turns = document["agents"][0]["turns"].as_array().unwrap();
    assert_eq!((turns.len(), &turns[0]["summary"]), (2, &json!(false)));
    assert_eq!(turns[0]["said"][0]["entry"], "user");

    let unknown = at_store(&["sessions", "show", "lgin"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.shown());
    let told = "unknown session `lgin` (possible: login, cache)";
    assert!(unknown.stderr.contains(told), "{}", unknown.shown());
    assert!(unknown.stderr.contains("did you mean `login`?"));

    let nothing = at_store(&["sessions", "forget"]);
    assert_eq!(nothing.code, Some(2), "{}", nothing.shown());
    for args in [&["log"][..], &["--all"], &["--older-than", "0h"]] {
        let shown = at_store(&[&["sessions", "forget"], args].concat());
        assert_eq!(shown.code, Some(0), "{}", shown.shown());
        assert!(shown.stdout.contains("`--yes` removes them"));
    }
    let young = at_store(&[
        "sessions",
        "forget",
        "--older-than",
        "1h",
        "--yes",
        "--json",
    ])
    .json();
    assert_eq!(young, json!({"removed": true, "sessions": [], "kept": 2}));
    let gone = at_store(&["sessions", "forget", "log", "--yes", "--json"]).json();
    assert_eq!(
        gone,
        json!({"removed": true, "sessions": ["login"], "kept": 1})
    );
    let gone = at_store(&["sessions", "forget", "--all", "--yes"]);
    assert!(gone.stdout.contains("removed: 1"), "{}", gone.shown());
    let none = at_store(&["sessions", "list"]);
    assert!(none.stdout.starts_with("no sessions"), "{}", none.shown());
}

#[test]
fn notes_are_listed_shown_and_forgotten() {
    let put = |key: &str, text: &str| calls("notes_put", &json!({"key": key, "text": text}));
    let secret = format!("ghp_{}", "a1b2c3d4e5".repeat(4));
    let (address, _) = script(vec![
        put("build", &format!("cargo nextest run\nwith {secret}")),
        put("age", &"long ".repeat(40)),
        says(DONE),
    ]);
    let place = at_work(&address, "[tools.agents]\n\"*\" = [\"notes.*\"]\n");
    let ran = run(&place, &["run", TASK]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let listed = place.run(&["notes", "list", "--json"]).json();
    let mut keys = names(&listed, "notes", "key");
    keys.sort();
    assert_eq!(keys, ["age", "build"]);
    let list = place.run(&["notes", "list"]);
    assert!(list.stdout.contains("long ..."), "{}", list.shown());
    let shown = place.run(&["notes", "show", "bui"]);
    assert!(
        shown.stdout.starts_with("cargo nextest run\nwith "),
        "{}",
        shown.shown()
    );
    assert!(!shown.stdout.contains(&secret), "{}", shown.shown());
    let kept = place.run(&["notes", "forget", "build"]);
    assert!(kept.stdout.contains("would be removed: 1"));
    let gone = place.run(&["notes", "forget", "build", "--yes", "--json"]);
    assert_eq!(gone.json()["notes"], json!(["build"]));
    let unknown = place.run(&["notes", "show", "build"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.shown());
    assert!(unknown.stderr.contains("(possible: age)"));
}

#[test]
fn looking_where_nothing_is_kept_makes_nothing() {
    let place = Place::empty();
    for (verb, told) in [("sessions", "no sessions"), ("notes", "no notes")] {
        let list = place.run(&[verb, "list"]);
        assert!(list.stdout.starts_with(told), "{}", list.shown());
        let unknown = place.run(&[verb, "show", "latest"]);
        assert_eq!(unknown.code, Some(2), "{}", unknown.shown());
        let none = place.run(&[verb, "forget", "--all", "--yes"]);
        assert_eq!(none.code, Some(0), "{}", none.shown());
    }
    assert!(place.files().is_empty());
}
