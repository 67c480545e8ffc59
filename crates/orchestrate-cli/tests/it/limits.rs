//! Limits that a run meets, each provoked: what it ends with, and what is to be done next.

use serde_json::{Value, json};

use crate::models::{KEY, project, says, script};
use crate::program::Place;
use crate::work::{DONE, TASK, run};

const HEAD: &str = "schema: orchestrate.workflow/v1\nname: w\n";

/// Runs a workflow within a limit that is reached, and within one that suffices.
#[track_caller]
fn check(place: &Place, flag: &str, too_low: &str, enough: &str, limit: &str) {
    let stopped = place.run(&["run", "w.yaml", flag, too_low]);
    assert_eq!(stopped.code, Some(5), "{}", stopped.shown());
    let told = format!("stopped: the limit of {limit} was reached");
    assert!(stopped.stdout.contains(&told), "{}", stopped.shown());
    let next = format!("raise `{flag}`");
    assert!(stopped.stderr.contains(&next), "{}", stopped.shown());
    let document = place.run(&["run", "w.yaml", flag, too_low, "--json"]);
    assert_eq!(document.code, Some(5), "{}", document.shown());
    let document = document.json();
    let ended = ["outcome", "limit"].map(|name| document.get(name));
    let expected = [json!("limit_reached"), json!(limit)];
    assert_eq!(ended, expected.each_ref().map(Some), "{document}");
    let done = place.run(&["run", "w.yaml", flag, enough]);
    assert_eq!(done.code, Some(0), "{}", done.shown());
}

#[test]
fn workflows_inside_each_other_are_as_deep_as_the_limit_allows() {
    let place = Place::project();
    place
        .with(
            "w.yaml",
            &format!("{HEAD}steps:\n  a: {{ workflow: ./x.yaml }}\n"),
        )
        .with(
            "x.yaml",
            &format!("{HEAD}steps:\n  b: {{ workflow: ./y.yaml }}\n"),
        )
        .with(
            "y.yaml",
            &format!("{HEAD}steps:\n  c: {{ run: [echo, '1'], parse: json, effects: read }}\n"),
        );
    check(&place, "--max-depth", "1", "2", "depth");
}

#[test]
fn a_list_is_spread_as_widely_as_the_limit_allows() {
    let place = Place::project();
    place.with(
        "w.yaml",
        &format!("{HEAD}steps:\n  list: {{ run: [echo, '[\"a\", \"b\", \"c\"]'], parse: json, effects: read }}\n  each: {{ needs: [list], for_each: steps.list.output, run: [echo, '{{{{ item }}}}'], effects: read }}\n"),
    );
    check(&place, "--max-width", "2", "3", "width");
}

/// A provider whose model plans a team of two and then works.
fn planning() -> (Place, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let opinion = json!({
        "strategy": "sequential", "agents": ["test_generator", "test_validator"],
        "domains": ["testing"], "complexity": "simple", "reason": "Two of them suffice.",
    });
    let (address, asked) = script(vec![says(&opinion.to_string()), says(DONE)]);
    (project(&address), asked)
}

#[test]
fn what_planning_uses_is_paid_by_the_run_and_told_as_its_share() {
    let (place, asked) = planning();
    let args = ["run", TASK, "--planner", "model", "--json"];
    let ran = run(&place, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let document = ran.json();
    let requests = asked.lock().unwrap().len();
    assert_eq!(document["usage"]["tokens"], json!(340 * requests));
    assert_eq!(document["planning"]["tokens"], json!(340));
    let shown = place.run(&["runs", "show", "latest", "--json"]).json();
    assert_eq!(shown["usage"], document["usage"]);
    assert_eq!(shown["planning"], document["planning"]);
    // A run that was planned by the rules has no such share.
    let ruled = run(&place, &["run", TASK, "--json"]).json();
    assert_eq!(ruled.get("planning"), None);

    // What is left does not suffice for the first agent, which needs as much as the whole limit.
    let agent = place
        .run(&["agents", "show", "test_generator", "--json"])
        .json();
    let needed = agent["resource_requirements"]["max_tokens"].to_string();
    let before = asked.lock().unwrap().len();
    run(&place, &["run", TASK, "--max-tokens", &needed]);
    assert!(asked.lock().unwrap().len() > before);
    let (place, asked) = planning();
    let short = run(
        &place,
        &[
            "run",
            TASK,
            "--planner",
            "model",
            "--max-tokens",
            &needed,
            "--json",
        ],
    );
    assert_eq!(short.code, Some(5), "{}", short.shown());
    assert_eq!(asked.lock().unwrap().len(), 1);
    let document = short.json();
    assert_eq!(document["usage"]["tokens"], json!(340));
    assert_eq!(document["limit"], "tokens");
}

#[test]
fn a_limit_that_is_reached_while_planning_ends_with_5() {
    let wrong = says("I would rather not.");
    let (address, asked) = script(vec![wrong]);
    let place = project(&address);
    let plan = |verb: &str, tokens: u32| {
        let tokens = tokens.to_string();
        run(
            &place,
            &[verb, TASK, "--planner", "model", "--max-tokens", &tokens],
        )
    };
    // Too little to ask at all, then just enough for one question and not for a second.
    let mut tokens = 100;
    let mut ran = plan("run", tokens);
    assert_eq!(asked.lock().unwrap().len(), 0);
    assert!(ran.stderr.contains("it used nothing"), "{}", ran.shown());
    while asked.lock().unwrap().is_empty() {
        assert_eq!(ran.code, Some(5), "{}", ran.shown());
        tokens += 200;
        ran = plan("run", tokens);
    }
    for verb in ["run", "plan"] {
        let ran = plan(verb, tokens);
        assert_eq!(ran.code, Some(5), "{}", ran.shown());
        for told in ["ORC1351", "limit of tokens", "340 tokens", "`--max-tokens`"] {
            assert!(ran.stderr.contains(told), "{told}: {}", ran.shown());
        }
    }
    let none = place.run(&["runs", "list"]);
    assert_eq!(none.code, Some(0), "{}", none.shown());

    // A limit of cost is one of tokens too.
    let path = place.path().join("orchestrate.toml");
    let before = std::fs::read_to_string(path).unwrap();
    let prices = "[prices.\"local/m\"]\ninput = 1000\noutput = 1000\n";
    place.with("orchestrate.toml", &format!("{before}\n{prices}"));
    let args = [
        "run",
        TASK,
        "--planner",
        "model",
        "--max-cost",
        "0.01",
        "--json",
    ];
    let ran = place.run_with(&args, &[("LOCAL_KEY", KEY)]);
    assert_eq!(ran.code, Some(5), "{}", ran.shown());
    let error: Value = ran.json();
    assert_eq!(error["error"]["code"], "ORC1351");
    assert!(
        error["error"]["message"]
            .to_string()
            .contains("limit of cost")
    );
}
