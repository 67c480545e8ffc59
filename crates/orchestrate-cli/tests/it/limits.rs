//! Limits that a run meets, each provoked: what it ends with, and what is to be done next.

use expect_test::expect;
use serde_json::{Value, json};

use crate::models::{KEY, project, says, script, silent};
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
fn planning(first: &str) -> (Place, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let opinion = json!({
        "strategy": "sequential", "agents": [first, "test_validator"],
        "domains": ["testing"], "complexity": "simple", "reason": "Two of them suffice.",
    });
    let (address, asked) = script(vec![says(&opinion.to_string()), says(DONE)]);
    (project(&address), asked)
}

#[test]
fn what_planning_uses_is_paid_by_the_run_and_told_as_its_share() {
    let (place, asked) = planning("test_generator");
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

    // What is left suffices for as long as it does for the least that an agent needs.
    let least = place.run(&["agents", "show", "security_auditor", "--json"]);
    let least = least.json()["resource_requirements"]["min_tokens"].as_u64();
    let planned = |tokens: u64, more: &[&str]| {
        let (place, asked) = planning("security_auditor");
        let tokens = tokens.to_string();
        let args = ["run", TASK, "--planner", "model", "--max-tokens", &tokens];
        let ran = run(&place, &[&args, more].concat());
        let requests = asked.lock().unwrap().len();
        (ran, requests)
    };
    let (short, requests) = planned(least.unwrap() + 339, &[]);
    let next = format!("`--max-tokens {}` would let", least.unwrap() + 340);
    assert!(short.stderr.contains(&next), "{}", short.shown());
    let told = "4999 are left, and `security_auditor` needs at least 5000 to begin";
    let shown = short
        .stdout
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(shown.contains(told), "{}", short.shown());
    assert_eq!(requests, 1);
    let (ran, requests) = planned(least.unwrap() + 340, &[]);
    assert!(requests > 1, "{}", ran.shown());
    let (short, _) = planned(least.unwrap() + 339, &["--json"]);
    assert_eq!(short.code, Some(5), "{}", short.shown());
    let document = short.json();
    assert_eq!(document["limits"][0]["spent"]["tokens"], json!(340));
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

/// A file raises what one agent may use in a step, and all of them; the plan's bounds and the list of settings
/// show it.
#[test]
fn one_setting_lets_an_agent_use_more_tokens_in_a_step() {
    let (address, _) = script(vec![says(DONE)]);
    let place = project(&address);
    let path = place.path().join("orchestrate.toml");
    let before = std::fs::read_to_string(path).unwrap();
    let set = |text: &str| {
        place.with("orchestrate.toml", &format!("{before}\n{text}"));
    };
    let most = |place: &Place| {
        let plan = place.run(&["plan", TASK, "--json"]).json();
        let agents = plan["plan"]["agents"].as_object().unwrap().clone();
        let of = |agent: &Value| agent["template"]["resource_requirements"]["max_tokens"].as_u64();
        let each: Vec<u64> = agents.values().filter_map(of).collect();
        (each, plan["bounds"]["tokens"]["most"].as_u64())
    };
    assert_eq!(most(&place), (vec![15_000, 20_000, 8_000], Some(129_000)));
    set("[agents.\"*\"]\nmax-tokens = 50000\n[agents.test_generator]\nmax-tokens = 300000\n");
    assert_eq!(
        most(&place),
        (vec![50_000, 300_000, 50_000], Some(1_200_000))
    );
    let listed = place.run(&["config", "list", "--origin"]);
    for told in [
        "agents.\"*\".max-tokens",
        "agents.test_generator.max-tokens",
    ] {
        let line = listed.stdout.lines().find(|line| line.starts_with(told));
        let line = line.unwrap_or_else(|| panic!("{}", listed.shown()));
        assert!(line.ends_with("orchestrate.toml"), "{line}");
    }
    let shown = place.run(&["agents", "show", "test_generator"]);
    assert!(shown.stdout.contains("2000 to 300000"), "{}", shown.shown());

    set("[agents.test_genrator]\nmax-tokens = 300000\n");
    let wrong = place.run(&["plan", TASK]);
    assert_eq!(wrong.code, Some(3), "{}", wrong.shown());
    for told in ["[agents.test_genrator]", "did you mean `test_generator`?"] {
        assert!(wrong.stderr.contains(told), "{}", wrong.shown());
    }
}

/// Limits of cost are in dollars, and so is what a plan can cost where prices are known.
#[test]
fn what_a_plan_can_cost_is_told_in_dollars_where_prices_are_known() {
    let (address, _) = script(vec![says(DONE)]);
    let place = project(&address);
    let models = "[models]\ncapable = \"local/big\"\n";
    let path = place.path().join("orchestrate.toml");
    let before = std::fs::read_to_string(path).unwrap();
    let before = before.replace("[models]\n", models);
    let bounds = |prices: &str, args: &[&str]| {
        place.with("orchestrate.toml", &format!("{before}\n{prices}"));
        let ran = place.run(&[&["plan", TASK], args].concat());
        let lines = ran.stdout.lines().map(str::trim);
        let lines = lines.filter(|line| {
            let first = line.split([' ', ':']).next();
            ["cost", "unpriced", "limits"].map(Some).contains(&first)
        });
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let price = |model: &str, output: u32| {
        format!("[prices.\"local/{model}\"]\ninput = 1\noutput = {output}\n")
    };
    expect![[r#"
        cost          $0                  unpriced
        unpriced: test_coverage_analyzer, test_generator, test_validator: the price of
    "#]]
    .assert_eq(&bounds("", &[]));
    expect![[r#"
        cost          $0                  at most $0.12 and what is unpriced
        unpriced: test_coverage_analyzer, test_generator: the price of the model is
    "#]]
    .assert_eq(&bounds(&price("m", 5), &[]));
    let all = price("m", 5) + &price("big", 10);
    expect![[r#"
        cost          $0                  at most $1.17
        limits of the run: 90000 tokens, $2
    "#]]
    .assert_eq(&bounds(&all, &["--max-cost", "2", "--max-tokens", "90000"]));
    let alone = Place::project();
    let ran = alone.run(&["plan", TASK]);
    assert!(ran.stdout.contains("cost (tier units)"), "{}", ran.shown());
}

/// Where a provider does not tell what it used, the report and the list of runs mark what is estimated.
#[test]
fn tokens_that_a_provider_does_not_tell_are_marked() {
    let (address, _) = silent(says(DONE));
    let place = project(&address);
    let ran = run(&place, &["run", TASK]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let marked = |text: &str| {
        let line = text
            .lines()
            .find(|line| line.contains("~"))
            .unwrap_or_default();
        line.contains(" tokens") && text.contains("tokens estimated, because the provider")
    };
    assert!(marked(&ran.stdout), "{}", ran.shown());
    let shown = place.run(&["runs", "show", "latest"]);
    assert!(marked(&shown.stdout), "{}", shown.shown());
    let document = place.run(&["runs", "show", "latest", "--json"]).json();
    assert_eq!(
        document["usage"]["estimated_tokens"],
        document["usage"]["tokens"]
    );
}
