//! Runs teach, plans use what they taught, and nothing of that can break a run.

use expect_test::expect;
use serde_json::{Value, json};

use crate::program::{Place, Ran};

const TASK: &str = "Review security and code quality";

fn lessons(place: &Place) -> Vec<Value> {
    let document = place.run(&["lessons", "list", "--json"]).json();
    document
        .get("lessons")
        .and_then(Value::as_array)
        .unwrap()
        .clone()
}

fn reasons(ran: &Ran) -> String {
    let document = ran.json();
    let reasons = document.get("reasons").and_then(Value::as_array).unwrap();
    let told: Vec<&str> = reasons.iter().map(|it| it.as_str().unwrap()).collect();
    told.join("\n")
}

/// A composition in the form of other systems, which succeeded in so many of ten runs.
fn seed(id: &str, successes: u32) -> String {
    let value = json!({
        "id": id,
        "task_pattern": "security+code_quality:moderate",
        "agents": [{"role": "code_reviewer", "tier": "CAPABLE"}, {"role": "security_auditor", "tier": "PREMIUM"}],
        "strategy": "sequential",
        "quality_gates": {},
        "success_rate": f64::from(successes) / 10.0,
        "avg_quality_score": 80.0,
        "usage_count": 10,
        "success_count": successes,
        "failure_count": 10 - successes,
        "created_at": "2025-01-10T12:34:56.123456",
        "last_used": "2025-01-11T12:34:56.123456",
        "tags": []
    });
    value.to_string()
}

#[test]
fn runs_teach_and_name_themselves() {
    let place = Place::project();
    assert!(lessons(&place).is_empty());
    assert!(
        !place
            .files()
            .iter()
            .any(|file| file.starts_with(".orchestrate/")),
        "asking writes nothing"
    );
    let run = place.run(&["run", TASK, "--json"]).json();
    place.run(&["release-prep"]);
    let known = lessons(&place);
    let told: Vec<_> = known
        .iter()
        .map(|it| (&it["task_pattern"], &it["usage_count"]))
        .collect();
    let (release, review) = (
        json!("release_prep"),
        json!("security+code_quality:moderate"),
    );
    assert_eq!(told, [(&release, &json!(1)), (&review, &json!(1))]);
    assert_eq!(known[1]["runs"], json!([run["run_id"]]));
    let shown = place
        .run(&[
            "lessons",
            "show",
            known[1]["id"].as_str().unwrap(),
            "--json",
        ])
        .json();
    assert_eq!(shown["outcomes"][0]["run"], run["run_id"]);
    assert_eq!(shown["outcomes"][0]["success"], json!(true));
}

#[test]
fn a_saved_plan_teaches_under_its_own_task() {
    let place = Place::project();
    place.run(&["plan", TASK, "--out", "plan.json"]);
    place.run(&["run", "--plan", "plan.json"]);
    assert_eq!(
        lessons(&place)[0]["task_pattern"],
        json!("security+code_quality:moderate")
    );
}

#[test]
fn a_proven_composition_changes_the_plan_until_it_is_disabled() {
    let place = Place::project();
    place
        .with("old/comp_001.json", &seed("comp_001", 9))
        .with("old/comp_002.json", &seed("comp_002", 1))
        .with("old/bad.json", "{}");
    place.check(
        &["lessons", "import", "old"],
        expect![[r#"
        exit 0
        --- stdout
        2 taken over, 0 known already, 1 left out
        --- stderr
        `old/bad.json` is left out: missing field `id`
    "#]],
    );
    let before = place.run(&["plan", TASK, "--no-learning", "--json"]);
    assert_eq!(before.json()["strategy"], json!("parallel"));
    let plan = place.run(&["plan", TASK, "--json"]);
    assert_eq!(plan.json()["strategy"], json!("sequential"));
    assert_eq!(plan.json()["learned"]["lesson"], json!("comp_001"));
    assert!(
        reasons(&plan).contains("lesson comp_001 (9 of 10 runs succeeded"),
        "{}",
        reasons(&plan)
    );
    place.check(
        &["lessons", "list"],
        expect![[r#"
        exit 0
        --- stdout
        LESSON    TASKS                           SUCCEEDED  AT LEAST  QUALITY  STATE
        comp_001  security+code_quality:moderate  9 of 10    0.60      80       proven
        comp_002  security+code_quality:moderate  1 of 10    0.02      80       not proven
    "#]],
    );
    place.check(
        &["lessons", "disable", "comp_001"],
        expect![[r#"
        exit 0
        --- stdout
        comp_001 is disabled: planners leave it alone
    "#]],
    );
    let after = place.run(&["plan", TASK, "--json"]);
    assert_eq!(after.json()["plan"], before.json()["plan"]);
    place.check(
        &["lessons", "enable", "comp_001"],
        expect![[r#"
        exit 0
        --- stdout
        comp_001 is enabled: planners consider it again
    "#]],
    );
    place.check(
        &["lessons", "forget", "comp_002"],
        expect![[r#"
        exit 0
        --- stdout
        comp_002 is forgotten
    "#]],
    );
    place.check(
        &["lessons", "show", "comp"],
        expect![[r#"
        exit 0
        --- stdout
        comp_001
          tasks      security+code_quality:moderate
          strategy   sequential
          agents     code_reviewer (CAPABLE), security_auditor (PREMIUM)
          succeeded  9 of 10 runs, at least 0.60 of all with 97.5 % confidence
          quality    80.0 of 100 on average
          state      proven
          first      2025-01-10T12:34:56Z
          last       2025-01-11T12:34:56Z
    "#]],
    );
    place.check(
        &["lessons", "show", "comp_002"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0909]: unknown lesson `comp_002` (possible: comp_001)
        hint: did you mean `comp_001`?
    "#]],
    );
}

#[test]
fn the_same_seed_gives_the_same_plan() {
    let place = Place::project();
    place.with("old.json", &seed("comp_001", 5));
    place.run(&["lessons", "import", "old.json"]);
    let typo = place.run(&["lessons", "import", "old.jsn"]);
    assert_eq!(typo.code, Some(2), "{}", typo.shown());
    let plan = |seed: &str| {
        let ran = place.run(&["plan", TASK, "--explore", "1", "--seed", seed, "--json"]);
        ran.json()
    };
    let strategies: Vec<Value> = (0..12)
        .map(|seed| plan(&seed.to_string())["strategy"].clone())
        .collect();
    assert!(
        strategies.iter().any(|it| *it != strategies[0]),
        "{strategies:?}"
    );
    assert_eq!(plan("7"), plan("7"));
    assert_eq!(plan("7")["learned"]["seed"], json!(7));
}

#[test]
fn three_good_runs_make_a_pattern_that_answers_with_what_matched() {
    let place = Place::project();
    for _ in 0..3 {
        place.run(&["run", TASK]);
    }
    let found = place
        .run(&[
            "lessons",
            "find",
            "task_pattern=security+code_quality:moderate",
            "--json",
        ])
        .json();
    assert_eq!(
        found["patterns"][0]["factors"],
        json!([{"context": "task_pattern"}, {"success_rate": 1.0}])
    );
    let id = found["patterns"][0]["pattern"]["id"]
        .as_str()
        .unwrap()
        .replace("orchestration_", "");
    place.run(&["lessons", "forget", &id]);
    place.check(
        &[
            "lessons",
            "find",
            "task_pattern=security+code_quality:moderate",
        ],
        expect![[r#"
            exit 0
            --- stdout
            no pattern that has proven itself matches
        "#]],
    );
    place.check(
        &["lessons", "find"],
        expect![[r#"
        exit 2
        --- stderr
        error[ORC0901]: there is nothing to look for
        hint: give at least one `KEY=VALUE` or `--tag WORD`
    "#]],
    );
}

#[test]
fn the_best_for_a_task_is_a_question_with_yes_and_no() {
    let place = Place::project();
    place.check(
        &["lessons", "best", TASK],
        expect![[r#"
        exit 1
        --- stdout
        nothing was learned for `security+code_quality:moderate` yet
    "#]],
    );
    place.run(&["run", TASK]);
    let best = place.run(&["lessons", "best", TASK, "--json"]);
    assert_eq!(best.code, Some(0));
    assert_eq!(best.json()["lesson"]["usage_count"], json!(1));
}

#[test]
fn a_store_that_fails_is_told_and_fails_no_run() {
    let place = Place::project();
    place.with(".orchestrate/store.learning.db", "this is no database, whatever its name says; it is long enough to be read as a header of one hundred bytes");
    let ran = place.run(&["run", TASK]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(
        ran.stderr.contains("this plan is made without lessons"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("the outcome of this run is not recorded"),
        "{}",
        ran.stderr
    );
    assert_eq!(place.run(&["lessons", "list"]).code, Some(8));
    place.check(
        &["lessons", "list", "--store", "mysql://me:secret@host/db"],
        expect![[r#"
            exit 2
            --- stderr
            error[ORC1207]: `mysql://me@host/db` is no address of a store: there is no such kind of store (possible: `file:DIRECTORY`, `sqlite:FILE`, `postgres://USER@HOST:PORT/DATABASE`)
        "#]],
    );
}

#[test]
fn any_store_can_be_named_and_a_directory_is_readable() {
    let place = Place::project();
    place.with("orchestrate.toml", "store = \"file:kept\"\n");
    place.run(&["run", TASK]);
    let files = place.files();
    let kept: Vec<_> = files
        .iter()
        .filter(|file| file.starts_with("kept/compositions/"))
        .collect();
    assert_eq!(kept.len(), 1, "{files:?}");
    assert_eq!(lessons(&place).len(), 1);
}

#[test]
fn an_agent_that_failed_of_late_is_passed_over_and_that_is_said() {
    let place = Place::project();
    place.run(&[
        "run",
        "Review the code",
        "--store",
        "file:.orchestrate/kept",
    ]);
    let shown = |place: &Place| {
        let ran = place.run(&["agents", "show", "code_reviewer"]);
        let line = ran.stdout.lines().find(|line| line.contains("of late"));
        line.unwrap().to_owned()
    };
    assert!(shown(&place).ends_with("nothing is recorded"));
    place.with("orchestrate.toml", "store = \"file:.orchestrate/kept\"\n");
    let line = shown(&place);
    assert!(
        line.contains("succeeded in 1 of its last 1 steps"),
        "{line}"
    );
    // As if it had failed in runs of these days.
    let failure = r#"{"success": false, "at": "2126-01-01T00:00:00Z"}"#;
    let failures = format!(r#"{{"outcomes": [{}]}}"#, [failure; 4].join(", "));
    place.with(".orchestrate/kept/health/code_reviewer.json", &failures);
    let line = shown(&place);
    assert!(
        line.contains("succeeded in 0 of its last 4 steps"),
        "{line}"
    );
    let ran = place.run(&["plan", "Review the code quality"]);
    assert!(
        ran.stdout
            .replace("\n    ", " ")
            .contains("although it failed 100 % of its last 4 steps"),
        "{}",
        ran.shown()
    );
    let ran = place.run(&["plan", "Review the code quality", "--no-learning"]);
    assert!(!ran.stdout.contains("failed 100 %"), "{}", ran.shown());
}

#[test]
fn what_one_store_lists_another_takes_over_once() {
    let (one, other) = (Place::project(), Place::empty());
    one.run(&["run", TASK]);
    let listed = one.run(&["lessons", "list", "--json"]);
    other.with("lessons.json", &listed.stdout);
    let imported = other.run(&["lessons", "import", "lessons.json", "--json"]);
    assert_eq!(imported.code, Some(0), "{}", imported.shown());
    let (taken, there) = (lessons(&one), lessons(&other));
    assert_eq!(taken.len(), 1);
    for field in ["id", "agents", "strategy", "usage_count", "created_at"] {
        assert_eq!(taken[0][field], there[0][field], "{field}");
    }
    other.check(
        &["lessons", "import", "lessons.json"],
        expect![[r#"
            exit 0
            --- stdout
            0 taken over, 1 known already, 0 left out
        "#]],
    );
    other.with("none/README.md", "x").with("bad.json", "{}");
    other.check(
        &["lessons", "import", "none"],
        expect![[r#"
            exit 0
            --- stdout
            0 taken over, 0 known already, 0 left out
            --- stderr
            there are no JSON files in `none`
        "#]],
    );
    assert_eq!(other.run(&["lessons", "import", "bad.json"]).code, Some(3));
}
