//! Scenarios from end to end, with small programs: what is measured, who fails alone, and what is not run again.

use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use regex::Regex;
use serde_json::{Value, json};

use crate::program::{Place, Ran};

/// A part of the page, with everything replaced that was measured.
#[track_caller]
fn check(ran: &Ran, from: &str, to: &str, expected: Expect) {
    let (_, rest) = ran.stdout.split_once(from).unwrap();
    let (part, _) = rest.split_once(to).unwrap();
    // Whether memory could be looked at depends on the system.
    let memory = Regex::new(r"; \d+\.\d MB").unwrap();
    let part = memory.replace_all(part, "");
    let part = part.replace("\n  ", "\n");
    let part = part.strip_prefix("  ").unwrap_or(&part);
    expected.assert_eq(part);
}

/// The report as a document, held against its schema.
#[track_caller]
fn report(place: &Place, args: &[&str], code: i32) -> Value {
    let ran = place.run(&[&["scenarios", "--json"], args].concat());
    assert_eq!(ran.code, Some(code), "{}", ran.shown());
    let report = ran.json();
    let schema = place.run(&["schema", "scenarios"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(
        validator.is_valid(&report),
        "{:?}",
        validator.iter_errors(&report).next()
    );
    report
}

/// A list of what a program was given, in the order of its lines, sorted.
fn lines_of(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// A program that counts the lines of a file that it is given.
const COUNT: &str = r#"sh -c 'printf "{\"lines\": %d}" $(wc -l < "$1")' sh {input}"#;

#[test]
fn every_portion_is_given_its_items_and_figures_are_read_from_its_answer() {
    let place = Place::empty();
    let args = ["--command", COUNT, "--metric", "lines=/lines"];
    let report = report(&place, &args, 0);
    let given = |at: usize| -> Vec<(u64, f64)> {
        let portions = report["scenarios"][at]["portions"].as_array().unwrap();
        let given = portions.iter().map(|it| {
            (
                it["items"].as_u64().unwrap(),
                it["metrics"]["lines"].as_f64().unwrap(),
            )
        });
        given.collect()
    };
    assert_eq!(
        given(0),
        [(30, 30.0), (50, 50.0), (70, 70.0), (90, 90.0), (100, 100.0)]
    );
    assert_eq!(given(2).last(), Some(&(800, 800.0)));
    assert_eq!(report["scenarios"][1]["metrics"]["lines"]["value"], 300.0);
    assert_eq!(report["passed"], true);
    assert_eq!(report["recommendation"]["difficulty"], "complex");
    assert_eq!(report["usage"], json!(null));
}

#[test]
fn items_of_a_file_are_handed_out_once_on_standard_input_where_no_place_is_named() {
    let place = Place::empty();
    let items: String = (0..24).map(|at| format!("{{\"at\": {at}}}\n")).collect();
    place.with("items.jsonl", &items);
    let script = "tee -a {scenario}.log | wc -l";
    let args = [
        "--command",
        &format!("sh -c '{script}'"),
        "--input",
        "items.jsonl",
        "--batch-size",
        "5",
    ];
    let report = report(&place, &args, 0);
    assert_eq!(report["portions"], "batches");
    assert_eq!(place.read("complex.log"), items);
    assert_eq!(place.read("simple.log").lines().count(), 3);
    assert_eq!(
        report["scenarios"][2]["portions"].as_array().unwrap().len(),
        5
    );
}

#[test]
fn the_page_says_what_held_and_what_did_not() {
    let place = Place::empty();
    let command = "sh -c 'sleep 0.05; test {items} -lt 200 || { echo too many >&2; exit 3; }'";
    let args = ["scenarios", "--command", command, "--attempts", "1"];
    let ran = place.run(&args);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    check(
        &ran,
        "  SCENARIOS\n",
        "  TIMELINE",
        expect![[r#"
          --------------------------------------------------------------------
          [ok]   simple         100 items  complete [TIME] of [TIME]
                 5 of 5 portions succeeded
          [FAIL] medium         300 items  failed [TIME] of [TIME]
                 2 of 5 portions succeeded
                 - 1 of 5 portions failed, and 0 % may
          [FAIL] complex        800 items  failed [TIME] of [TIME]
                 0 of 5 portions succeeded
                 - 1 of 5 portions failed, and 0 % may

    "#]],
    );
    check(
        &ran,
        "  WHAT FAILED",
        "  NOT MEASURED",
        expect![[r#"

          --------------------------------------------------------------------
          - inputs of 210 items and more failed, and none of 150 and fewer did (2
            portions of medium, complex)
          - it ended with 3: too many (2 portions of medium, complex)

    "#]],
    );
    for said in [
        "SCENARIOS: sh -c",
        "medium did not: 1 of 5",
        "Recommended: simple",
        "Critical path: 5 portions",
        "Cost: no model was asked",
    ] {
        assert!(ran.stdout.contains(said), "{said} {}", ran.stdout);
    }
}

#[test]
fn a_scenario_that_fails_stops_no_other_and_says_why() {
    let place = Place::empty();
    let command = "sh -c 'echo {scenario}_{batch} >> log; test {scenario} != medium' sh {items}";
    let args = [
        "--command",
        command,
        "--attempts",
        "2",
        "--sync",
        "milestone",
    ];
    let report = report(&place, &args, 1);
    let held: Vec<&Value> = (0..3).map(|at| &report["scenarios"][at]["held"]).collect();
    assert_eq!(held, [&json!(true), &json!(false), &json!(true)]);
    let log = place.read("log");
    assert_eq!(
        lines_of(&log)
            .iter()
            .filter(|it| **it == "medium_1")
            .count(),
        2
    );
    assert_eq!(log.lines().filter(|it| it.starts_with("medium")).count(), 2);
    assert_eq!(log.lines().count(), 12);
    let args = [
        "scenarios",
        "--command",
        command,
        "--exit-zero",
        "--attempts",
        "1",
    ];
    assert_eq!(place.run(&args).code, Some(0));
}

#[test]
fn nothing_that_succeeded_is_no_measurement() {
    let place = Place::empty();
    let args = ["--command", "sh -c 'exit 1' sh {items}", "--attempts", "1"];
    let report = report(&place, &args, 8);
    assert_eq!(report["growth"], json!(null));
    assert_eq!(report["recommendation"]["difficulty"], json!(null));
    assert_eq!(
        report["scenarios"][0]["time_per_item_ms"]["value"],
        json!(null)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_looked_at_and_held_to_its_limit() {
    let place = Place::empty();
    // A buffer of the size that it reads at once.
    let command = "dd if=/dev/zero of=/dev/null bs={items}M count=40";
    let one = [
        "--command",
        command,
        "--portions",
        "batches",
        "--batch-size",
        "60",
        "--items",
        "60",
        "--scenario",
        "simple",
    ];
    let whole = report(&place, &one, 0);
    let peak = whole["scenarios"][0]["peak_memory_mb"]["value"].as_f64();
    assert!(
        peak.is_some_and(|it| (60.0..80.0).contains(&it)),
        "{peak:?}"
    );
    let limited = [&one[..], &["--memory-limit", "30", "--attempts", "1"]].concat();
    let report = report(&place, &limited, 8);
    let portion = &report["scenarios"][0]["portions"][0];
    assert_eq!(portion["outcome"]["class"], "limit");
    assert!(
        portion["error"]
            .as_str()
            .unwrap()
            .contains("more than 30 MB"),
        "{portion}"
    );
}

#[test]
fn a_bound_of_what_was_not_measured_is_undecided() {
    let place = Place::empty();
    let args = [
        "--command",
        "true {items}",
        "--metric",
        "score=/score",
        "--min",
        "score=1",
    ];
    let report = report(&place, &args, 10);
    assert_eq!(report["passed"], json!(null));
    let why = report["scenarios"][0]["reasons"][0].as_str().unwrap();
    assert!(why.contains("score is not known"), "{why}");
}

#[test]
fn a_limit_of_the_run_ends_it() {
    let place = Place::empty();
    let args = ["--command", "true {items}", "--max-calls", "2"];
    report(&place, &args, 5);
}

#[test]
fn a_file_describes_scenarios_of_ones_own() {
    let place = Place::empty();
    place.with("items.txt", "a\nb\nc\nd\n").with(
        "mine/some.yaml",
        "skill: { command: \"sh -c 'wc -l'\" }\ninput: ../items.txt\nsync: lock_step\nscenarios:\n\
         - { name: few, complexity_multiplier: 0.5, time_budget_seconds: 5 }\n\
         - { name: all, input_size: 4, error_tolerance: 0.5 }\n",
    );
    let report = report(&place, &["mine/some.yaml"], 0);
    assert_eq!(report["sync"], "lock_step");
    assert_eq!(report["scenarios"][0]["time_budget_s"], 5);
    assert_eq!(report["scenarios"][1]["items"], 4);
    place.with("bad.yaml", "skill: { command: wc }\nsceanrios: []\n");
    let refused = place.run(&["scenarios", "bad.yaml"]);
    assert_eq!(refused.code, Some(3), "{}", refused.shown());
    assert!(refused.stderr.contains("ORC0876"), "{}", refused.stderr);
    assert!(refused.stderr.contains("sceanrios"), "{}", refused.stderr);
}

#[test]
fn mistakes_are_told_before_anything_is_started() {
    let place = Place::empty();
    place
        .with("few.txt", "a\nb\n")
        .with("bad.jsonl", "{\n")
        .with(
            "w.yaml",
            "schema: orchestrate.workflow/v1\nname: w\nsteps:\n  a: { agent: code_reviewer }\n",
        );
    for (args, code) in [
        (vec!["--command", "no-such-program-here {items}"], "ORC0870"),
        (vec!["--command", "sh -c 'touch it"], "ORC0901"),
        (vec!["--command", "touch it"], "ORC0871"),
        (vec!["--agent", "code_reviewer"], "ORC0871"),
        (vec!["--workflow", "w.yaml"], "ORC0871"),
        (
            vec!["--command", "touch it", "--input", "none.txt"],
            "ORC0872",
        ),
        (
            vec!["--command", "touch it", "--input", "bad.jsonl"],
            "ORC0872",
        ),
        (
            vec![
                "--command",
                "touch it",
                "--input",
                "few.txt",
                "--items",
                "1",
            ],
            "ORC0873",
        ),
        (
            vec![
                "--command",
                "touch {items}",
                "--width",
                "2",
                "--sync",
                "milestone",
            ],
            "ORC0874",
        ),
        (
            vec!["--command", "touch {items}", "--batch-size", "1"],
            "ORC0875",
        ),
        (
            vec!["--command", "touch {items}", "--min", "a=1"],
            "ORC0909",
        ),
        (
            vec!["--command", "touch {items}", "--scenario", "hard"],
            "ORC0909",
        ),
        (vec!["--agent", "nobody", "--input", "few.txt"], "ORC0103"),
        (vec![], "ORC0901"),
    ] {
        let ran = place.run(&[&["scenarios"], &*args].concat());
        assert_eq!(ran.code, Some(2), "{args:?} {}", ran.shown());
        assert!(ran.stderr.contains(code), "{args:?} {}", ran.shown());
    }
    assert!(
        !place
            .files()
            .iter()
            .any(|it| it.starts_with("it") || it.starts_with(".orch"))
    );
}

#[test]
fn an_agent_and_a_workflow_are_skills_as_well() {
    let place = Place::empty();
    place.with("items.txt", &"item\n".repeat(16)).with("src/a.py", "x = 1\n").with(
        "count.yaml",
        "schema: orchestrate.workflow/v1\nname: count\ninputs:\n  items: { type: list }\n  count: { type: integer }\n\
         steps:\n  look: { agent: code_reviewer }\n  say:\n    needs: [look]\n    run: [sh, -c, \"echo {{ inputs.count }} >> log\"]\n\
         outputs:\n  length: \"{{ inputs.items | length }}\"\n",
    );
    let args = [
        "--workflow",
        "count.yaml",
        "--input",
        "items.txt",
        "--metric",
        "length=/length",
    ];
    let by_workflow = report(&place, &args, 0);
    assert_eq!(by_workflow["portions"], "batches");
    let all: u64 = place
        .read("log")
        .lines()
        .map(|it| it.parse::<u64>().unwrap())
        .sum();
    assert_eq!(all, 2 + 6 + 16);
    let portions = by_workflow["scenarios"][2]["portions"].as_array().unwrap();
    for it in portions {
        assert_eq!(
            it["metrics"]["length"].as_f64(),
            it["items"].as_f64(),
            "{it}"
        );
        assert!(it["took_ms"].as_f64() > Some(0.0), "{it}");
    }
    let args = [
        "--agent",
        "code_reviewer",
        "--input",
        "items.txt",
        "--metric",
        "score=/quality_score",
    ];
    let by_agent = report(&place, &args, 0);
    assert_eq!(by_agent["scenarios"][0]["metrics"]["score"]["value"], 10.0);
}

/// What the agent is told holds the items of the portion, and no other.
#[test]
fn an_agent_is_told_its_items() {
    let place = Place::empty();
    place.with("items.txt", "one\ntwo\nthree\nfour\n").with_user_settings(
        "[programs.keep]\ncommand = [\"sh\", \"-c\", \"cat >> told; echo '{\\\"score\\\": 1}'\"]\nprotocol = \"text\"\nagents = [\"code_reviewer\"]\n",
    );
    let args = [
        "--agent",
        "code_reviewer",
        "--input",
        "items.txt",
        "--items",
        "4",
        "--scenario",
        "simple",
    ];
    report(&place, &args, 0);
    let told = place.read("told");
    for item in ["one", "two", "three", "four"] {
        assert_eq!(told.lines().filter(|it| *it == item).count(), 1, "{told}");
    }
}

/// Begins scenarios and kills the program without mercy once its programs have written so many lines.
fn killed_at(place: &Place, args: &[&str], file: &str, lines: usize) {
    let mut child = place
        .command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while read(place, file).lines().count() < lines && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn whoever_goes_on_after_a_kill_runs_nothing_again_that_ended() {
    let command = "sh -c 'echo {scenario}_{batch} >> began; sleep 0.03; echo {scenario}_{batch} >> ended' sh {items}";
    let args = ["scenarios", "--command", command, "--sync", "milestone"];
    for lines in [1, 4, 8, 12, 14] {
        let place = Place::empty();
        killed_at(&place, &args, "ended", lines);
        let runs = place
            .run(&["runs", "list", "--state", "interrupted", "--json"])
            .json();
        assert!(runs.pointer("/runs/0").is_some(), "{runs}");
        let resumed = place.run(&["runs", "resume", "latest", "--json"]);
        assert_eq!(resumed.code, Some(0), "{}", resumed.shown());
        let report = resumed.json();
        assert_eq!(report["passed"], true, "{}", resumed.shown());
        let began = place.read("began");
        let mut names = lines_of(&began);
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), 15, "{began}");
        // Of each scenario one may have been under way, or have ended without being seen to.
        assert!(all <= 18, "{began}");
        let attempts = report["scenarios"].as_array().unwrap().iter();
        let attempts = attempts.flat_map(|it| it["portions"].as_array().unwrap());
        assert!(
            attempts
                .clone()
                .all(|it| it["began_s"].as_f64() <= it["ended_s"].as_f64())
        );
        assert_eq!(attempts.count(), 15);
    }
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path().join(name)).unwrap_or_default()
}

#[test]
fn items_that_were_changed_since_are_refused() {
    let place = Place::empty();
    place.with("items.txt", &"item\n".repeat(80));
    let args = [
        "scenarios",
        "--command",
        "sh -c 'echo >> began; sleep 0.05'",
        "--input",
        "items.txt",
    ];
    killed_at(&place, &args, "began", 4);
    place.with("items.txt", &"other\n".repeat(80));
    let refused = place.run(&["runs", "resume", "latest"]);
    assert_eq!(refused.code, Some(3), "{}", refused.shown());
    assert!(refused.stderr.contains("ORC0877"), "{}", refused.stderr);
    place.with("items.txt", &"item\n".repeat(80));
    let resumed = place.run(&["runs", "resume", "latest"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.shown());
}

#[test]
fn a_scenario_waits_for_a_person_and_the_others_do_not_wait_for_that() {
    let place = Place::empty();
    place.with(
        "paused.yaml",
        "skill: { command: \"sh -c 'echo {scenario}_{batch} >> log' sh {items}\" }\nscenarios:\n\
         - { name: one, pause_after: [50] }\n- { name: two, complexity_multiplier: 3, pause_after: [30] }\n\
         - { name: three, complexity_multiplier: 8 }\n",
    );
    let paused = place.run(&["scenarios", "paused.yaml"]);
    assert_eq!(paused.code, Some(7), "{}", paused.shown());
    assert!(
        paused.stderr.contains("approvals decide"),
        "{}",
        paused.stderr
    );
    assert_eq!(place.read("log").lines().count(), 2 + 1 + 5);
    for (step, decision) in [
        ("one/one_pause_50", "approve"),
        ("two/two_pause_30", "reject"),
    ] {
        let decided = place.run(&["approvals", "decide", "latest", step, decision]);
        assert_eq!(decided.code, Some(0), "{}", decided.shown());
    }
    let resumed = place.run(&["runs", "resume", "latest", "--json"]);
    assert_eq!(resumed.code, Some(10), "{}", resumed.shown());
    let report = resumed.json();
    let status = |at: usize| {
        report["scenarios"][at]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        [status(0), status(1), status(2)],
        ["complete", "incomplete", "complete"]
    );
    let log = place.read("log");
    let mut names = lines_of(&log);
    names.dedup();
    assert_eq!((names.len(), log.lines().count()), (11, 11), "{log}");
}

#[test]
fn the_picture_is_one_document_with_a_bar_for_each_portion() {
    let place = Place::empty();
    let command = "sh -c 'test {items} -lt 700' '<&>' {items}";
    let args = [
        "scenarios",
        "--command",
        command,
        "--attempts",
        "1",
        "--out",
        "picture.svg",
        "--metric",
        "score=/score",
    ];
    let ran = place.run(&args);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    let picture = place.read("picture.svg");
    assert!(
        picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"),
        "{picture}"
    );
    assert!(picture.contains("&lt;&amp;&gt;") && !picture.contains("<&>"));
    assert_eq!(picture.matches("items, succeeded").count(), 13);
    assert_eq!(picture.matches("url(#failed)").count(), 1);
    assert!(picture.contains("score, portion by portion") && !picture.contains("NaN"));
    let printed = place.run(&[
        "scenarios",
        "--command",
        command,
        "--attempts",
        "1",
        "--format",
        "svg",
    ]);
    assert!(printed.stdout.starts_with("<svg"), "{}", printed.shown());
}

#[test]
fn an_interrupt_tells_what_was_measured_until_then() {
    let place = Place::empty();
    let args = [
        "scenarios",
        "--json",
        "--command",
        "sh -c 'echo >> began; sleep 20' sh {items}",
    ];
    let child = place
        .command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while read(&place, "began").lines().count() < 3 {
        std::thread::yield_now();
    }
    let told = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(told.unwrap().success());
    let ran = place.ran(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(130), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["passed"], json!(null));
    assert_eq!(report["scenarios"][0]["status"], "incomplete");
}
