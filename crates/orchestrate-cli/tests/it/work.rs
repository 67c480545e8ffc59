//! Agents at work over a provider's double: decisions about calls, planning by a model, sessions, notes, and
//! agents that call agents.

use serde_json::{Value, json};

use crate::models::{KEY, calls, project, says, script};
use crate::program::{Place, Ran};

pub(crate) const TASK: &str = "Write unit tests for the cache";
pub(crate) const DONE: &str = "{\"summary\": \"It is done.\", \"confidence\": 0.9}";

/// A project whose agents may call tools, with further settings.
pub(crate) fn at_work(address: &str, settings: &str) -> Place {
    let place = project(address);
    let path = place.path().join("orchestrate.toml");
    let before = std::fs::read_to_string(path).unwrap();
    place.with("orchestrate.toml", &format!("{before}\n{settings}"));
    let path = place.path().canonicalize().unwrap();
    // What starts programs counts only where the user trusts the project.
    place.with_user_settings(&format!("[trust]\nprojects = [\"{}\"]\n", path.display()));
    place
}

pub(crate) fn run(place: &Place, args: &[&str]) -> Ran {
    place.run_with(args, &[("LOCAL_KEY", KEY)])
}

#[test]
fn a_call_waits_for_a_person_and_is_made_once() {
    let secret = format!("ghp_{}", "a1b2c3d4e5".repeat(4));
    let write = json!({"path": "cache.txt", "content": format!("token {secret}")});
    for (decision, written) in [("approve", true), ("reject", false)] {
        let (address, asked) = script(vec![calls("fs_write", &write), says(DONE)]);
        let place = at_work(
            &address,
            "[tools]\napprove = [\"write\"]\n[tools.agents]\n\"*\" = [\"fs.*\"]\n",
        );
        let paused = run(&place, &["run", TASK]);
        assert_eq!(paused.code, Some(7), "{}", paused.shown());
        assert_eq!(asked.lock().unwrap().len(), 1);
        let listed = place.run(&["approvals", "list", "--json"]).json();
        let approvals = listed["approvals"].as_array().unwrap();
        assert_eq!(approvals.len(), 1, "{listed}");
        let step = approvals[0]["step"].as_str().unwrap();
        let shown = place.run(&["approvals", "show", "latest", step, "--json"]);
        let question = shown.json();
        assert_eq!(question["shown"]["tool"], "fs.write", "{question}");
        assert_eq!(question["shown"]["arguments"]["path"], "cache.txt");
        assert!(question["shown"]["agent"].is_string());
        assert!(!shown.stdout.contains(&secret));
        assert!(!place.path().join("cache.txt").exists());

        let decided = place.run(&["approvals", "decide", "latest", step, decision]);
        assert_eq!(decided.code, Some(0), "{}", decided.shown());
        let ended = run(&place, &["runs", "resume", "latest"]);
        assert_eq!(ended.code, Some(0), "{}", ended.shown());
        assert_eq!(place.path().join("cache.txt").exists(), written);
        // The whole run counts, and what was used before is told apart.
        assert!(ended.stdout.contains("1360 tokens"), "{}", ended.shown());
        let before = "340 tokens, unpriced had been used before";
        assert!(ended.stderr.contains(before), "{}", ended.shown());
        // The model was asked once more, told what became of its call, and then for the two others.
        let requests = asked.lock().unwrap().clone();
        assert_eq!(requests.len(), 4);
        assert_eq!(requests[1].contains("did not allow this call"), !written);
    }
}

#[test]
fn a_policy_that_names_no_tool_is_refused() {
    let (address, _) = script(vec![says(DONE)]);
    let place = at_work(&address, "[tools]\napprove = [\"fs.wirte\"]\n");
    let ran = run(&place, &["run", TASK]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("`fs.wirte`"), "{}", ran.shown());
}

#[test]
fn a_model_plans_and_its_answer_is_checked() {
    let opinion = |strategy: &str, agents: &[&str]| {
        let answer = json!({
            "strategy": strategy, "agents": agents, "domains": ["testing"], "complexity": "simple",
            "reason": "Two of them suffice.",
        });
        says(&answer.to_string())
    };
    let team = ["test_generator", "test_validator"];
    // Nobody of that name is there: it is told so, and answers anew.
    let answers = vec![opinion("debate", &["nobody"]), opinion("sequential", &team)];
    let (address, asked) = script(answers);
    let place = project(&address);
    let args = ["plan", TASK, "--planner", "model", "--json"];
    let planned = run(&place, &args);
    assert_eq!(planned.code, Some(0), "{}", planned.shown());
    let plan = planned.json();
    assert_eq!(plan["strategy"], "sequential", "{plan}");
    let ids: Vec<&str> = plan["agents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, team);
    let reasons = plan["reasons"].to_string();
    for told in [
        "model local/m said: Two of them suffice.",
        "taken from it: strategy sequential",
        "an answer was sent back",
        "680 tokens, unpriced",
    ] {
        assert!(reasons.contains(told), "{told}: {reasons}");
    }
    let requests = asked.lock().unwrap().clone();
    assert_eq!(requests.len(), 2);
    let told = "Your answer cannot be used";
    assert!(requests[1].contains(told), "{}", requests[1]);
    assert!(!reasons.contains("the context says so"), "{reasons}");
}

#[test]
fn without_a_usable_answer_the_rules_plan_and_say_so() {
    let (address, asked) = script(vec![says("I would rather not.")]);
    let place = project(&address);
    let ruled = place.run(&["plan", TASK, "--json"]).json();
    let planned = run(&place, &["plan", TASK, "--planner", "model", "--json"]);
    assert_eq!(planned.code, Some(0), "{}", planned.shown());
    let plan = planned.json();
    assert_eq!(plan["digest"], ruled["digest"]);
    assert!(plan["reasons"].to_string().contains("the rules decided"));
    assert_eq!(asked.lock().unwrap().len(), 3);

    let nobody = Place::project().run(&["plan", TASK, "--planner", "model"]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.shown());
    assert!(nobody.stderr.contains("ORC1350"), "{}", nobody.shown());
}

#[test]
fn a_session_goes_on_from_run_to_run() {
    let (address, asked) = script(vec![says(
        "{\"summary\": \"The cache has no eviction.\", \"confidence\": 0.9}",
    )]);
    let place = project(&address);
    let first = run(&place, &["run", TASK, "--session", "cache"]);
    assert_eq!(first.code, Some(0), "{}", first.shown());
    let before = asked.lock().unwrap().len();
    assert!(!asked.lock().unwrap()[0].contains("no eviction"));
    let second = run(&place, &["run", TASK, "--session", "cache"]);
    assert_eq!(second.code, Some(0), "{}", second.shown());
    assert!(asked.lock().unwrap()[before].contains("no eviction"));
    // Another session knows nothing of it.
    let between = asked.lock().unwrap().len();
    run(&place, &["run", TASK, "--session", "other"]);
    assert!(!asked.lock().unwrap()[between].contains("no eviction"));
    let wrong = run(&place, &["run", TASK, "--session", "../x"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.shown());
}

#[test]
fn notes_outlast_a_run() {
    let put = json!({"key": "build", "text": "cargo nextest run"});
    let (address, asked) = script(vec![
        calls("notes_put", &put),
        says(DONE),
        calls("notes_get", &json!({"key": "build"})),
        says(DONE),
    ]);
    let place = at_work(&address, "[tools.agents]\n\"*\" = [\"notes.*\"]\n");
    for _ in 0..2 {
        let ran = run(&place, &["run", TASK]);
        assert_eq!(ran.code, Some(0), "{}", ran.shown());
    }
    let requests = asked.lock().unwrap().clone();
    assert!(requests[3].contains("cargo nextest run"), "{}", requests[3]);
}

#[test]
fn an_agent_calls_another_and_its_tokens_count() {
    let (address, asked) = script(vec![
        calls(
            "agent_researcher",
            &json!({"task": "Which caches are there?"}),
        ),
        says("{\"summary\": \"Two: pages and users.\", \"confidence\": 0.8}"),
        says(DONE),
    ]);
    let place = at_work(&address, "[tools.agents]\n\"*\" = [\"agent.researcher\"]\n");
    let hints = [
        "--hint",
        "capabilities=generate_unit_tests",
        "--hint",
        "strategy=sequential",
    ];
    let args = [&["run", TASK, "--json"][..], &hints].concat();
    let ran = run(&place, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let requests = asked.lock().unwrap().clone();
    let inner = requests
        .iter()
        .find(|it| it.contains("You are the Researcher"));
    assert!(inner.is_some_and(|it| it.contains("Which caches are there?")));
    let tokens: u64 = requests.len() as u64 * 340;
    assert_eq!(ran.json()["usage"]["tokens"], json!(tokens));

    let nobody = at_work(&address, "[tools.agents]\n\"*\" = [\"agent.nobody\"]\n");
    let ran = run(&nobody, &["run", TASK]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
}

#[test]
fn a_model_is_told_what_was_measured_and_cannot_state_another_figure() {
    let (address, asked) = script(vec![says(
        r#"{"summary": "Not much of it is documented.", "doc_coverage_percent": 99, "confidence": 0.7}"#,
    )]);
    let place = project(&address);
    std::fs::write(place.path().join("cache.py"), "def get(key):\n    pass\n").unwrap();
    let task = "Document the cache";
    let hints = ["--hint", "strategy=sequential", "--json"];
    let ran = run(&place, &[&["run", task][..], &hints].concat()).json();
    let mut outputs = ran["outputs"].as_array().unwrap().iter();
    let writer = outputs.rfind(|it| it["agent_id"] == "documentation_writer");
    let output = &writer.unwrap()["output"];
    assert_eq!(output["doc_coverage_percent"], 50.0, "{output}");
    assert_eq!(output["stated_doc_coverage_percent"], 99);
    let requests = asked.lock().unwrap().clone();
    assert!(requests[0].contains("What was measured here"));
    assert!(requests[0].contains("public without documentation"));
}

#[test]
fn a_run_tells_what_it_has_used_while_it_goes_on() {
    let (address, _) = script(vec![says(DONE)]);
    let place = project(&address);
    run(&place, &["run", TASK]);
    let followed = place.run(&["runs", "follow", "latest"]);
    assert!(
        followed.stdout.contains("(so far 340 tokens, unpriced)"),
        "{}",
        followed.shown()
    );
    let document: Value = place.run(&["runs", "show", "latest", "--json"]).json();
    assert!(document["usage"]["tokens"].as_u64() > Some(0));
}
