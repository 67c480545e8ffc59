//! `demo`, `init`, recordings, tools and programs: what a new user meets first, and what needs trust.

use std::fs;

use expect_test::expect;

use crate::program::Place;

#[test]
fn the_demo_needs_nothing_and_gives_the_same_events_everywhere() {
    let place = Place::empty();
    let ran = place.run(&["demo", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let document = ran.json();
    assert_eq!(document["outputs"].as_array().map(Vec::len), Some(5));
    assert_eq!(document["usage"]["tokens"], 0);
    // The program's own output masks digests, so two runs are compared in full.
    let digest = |output: std::process::Output| {
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["event_digest"].as_str().unwrap().to_owned()
    };
    let first = digest(place.command(&["demo", "--json"]).output().unwrap());
    let second = digest(place.command(&["demo", "--json"]).output().unwrap());
    assert_eq!(first, second);
    expect!["0c88403eea3de6cdf77b1d1e78133f07"].assert_eq(&first);
    assert!(place.files().is_empty());
}

#[test]
fn init_writes_a_file_that_is_accepted_once() {
    let place = Place::empty();
    let ran = place.run(&["init"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert_eq!(
        place.files(),
        [
            ".orchestrate/.gitignore",
            ".orchestrate/workflows/review.yaml",
            "orchestrate.toml"
        ]
    );
    assert_eq!(place.run(&["config", "list"]).code, Some(0));
    let again = place.run(&["init"]);
    assert_eq!(again.code, Some(2), "{}", again.shown());
    assert!(again.stderr.contains("ORC1332"), "{}", again.shown());

    // What the file shows switched off is right when it is switched on: the user's own file may say all of it.
    let text = fs::read_to_string(place.path().join("orchestrate.toml")).unwrap();
    let is_setting =
        |line: &&str| line.starts_with("# [") || line.starts_with("# \"") || line.contains(" = ");
    let on: Vec<&str> = text
        .lines()
        .filter(is_setting)
        .map(|line| line.trim_start_matches("# "))
        .collect();
    fs::remove_file(place.path().join("orchestrate.toml")).unwrap();
    place.with_user_settings(&on.join("\n"));
    let listed = place.run(&["config", "list"]);
    assert_eq!(
        listed.code,
        Some(0),
        "{}\n{}",
        listed.shown(),
        on.join("\n")
    );
}

#[test]
fn a_project_does_not_decide_what_is_started() {
    let place = Place::project();
    place.with(
        "orchestrate.toml",
        "[programs.mine]\ncommand = [\"touch\", \"started\"]\nagents = [\"coder\"]\n\n[mcp.x]\ncommand = [\"touch\", \"started\"]\n",
    );
    let ran = place.run(&["plan", "Draw the architecture of the cache"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(
        ran.stderr.contains("`programs` would start programs")
            && ran.stderr.contains("`mcp` would"),
        "{}",
        ran.shown()
    );
    assert!(!place.files().iter().any(|file| file == "started"));
}

#[cfg(unix)]
#[test]
fn a_program_of_the_users_own_settings_runs_an_agent() {
    let place = Place::project();
    place.with_user_settings(
        "[programs.mine]\ncommand = [\"sh\", \"-c\", \"cat > /dev/null; echo '{\\\"summary\\\": \\\"drawn by hand\\\", \\\"confidence\\\": 1}'\"]\nagents = [\"architecture_analyst\", \"refactoring_specialist\"]\n",
    );
    let task = "Draw the architecture of the cache";
    let plan = place.run(&["plan", task]);
    assert!(plan.stdout.contains("program mine"), "{}", plan.shown());
    let ran = place.run(&["run", task]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(ran.stdout.contains("drawn by hand"), "{}", ran.shown());
    // A retry would start it again after it may have changed something: that does not happen, and is told.
    place.with("w.yaml", "schema: orchestrate.workflow/v1\nname: w\nsteps:\n  a: { agent: architecture_analyst, retry: { max: 3 } }\n  b: { agent: code_reviewer, retry: { max: 3 } }\n");
    let ran = place.run(&["run", "w.yaml"]);
    let told = "the `retry` of architecture_analyst does not repeat program mine after a failure";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("retry` of code_reviewer"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_workflow_that_init_writes_is_right_and_runs() {
    let place = Place::project();
    place.run(&["init"]);
    let valid = place.run(&["validate", ".orchestrate/workflows/review.yaml"]);
    assert_eq!(valid.code, Some(0), "{}", valid.shown());
    let laid_out = place.run(&["fmt", "--check", ".orchestrate/workflows/review.yaml"]);
    assert_eq!(laid_out.code, Some(0), "{}", laid_out.shown());
    let ran = place.run(&["run", "review", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let output = &ran.json()["aggregated_output"];
    assert_eq!(output["code"], true, "{output}");
    let without = place.run(&["run", "review", "--input", "with_security=false", "--json"]);
    assert_eq!(without.code, Some(0), "{}", without.shown());
}
