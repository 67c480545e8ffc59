//! Health checks from end to end, on small projects: grades, history, trends.

use std::fs;

use expect_test::{Expect, expect};
use regex::Regex;
use serde_json::{Value, json};

use crate::program::{Place, Ran};
use crate::runs::{comparable, killed_after};

/// What a command did, with moments replaced.
#[track_caller]
fn check(ran: &Ran, expected: Expect) {
    let moments = Regex::new(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?").unwrap();
    expected.assert_eq(&moments.replace_all(&ran.shown(), "[MOMENT]"));
}

fn checks(place: &Place, args: &[&str]) -> Vec<Value> {
    let listed = [&["health-check", "--history", "--json"], args].concat();
    let document = place.run(&listed).json();
    let checks = document.get("checks").and_then(Value::as_array);
    checks.unwrap().clone()
}

/// A project that is worse: it runs what it is given, and holds a credential.
fn worsen(place: &Place) {
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let text = format!(
        "\"\"\"Runs.\"\"\"\nimport subprocess\nimport sys\n\nTOKEN = \"{token}\"\n\n\ndef run():\n    \"\"\"Runs it.\"\"\"\n    subprocess.run(sys.argv[1], shell=True)\n"
    );
    place.with("src/run.py", &text);
}

#[test]
fn a_project_in_good_order_gets_a_good_grade() {
    let place = Place::project();
    place.with_coverage(2);
    check(
        &place.run(&["health-check", "--mode", "weekly"]),
        expect![[r#"
            exit 0
            --- stdout
            ======================================================================
              HEALTH CHECK (weekly)
            ======================================================================

              [ok]   GRADE A (passes from 70 on)
                     Grade A: 100.0 of 100, with 100 % of the weight measured.

              CATEGORIES
              --------------------------------------------------------------------
              [ok]   security       ####################  100.0  weight 30 %
                     critical: 0; product code: 2 lines
              [ok]   coverage       ####################  100.0  weight 25 %
                     coverage: 100 percent; covered: 2 of 2
              [ok]   quality        ####################  100.0  weight 20 %
                     quality score: 10 of 10
              [ok]   performance    ####################  100.0  weight 15 %
                     slow patterns: 0; product code: 2 lines
              [ok]   documentation  ####################  100.0  weight 10 %
                     documented: 100 percent; public items: 2; documented items: 2

              TREND
              --------------------------------------------------------------------
              First check of this mode: there is nothing to compare it with yet.

              WARNINGS (1)
              --------------------------------------------------------------------
              - `README.md` says nearly nothing

              NOT MEASURED (2)
              --------------------------------------------------------------------
              - known vulnerable dependencies: not audited: there is no lock file
                how: commit the lock file and run the auditor of your package manager over
                     it
              - running time: nothing was run
                how: profile the program on real work before any of the hints is followed

              HOW THE SCORES ARE MADE
              --------------------------------------------------------------------
              - security: 100, halved by each critical finding, and halved again for every 5
                points of other findings for each 1000 lines of product code, to which 1000
                are added: high 10, medium 3, low 0.1; a finding of medium confidence counts
                half, one of low confidence a quarter
              - coverage: the share of the product's code that its tests run, in percent;
                where reports name only a part of the product, the least that it can be, if
                that is known to within 20 points
              - quality: ten times the reviewer's score from 0 to 10, over densities of
                complexity, size, nesting, copies, rule violations, hazards and unfinished
                work in product code
              - performance: 100, halved for every point of patterns that are known to be
                slow for each 1000 lines of product code, to which 1000 are added: high 10,
                medium 3, low 1; a pattern of medium confidence counts half, one of low
                confidence a quarter; nothing is run or timed
              - documentation: the share of public items with documentation, in percent, as
                each language defines public

              AGENTS
              --------------------------------------------------------------------
              [ok]   code_reviewer             succeeded [TIME]  ( [TIME] its own)
              [ok]   documentation_writer      succeeded [TIME]  ( [TIME] its own)
              [ok]   performance_optimizer     succeeded [TIME]  ( [TIME] its own)
              [ok]   security_auditor          succeeded [TIME]  ( [TIME] its own)
              [ok]   test_coverage_analyzer    succeeded [TIME]  ( [TIME] its own)

              Analysed: 2 files (Python 2), 12 lines, in `.`
              Time: [TIME] by the clock
             [TIME] summed over the agents, who share one scan
            ======================================================================
        "#]],
    );
}

#[test]
fn without_coverage_there_is_a_grade_that_says_so() {
    let place = Place::project();
    let ran = place.run(&["health-check", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["grade"], "A");
    assert_eq!(report["categories"][1]["status"], "not_measured");
    assert_eq!(report["categories"][1]["score"], json!(null));
    let range = &report["range"];
    assert!(range["least"].as_f64() < Some(70.0), "{range}");
    assert_eq!(range["most"], 100.0);
    assert!(
        report["categories"][1]["how_to_measure"]
            .as_str()
            .unwrap()
            .contains("--run-tests")
    );
}

#[test]
fn a_bad_project_falls_and_the_exit_says_so() {
    let place = Place::project();
    worsen(&place);
    let ran = place.run(&["health-check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert!(ran.stdout.contains("[FAIL] GRADE"), "{}", ran.shown());
    assert!(ran.stdout.contains("src/run.py:5"), "{}", ran.shown());
    assert_eq!(
        place.run(&["health-check", "--fail-under", "1"]).code,
        Some(0)
    );
    assert_eq!(place.run(&["health-check", "--exit-zero"]).code, Some(0));
    place.with(
        "orchestrate.toml",
        "[health-check]\nfail-under = 2\nmode = \"weekly\"\n",
    );
    let set = place.run(&["health-check", "--json"]);
    assert_eq!((set.code, &set.json()["mode"]), (Some(0), &json!("weekly")));
}

#[test]
fn too_little_measured_is_no_grade() {
    let place = Place::empty();
    place.with("README.md", "# Nothing\n");
    let ran = place.run(&["health-check"]);
    assert_eq!(ran.code, Some(10), "{}", ran.shown());
    assert!(ran.stdout.contains("[ ?? ] NO GRADE"), "{}", ran.shown());
    assert_eq!(place.run(&["health-check", "--exit-zero"]).code, Some(10));
    // A limit that left it open is told as one.
    let project = Place::project();
    let ran = project.run(&["health-check", "--max-calls", "1"]);
    assert_eq!(ran.code, Some(5), "{}", ran.shown());
}

#[test]
fn every_report_is_one_document_that_its_schema_admits() {
    let empty = Place::empty();
    let schema = empty.run(&["schema", "health"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let project = Place::project();
    for (place, mode) in [
        (&empty, "daily"),
        (&project, "weekly"),
        (&project, "release"),
        (&project, "release"),
    ] {
        let report = place
            .run(&["health-check", "--mode", mode, "--format", "json"])
            .json();
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|it| it.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(report["schema"], "orchestrate.health/1");
    }
    let shown = empty
        .run(&["workflows", "show", "health-check", "--json"])
        .json();
    assert_eq!(shown["report"], schema);
    assert!(shown["inputs"]["properties"]["fail_under"].is_object());
}

#[test]
fn checks_are_kept_and_trends_are_true() {
    let place = Place::project();
    assert_eq!(checks(&place, &[]), Vec::<Value>::new());
    // Asking for what is not there makes nothing.
    assert!(!place.path().join(".orchestrate").exists());
    let trend = |args: &[&str]| {
        let ran = place.run(&[&["health-check", "--json"], args].concat());
        let trend = ran.json()["trend"].clone();
        (
            trend["state"].as_str().unwrap().to_owned(),
            trend["change"].clone(),
        )
    };
    assert_eq!(trend(&[]), ("first_check".into(), json!(null)));
    assert_eq!(trend(&[]), ("stable".into(), json!(0.0)));
    assert_eq!(trend(&["--mode", "weekly"]).0, "first_check");
    worsen(&place);
    let declined = place.run(&["health-check"]);
    assert!(
        declined.stdout.contains("Declining: -"),
        "{}",
        declined.shown()
    );
    assert!(
        declined.stdout.contains("security: 100.0 -> "),
        "{}",
        declined.shown()
    );
    fs::remove_file(place.path().join("src/run.py")).unwrap();
    assert_eq!(trend(&[]).0, "improving");
    // With coverage it is another measure, and only parts of it can be compared.
    place.with_coverage(2);
    assert_eq!(trend(&[]), ("not_comparable".into(), json!(null)));
    // What is not recorded has no trend and leaves none.
    assert_eq!(trend(&["--no-store"]).0, "unknown");
    assert_eq!(checks(&place, &[]).len(), 6);
    let weekly = checks(&place, &["--mode", "weekly"]);
    assert_eq!((weekly.len(), &weekly[0]["mode"]), (1, &json!("weekly")));
    check(
        &place.run(&["health-check", "--history", "--limit", "3"]),
        expect![[r#"
            exit 0
            --- stdout
            WHEN (UTC)        MODE   SCORE    MEASURED  COVE  QUAL  SECU
            [MOMENT]  daily  100.0 A  100 %     100   100   100
            [MOMENT]  daily  100.0 A  67 %      -     100   100
            [MOMENT]  daily   62.4 D  67 %      -     95    41
            and 3 more; `--limit` lists them
        "#]],
    );
}

#[test]
fn a_store_elsewhere_keeps_projects_apart() {
    let (one, two) = (Place::project(), Place::project());
    let folder = tempfile::tempdir().unwrap();
    for store in [
        format!("file:{}", folder.path().join("files").display()),
        format!("sqlite:{}", folder.path().join("store.db").display()),
    ] {
        let store = ["--store", store.as_str()];
        for place in [&one, &one, &two] {
            let ran = place.run(&[&["health-check"], &store[..]].concat());
            assert_eq!(ran.code, Some(0), "{}", ran.shown());
        }
        assert_eq!(
            (checks(&one, &store).len(), checks(&two, &store).len()),
            (2, 1)
        );
    }
    // In the project's own it may be moved.
    assert_eq!(one.run(&["health-check"]).code, Some(0));
    let moved = one.path().with_file_name("moved");
    fs::rename(one.path(), &moved).unwrap();
    let listed = ["health-check", "--history", "--json", "--path", "../moved"];
    fs::create_dir(one.path()).unwrap();
    assert_eq!(one.run(&listed).json()["count"], 1);
}

#[test]
fn a_check_that_was_killed_anywhere_is_kept_once() {
    let place = Place::project();
    place.with_coverage(2);
    let of = |ran: &Ran| {
        let mut report = comparable(&ran.stdout);
        report["trend"].take();
        report
    };
    let whole = of(&place.run(&["health-check", "--json", "--no-store"]));
    let mut resumed = 0;
    for lines in 1..7 {
        let before = checks(&place, &[]).len();
        if killed_after(&place, &["health-check"], lines).is_none() {
            continue;
        }
        resumed += 1;
        let ran = place.run(&["runs", "resume", "latest", "--json"]);
        assert_eq!(of(&ran), whole, "killed after {lines} lines");
        assert_eq!(
            checks(&place, &[]).len(),
            before + 1,
            "killed after {lines} lines"
        );
    }
    assert!(resumed > 0, "no kill fell into a run");
}

#[test]
fn a_report_is_written_in_the_form_that_its_name_says() {
    let place = Place::project();
    let ran = place.run(&["health-check", "--out", "health.md"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), "report written to health.md\n")
    );
    assert!(ran.stdout.contains("HEALTH CHECK (daily)"));
    expect![[r#"
        ## Health (daily): grade A, 100.0 of 100

        Grade A: 100.0 of 100, with 67 % of the weight measured. With coverage measured as well it would lie between 66.7 and 100.0.

        First check of this mode: there is nothing to compare it with yet.

        | Category | Score | Weight | How it is made |
        |---|---:|---:|---|
        | security | 100.0 | 40 % | 100, halved by each critical finding, and halved again for every 5 points of other findings for each 1000 lines of product code, to which 1000 are added: high 10, medium 3, low 0.1; a finding of medium confidence counts half, one of low confidence a quarter |
        | coverage | – | 33 % | the share of the product's code that its tests run, in percent; where reports name only a part of the product, the least that it can be, if that is known to within 20 points |
        | quality | 100.0 | 27 % | ten times the reviewer's score from 0 to 10, over densities of complexity, size, nesting, copies, rule violations, hazards and unfinished work in product code |

        ### Not measured

        - **coverage**: there is no coverage report. To measure it: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`; or let `orchestrate release-prep --run-tests` measure it
        - **known vulnerable dependencies**: not audited: there is no lock file. To measure it: commit the lock file and run the auditor of your package manager over it
    "#]].assert_eq(&place.read("health.md"));
    place.run(&["health-check", "--out", "health.json"]);
    let written: Value = serde_json::from_str(&place.read("health.json")).unwrap();
    assert_eq!(written["schema"], "orchestrate.health/1");
    for (args, code) in [
        (&["--fail-under", "101"][..], 2),
        (&["--mode", "hourly"], 2),
        (&["--path", "missing"], 2),
        (&["--history", "--run-tests"], 2),
    ] {
        let ran = place.run(&[&["health-check"], args].concat());
        assert_eq!(ran.code, Some(code), "{}", ran.shown());
    }
}
