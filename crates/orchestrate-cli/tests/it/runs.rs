//! Recorded runs as a person meets them.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use expect_test::expect;
use serde_json::{Value, json};

use crate::program::{Place, Ran};
use crate::server::Server;

/// A report without what differs from run to run.
pub(crate) fn comparable(text: &str) -> Value {
    let mut report: Value = serde_json::from_str(text).unwrap();
    strip(&mut report);
    report
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                let time =
                    name.ends_with("_ms") || name.ends_with("_duration") || name == "timestamp";
                !time
            });
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => {
            items.retain(|item| {
                item.as_str()
                    .is_none_or(|text| !text.starts_with("run run-"))
            });
            items.iter_mut().for_each(strip);
            // A run that was cut reads the repository once more, and the report names both times.
            items.dedup();
        }
        _ => {}
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.shown()))
}

#[test]
fn a_run_is_recorded_and_can_be_looked_at() {
    let place = Place::project();
    place.with_coverage(2);
    let none = place.run(&["runs", "list", "--json"]);
    assert_eq!((none.code, &json(&none)["runs"]), (Some(0), &json!([])));
    assert_eq!(place.run(&["approvals", "list"]).code, Some(0));
    let typo = place.run(&["runs", "list", "--store", "sqlite:nowhere.db"]);
    assert_eq!(typo.code, Some(2), "{}", typo.shown());
    place.run(&["release-prep"]);
    let list = json(&place.run(&["runs", "list", "--json"]));
    assert_eq!(list["runs"].as_array().unwrap().len(), 1);
    assert_eq!(list["runs"][0]["state"], "ended");
    assert_eq!(list["runs"][0]["steps"], 4);
    let show = json(&place.run(&["runs", "show", "latest", "--json"]));
    assert_eq!(show["steps"].as_array().unwrap().len(), 4);
    assert_eq!(show["run"]["run_id"], list["runs"][0]["run_id"]);
    let replay = json(&place.run(&["runs", "replay", "latest", "--json"]));
    assert_eq!(replay["events"], list["runs"][0]["events"]);
    let again = json(&place.run(&["runs", "replay", "latest", "--json"]));
    assert_eq!(replay["event_hash"], again["event_hash"]);
    let diff = place.run(&["runs", "diff", "latest", "latest"]);
    assert_eq!((diff.code, diff.stdout.as_str()), (Some(0), ""));
    let follow = place.run(&["runs", "follow", "latest", "--json"]);
    let lines: Vec<Value> = follow
        .stdout
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len() as u64, replay["events"].as_u64().unwrap() + 1);
    assert_eq!(lines[0]["format"], "orchestrate.events/1");
    let export = place.run(&["runs", "export", "latest"]);
    assert_eq!(export.stdout.lines().count(), lines.len());
    assert_eq!(place.run(&["runs", "verify"]).stdout, "1 runs, 0 damaged\n");
}

#[test]
fn a_run_is_told_under_the_topics_that_are_asked_for() {
    let place = Place::project();
    place.run(&[
        "run",
        "Review the code and check the docs",
        "--decompose",
        "parallel",
    ]);
    let follow = [
        "runs",
        "follow",
        "latest",
        "--json",
        "--topic",
        "orchestration.plan_*",
    ];
    let ran = place.run(&follow);
    let topics: Vec<String> = ran
        .stdout
        .lines()
        .skip(1)
        .map(|line| {
            let message: Value = serde_json::from_str(line).unwrap();
            message["topic"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected = ["orchestration.plan_started", "orchestration.plan_completed"];
    assert_eq!(topics, expected, "{}", ran.shown());
}

#[test]
fn without_a_store_nothing_is_found_and_that_is_said() {
    let place = Place::project();
    place.run(&["release-prep", "--no-store"]);
    let ran = place.run(&["runs", "resume", "latest"]);
    expect![[r#"
        error[ORC1102]: no run is recorded yet
        hint: `orchestrate run TASK` records one
    "#]]
    .assert_eq(&ran.stderr);
    assert_eq!(ran.code, Some(2));
    let ran = place.run(&["release-prep", "--store", "mysql:x"]);
    assert_eq!(ran.code, Some(2), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC1207"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_project_that_cannot_be_written_to_is_measured_all_the_same() {
    let place = Place::project();
    // A file where the folder would be: nothing can be made there, whoever runs this test.
    place.with(".orchestrate", "in the way");
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("not recorded"), "{}", ran.stderr);
    assert!(ran.stdout.contains("RELEASE"), "{}", ran.stdout);
    let ran = place.run(&["release-prep", "--store", "sqlite:.orchestrate/store.db"]);
    assert_eq!(ran.code, Some(8), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC1112"), "{}", ran.stderr);
}

#[test]
fn a_run_that_ended_is_not_gone_on_with_and_another_plan_is_refused() {
    let place = Place::project();
    place.run(&["release-prep"]);
    let ran = place.run(&["runs", "resume", "latest"]);
    assert_eq!(ran.code, Some(2), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC1131"), "{}", ran.stderr);
    place.run(&["plan", "Review security", "--out", "plan.json"]);
    let ran = place.run(&["runs", "resume", "latest", "--plan", "plan.json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(
        ran.stderr.contains("ORC1134") && ran.stderr.contains("could be reused"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_fork_leaves_its_source_as_it_is_and_repeats_nothing_before_the_step() {
    let place = Place::project();
    place.run(&["release-prep"]);
    let source = place.run(&["runs", "export", "latest"]).stdout;
    let id = json(&place.run(&["runs", "list", "--json"]))["runs"][0]["run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ran = place.run(&[
        "runs",
        "fork",
        "latest",
        "--from",
        "code_reviewer",
        "--set",
        "reader=an expert",
        "--json",
    ]);
    assert!(ran.stderr.contains("forked"), "{}", ran.shown());
    let forked = place.run(&["runs", "export", "latest"]).stdout;
    let began = |text: &str| {
        text.lines()
            .filter(|line| line.contains(r#""type":"step_started""#))
            .count()
    };
    let resumed = forked
        .lines()
        .position(|line| line.contains("run_resumed"))
        .unwrap();
    let after: Vec<&str> = forked.lines().skip(resumed).collect();
    assert_eq!(
        (began(&source), began(&after.join("\n"))),
        (4, 1),
        "{forked}"
    );
    assert!(forked.contains(r#""reader":"an expert""#));
    assert_eq!(place.run(&["runs", "export", &id]).stdout, source);
    let diff = place.run(&["runs", "diff", "latest", &id, "--json"]);
    assert_eq!(json(&diff)["same_plan"], false);
}

#[test]
fn runs_are_removed_only_when_that_was_confirmed() {
    let place = Place::project();
    for _ in 0..3 {
        place.run(&["release-prep"]);
    }
    let count = || {
        json(&place.run(&["runs", "list", "--json"]))["runs"]
            .as_array()
            .unwrap()
            .len()
    };
    let shown = place.run(&["runs", "prune", "--keep", "1"]);
    assert!(
        shown
            .stdout
            .ends_with("would be removed: 2; `--yes` removes them\n"),
        "{}",
        shown.stdout
    );
    assert_eq!(count(), 3);
    assert_eq!(place.run(&["runs", "prune"]).code, Some(2));
    let names = json(&place.run(&["runs", "list", "--json"]));
    let oldest = names["runs"][2]["run_id"].as_str().unwrap();
    let twice = place.run(&["runs", "prune", oldest, "--keep", "1", "--json"]);
    let document = json(&twice);
    assert_eq!(document["runs"].as_array().unwrap().len(), 2);
    assert_eq!(document["kept"], 1, "{}", twice.shown());
    place.run(&["runs", "prune", "--keep", "1", "--yes"]);
    assert_eq!(count(), 1);
    place.run(&["runs", "prune", "latest", "--yes"]);
    assert_eq!(count(), 0);
}

/// Begins a run and ends it without mercy once it has told so many lines. None when it was quicker.
pub(crate) fn killed_after(place: &Place, args: &[&str], lines: usize) -> Option<()> {
    let mut child = place
        .command(&[args, &["-v"]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    assert!(told.lines().take(lines).count() <= lines);
    child.kill().unwrap();
    child.wait().unwrap();
    let store = args.get(1..).unwrap_or_default();
    let list = ["runs", "list", "--state", "interrupted", "--json"];
    let runs = json(&place.run(&[&list, store].concat()));
    runs.pointer("/runs/0").map(|_| ())
}

/// Kills runs at each line that they print, goes on with them, and looks at what became of them.
/// `store` is what every call says of the store.
fn kill_anywhere(place: &Place, store: &[&str]) {
    let with = |words: &[&str]| place.run(&[words, store].concat());
    place.with_coverage(2);
    let whole = comparable(&place.run(&["release-prep", "--json", "--no-store"]).stdout);
    let uses = || {
        let lessons = json(&with(&["lessons", "list", "--json"]));
        let count = lessons.pointer("/lessons/0/usage_count");
        count.and_then(Value::as_u64).unwrap_or(0)
    };
    let mut resumed = 0;
    for lines in 1..9 {
        if killed_after(place, &[&["release-prep"], store].concat(), lines).is_none() {
            continue;
        }
        resumed += 1;
        let before = uses();
        let ran = with(&["runs", "resume", "latest", "--json"]);
        assert_eq!(comparable(&ran.stdout), whole, "killed after {lines} lines");
        assert_eq!(uses(), before + 1, "killed after {lines} lines");
        let export = with(&["runs", "export", "latest"]).stdout;
        for agent in ["security_auditor", "code_reviewer"] {
            let end = format!(r#""type":"step_finished","step":"{agent}""#);
            assert_eq!(export.matches(&end).count(), 1, "{export}");
        }
    }
    assert!(resumed > 0, "no kill fell into a run");
    assert_eq!(with(&["runs", "verify"]).code, Some(0));
}

#[test]
fn a_run_that_was_killed_anywhere_comes_to_the_same_report() {
    kill_anywhere(&Place::project(), &[]);
}

#[test]
fn so_does_one_that_is_recorded_in_readable_files() {
    let place = Place::project();
    kill_anywhere(&place, &["--store", "file:.orchestrate/kept"]);
    let files = place.files();
    for beginning in [
        ".orchestrate/kept/runs/run-",
        ".orchestrate/kept/heads/run-",
        ".orchestrate/kept/compositions/parallel-",
    ] {
        assert!(
            files.iter().any(|file| file.starts_with(beginning)),
            "{files:?}"
        );
    }
}

#[test]
fn so_does_one_that_is_recorded_on_a_server() {
    let Some(server) = Server::start() else {
        return;
    };
    let address = server.database();
    let place = Place::project();
    kill_anywhere(&place, &["--store", &address]);
    let files = place.files();
    assert!(
        !files.iter().any(|file| file.ends_with("store.db")),
        "{files:?}"
    );
    // A project may not send what runs say to a server, unless it is trusted.
    place.with("orchestrate.toml", &format!("store = \"{address}\"\n"));
    let ran = place.run(&["runs", "list"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("[trust]"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_detached_run_is_on_disk_before_the_call_comes_back() {
    let place = Place::project();
    let ran = place.run(&["run", "Review security", "--detach", "--yes", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let id = json(&ran)["run_id"].as_str().unwrap().to_owned();
    assert_eq!(
        json(&place.run(&["runs", "list", "--json"]))["runs"][0]["run_id"],
        id
    );
    // Its end is waited for by following it; it may not have begun yet.
    loop {
        place.run(&["runs", "follow", &id]);
        let list = json(&place.run(&["runs", "list", "--json"]));
        if list["runs"][0]["state"] == "ended" {
            break;
        }
    }
}
