//! `test-coverage` on a small project in Python; what stands for coverage.py is in `doubles/`, and a
//! server of this machine for a model.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::{Value, json};

use crate::models::{self, KEY, says, script};
use crate::program::{Place, Ran};

const CALC: &str = "\"\"\"Numbers.\"\"\"\n\n\ndef add(left, right):\n    \"\"\"The sum.\"\"\"\n    return left + right\n\n\ndef grade(points):\n    \"\"\"The grade.\"\"\"\n    if points >= 90:\n        return \"A\"\n    if points >= 60:\n        return \"B\"\n    return \"F\"\n";
const TESTS: &str = "import unittest\n\nimport calc\n\n\nclass TestCalc(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(calc.add(1, 2), 3)\n";

/// Whether a program is here. Without it nothing of what it does is tested, and that is said.
fn is_there(program: &str, question: &str) -> bool {
    let told = Command::new(program).arg(question).output();
    let is_there = told.is_ok_and(|it| it.status.success());
    if !is_there {
        #[expect(clippy::print_stderr, reason = "a test that tests nothing says so")]
        {
            eprintln!("NOT TESTED: there is no {program}");
        }
    }
    is_there
}

/// The directory of the Python that is here: what stands on the path may only look for it, each time anew.
fn python() -> Option<PathBuf> {
    let told = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output();
    let told = told.ok().filter(|it| it.status.success())?;
    let path = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
    path.parent().map(Path::to_owned)
}

/// The project, unless there is no Python here: then nothing of it is known, and that is said.
fn project(address: Option<&str>) -> Option<Place> {
    if !is_there("python3", "--version") {
        return None;
    }
    let place = Place::empty();
    place
        .with(
            "pyproject.toml",
            "[project]\nname = \"calc\"\nversion = \"1.0.0\"\n",
        )
        .with("src/calc.py", CALC)
        .with("tests/__init__.py", "")
        .with("tests/test_sum.py", TESTS);
    if let Some(address) = address {
        let settings = format!(
            "[providers.local]\nkind = \"openai-compatible\"\nbase-url = \"{address}\"\nkey-env = \"LOCAL_KEY\"\n\n[models.agents]\ntest_generator = \"local/m\"\n"
        );
        place.with("orchestrate.toml", &settings);
    }
    Some(place)
}

/// Runs the verb with the double of coverage.py.
fn run(place: &Place, args: &[&str]) -> Ran {
    place.ran(&command(place, args).output().unwrap())
}

fn command(place: &Place, args: &[&str]) -> Command {
    let doubles = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/doubles");
    let mut command = place.command(args);
    command
        .env("PYTHONPATH", doubles)
        .env("PATH", python().unwrap())
        .env("LOCAL_KEY", KEY)
        .env("COUNT", place.path().with_file_name("count"))
        .env_remove("VIRTUAL_ENV");
    command
}

/// What a model answers that writes such a test.
fn writes(path: &str, body: &str) -> Value {
    let content = format!("import unittest\n\nimport calc\n\n\n{body}");
    says(&json!({"path": path, "content": content, "function": "grade"}).to_string())
}

fn class(body: &str) -> String {
    format!("class TestGrade(unittest.TestCase):\n    def test_grade(self):\n{body}")
}

/// A test that pins what the function gives.
fn good(path: &str) -> Value {
    let body = class(
        "        self.assertEqual([calc.grade(it) for it in (95, 70, 5)], [\"A\", \"B\", \"F\"])\n",
    );
    writes(path, &body)
}

#[test]
fn without_a_model_gaps_are_measured_and_skeletons_do_not_count() {
    let Some(place) = project(None) else { return };
    let before = place.files();
    let ran = run(&place, &["test-coverage", "-q", "--no-store"]);
    let shown = ran.shown();
    let (shown, _) = shown.split_once("  AGENTS").unwrap();
    expect![[r#"
        exit 1
        --- stdout
        ======================================================================
          TEST COVERAGE
        ======================================================================

          [FAIL] TARGET NOT REACHED (80 %)
                 44.4 %; 80 % are wanted. 1 skeleton, which does not count.

          MEASURED
          --------------------------------------------------------------------
          before  44.4 % (4 of 9 lines)
          after   not measured: no test was accepted
          Counted: executed lines (Go: statements) of all executable ones, in product
          files that a report names; tests, examples, generated and vendored files are
          left out, and branches are stated apart.

          FIRST GAPS (1 of 1)
          --------------------------------------------------------------------
           1. `grade` src/calc.py:9
              5 of its 6 lines never ran, complexity 3; not reached: 11 to 15
          [skip] skeleton
                 tests/test_calc_grade.py

          NEW FILES
          --------------------------------------------------------------------
          1 skeleton, ignored by the runner: `--format patch --with-skeletons` shows
          them, `--apply --with-skeletons` writes them. With a model for
          `test_generator` in orchestrate.toml real tests are written;
          `orchestrate init` shows how.

    "#]]
    .assert_eq(shown);
    assert_eq!(place.files(), before, "the tree is left alone");
    let enough = run(&place, &["test-coverage", "-q", "--target", "40", "--json"]);
    assert_eq!(enough.code, Some(0), "{}", enough.shown());
    let report = enough.json();
    assert_eq!(report["reached"], true);
    assert_eq!(report["gaps"][0]["outcome"], "not_written");
    assert_eq!(report["gaps"][0]["why"], "the target is reached without it");
}

#[test]
fn skeletons_are_written_only_when_they_are_asked_for_by_name() {
    let Some(place) = project(None) else { return };
    let ran = run(&place, &["test-coverage", "-q", "--apply", "--json"]);
    assert_eq!(ran.json()["applied"], json!([]));
    let args = [
        "test-coverage",
        "-q",
        "--apply",
        "--with-skeletons",
        "--json",
    ];
    let ran = run(&place, &args);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert_eq!(ran.json()["applied"], json!(["tests/test_calc_grade.py"]));
    // It is there, it is ignored, and nothing else is known than before.
    let again = run(&place, &["test-coverage", "-q", "--json"]);
    assert_eq!(again.json()["before"], ran.json()["before"]);
    assert_eq!(
        again.json()["gaps"][0]["test"]["path"],
        "tests/test_calc_grade_2.py"
    );
}

#[test]
fn every_way_in_which_a_test_proves_nothing_is_told_and_the_one_that_does_is_accepted() {
    let calls = "        for it in (95, 70, 5):\n            calc.grade(it)\n";
    let flaky = "        import os\n        with open(os.environ[\"COUNT\"], \"a+\") as count:\n            count.write(\"x\")\n            count.seek(0)\n            self.assertNotEqual(count.read(), \"xx\")\n";
    let breaking = "calc.add = lambda left, right: 0\n\n\n";
    let checks = "        self.assertEqual(calc.grade(95), \"A\")\n";
    let path = "tests/test_grade.py";
    let (address, asked) = script(vec![
        writes("src/test_grade.py", &class(checks)),
        writes(path, "def broken(:\n"),
        writes(
            path,
            &class("        self.assertEqual(calc.grade(95), \"B\")\n"),
        ),
        writes(path, &class(&format!("{calls}{flaky}"))),
        writes(
            path,
            &class("        self.assertEqual(calc.add(1, 1), 2)\n"),
        ),
        writes(
            path,
            &class(&format!("{calls}        self.assertTrue(True)\n")),
        ),
        writes(path, &format!("{breaking}{}", class(checks))),
        good(path),
    ]);
    let Some(place) = project(Some(&address)) else {
        return;
    };
    let args = [
        "test-coverage",
        "-q",
        "--gaps",
        "1",
        "--attempts",
        "8",
        "--json",
    ];
    let ran = run(&place, &args);
    let report = ran.json();
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let attempts = report["gaps"][0]["attempts"].as_array().unwrap();
    let told: Vec<String> = attempts
        .iter()
        .map(|it| format!("{} {}", it["accepted"], it["reason"].as_str().unwrap()))
        .collect();
    expect![[r#"
        false `src/test_grade.py` is not a file `test_*.py` in `tests`
        false it is not valid Python
        false it fails: FAILED (failures=1)
        false it is flaky: alone it passed 2 of 3 times (FAILED (failures=1))
        false it reaches no line of the gap that was not reached before
        false it passes whatever the code does: none of 5 planted faults made it fail
        false with it other tests fail: test_add (tests.test_sum.TestCalc.test_add)
        true it passed 3 times alone, reaches 5 lines more, notices 4 of 5 planted faults, and breaks nothing"#]].assert_eq(&told.join("\n"));
    assert_eq!(report["writer"], "model");
    assert_eq!(report["gaps"][0]["outcome"], "accepted");
    assert_eq!(report["gaps"][0]["test"]["path"], path);
    let percent = |when: &str| report[when]["percent"].as_f64().unwrap();
    assert!(percent("before") < percent("after"), "{report}");
    assert_eq!(percent("after"), 100.0);
    // Whoever writes is told why the last test was not accepted.
    let asked = asked.lock().unwrap();
    assert!(
        asked[1].contains("is not a file `test_*.py` in `tests`"),
        "{}",
        asked[1]
    );
    assert!(!place.path().join(path).exists());
}

#[test]
fn what_is_accepted_is_written_or_handed_over_as_a_patch() {
    let path = "tests/test_grade.py";
    let (address, asked) = script(vec![good(path)]);
    let Some(place) = project(Some(&address)) else {
        return;
    };
    let ran = run(
        &place,
        &["test-coverage", "-q", "--no-store", "--format", "patch"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    expect![[r#"
        diff --git a/tests/test_grade.py b/tests/test_grade.py
        new file mode 100644
        --- /dev/null
        +++ b/tests/test_grade.py
        @@ -0,0 +1,8 @@
        +import unittest
        +
        +import calc
        +
        +
        +class TestGrade(unittest.TestCase):
        +    def test_grade(self):
        +        self.assertEqual([calc.grade(it) for it in (95, 70, 5)], ["A", "B", "F"])
    "#]]
    .assert_eq(&ran.stdout);
    let ran = run(
        &place,
        &["test-coverage", "-q", "--no-store", "--apply", "--json"],
    );
    assert_eq!(ran.json()["applied"], json!([path]));
    assert!(place.read(path).contains("calc.grade(it)"));
    let asked_before = asked.lock().unwrap().len();
    let ran = run(&place, &["test-coverage", "-q", "--no-store", "--json"]);
    assert_eq!(ran.json()["before"]["percent"], 100.0, "{}", ran.shown());
    assert_eq!(
        asked.lock().unwrap().len(),
        asked_before,
        "there is nothing to write"
    );
}

#[test]
fn a_model_that_cannot_be_asked_leaves_what_was_measured() {
    let (address, _) = models::refusing();
    let Some(place) = project(Some(&address)) else {
        return;
    };
    let ran = run(&place, &["test-coverage", "-q", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["gaps"][0]["outcome"], "not_written");
    assert!(report["before"]["percent"].is_number());
    assert_eq!(report["after"], Value::Null);
}

#[test]
fn what_cannot_be_measured_is_told_with_what_would_do_it() {
    let Some(place) = project(None) else { return };
    let ran = place.run_with(&["test-coverage", "-q", "--json"], &[("PATH", "/nowhere")]);
    assert_eq!(ran.code, Some(10), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(
        (&report["before"], &report["reached"]),
        (&Value::Null, &Value::Null)
    );
    let told = report["not_measured"][0]["how_to_measure"]
        .as_str()
        .unwrap();
    assert!(told.contains("make an environment"), "{told}");
}

#[test]
fn a_run_that_was_killed_goes_on_and_asks_for_no_test_twice() {
    let path = "tests/test_grade.py";
    let (address, asked) = script(vec![good(path)]);
    let Some(place) = project(Some(&address)) else {
        return;
    };
    // Whoever is killed leaves its copy; here it goes with the directory of the test.
    let copies = place.path().with_file_name("copies");
    std::fs::create_dir(&copies).unwrap();
    let mut child = command(&place, &["test-coverage"])
        .env("TMPDIR", &copies)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = lines.map(|line| line.unwrap());
    assert!(told.any(|line| line.contains("run 2 of 3")));
    child.kill().unwrap();
    child.wait().unwrap();
    let ran = run(&place, &["runs", "resume", "latest", "-q", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["gaps"][0]["outcome"], "accepted");
    assert_eq!(report["after"]["percent"], 100.0);
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn tests_that_assert_nothing_reach_no_target() {
    let Some(place) = project(None) else { return };
    let silent = "import unittest\n\nimport calc\n\n\nclass TestCalc(unittest.TestCase):\n    def test_add(self):\n        calc.add(1, 2)\n        calc.grade(95)\n";
    place.with("tests/test_sum.py", silent);
    let args = ["test-coverage", "-q", "--target", "50", "--json"];
    let ran = run(&place, &args);
    assert_eq!(ran.code, Some(10), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["reached"], Value::Null);
    assert!(report["before"]["percent"].as_f64().unwrap() > 50.0);
    let why = report["not_measured"][0]["why"].as_str().unwrap();
    assert!(why.contains("none has a visible assertion"), "{why}");
}

#[test]
fn a_project_without_tests_is_where_one_begins() {
    let Some(place) = project(None) else { return };
    std::fs::remove_dir_all(place.path().join("tests")).unwrap();
    let ran = run(&place, &["test-coverage", "-q", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    let report = ran.json();
    assert_eq!(report["before"]["covered"], 0, "{report}");
    assert_eq!(report["gaps"][0]["function"], "grade");
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("an empty one was run"), "{warnings}");
}

#[test]
fn what_asks_no_model_is_not_held_up_by_limits_of_models() {
    let Some(place) = project(None) else { return };
    let args = [
        "test-coverage",
        "-q",
        "--max-tokens",
        "1",
        "--max-cost",
        "0",
        "--json",
    ];
    let ran = run(&place, &args);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert_eq!(ran.json()["gaps"][0]["outcome"], "skeleton");
    let ran = run(&place, &["test-coverage", "--max-calls", "1"]);
    assert_eq!(ran.code, Some(5), "{}", ran.shown());
    assert!(
        ran.stderr.contains("`--max-calls 2` would let"),
        "{}",
        ran.stderr
    );
}

/// A project of another language, and one test for it that a model writes.
fn other(files: &[(&str, &str)], path: &str, content: &str) -> Value {
    let answer = json!({"path": path, "content": content, "function": "grade"});
    let (address, _) = script(vec![says(&answer.to_string())]);
    let place = models::project(&address);
    for path in ["pyproject.toml", "src/sum.py", "tests/test_sum.py"] {
        std::fs::remove_file(place.path().join(path)).unwrap();
    }
    let settings = place.read("orchestrate.toml");
    place.with(
        "orchestrate.toml",
        &settings.replace("code_reviewer", "test_generator"),
    );
    for (path, text) in files {
        place.with(path, text);
    }
    let ran = place.run_with(&["test-coverage", "-q", "--json"], &[("LOCAL_KEY", KEY)]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let report = ran.json();
    let outcome = report.pointer("/gaps/0/outcome");
    assert_eq!(outcome, Some(&json!("accepted")), "{}", ran.shown());
    report
}

#[test]
fn a_crate_is_tested_through_what_it_makes_public() {
    if !is_there("cargo", "--version") {
        return;
    }
    let report = other(
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"calc\"\nversion = \"1.0.0\"\nedition = \"2021\"\n",
            ),
            (
                "src/lib.rs",
                "pub fn grade(points: u32) -> char {\n    if points >= 90 {\n        return 'A';\n    }\n    'B'\n}\n\n#[test]\nfn nothing_yet() {\n    assert_eq!(1 + 1, 2);\n}\n",
            ),
        ],
        "tests/grade.rs",
        "#[test]\nfn grades() {\n    assert_eq!((calc::grade(95), calc::grade(5)), ('A', 'B'));\n}\n",
    );
    assert_eq!(report["after"]["percent"], 100.0);
}

#[test]
fn a_package_of_go_is_tested_from_inside() {
    if !is_there("go", "version") {
        return;
    }
    let report = other(
        &[
            ("go.mod", "module example.com/calc\n\ngo 1.19\n"),
            (
                "calc.go",
                "package calc\n\nfunc grade(points int) string {\n\tif points >= 90 {\n\t\treturn \"A\"\n\t}\n\treturn \"B\"\n}\n\nfunc add(a, b int) int {\n\treturn a + b\n}\n",
            ),
            (
                "add_test.go",
                "package calc\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif add(1, 2) != 3 {\n\t\tt.Fatal(\"sum\")\n\t}\n}\n",
            ),
        ],
        "grade_test.go",
        "package calc\n\nimport \"testing\"\n\nfunc TestGrade(t *testing.T) {\n\tif grade(95) != \"A\" || grade(5) != \"B\" {\n\t\tt.Fatal(\"grade\")\n\t}\n}\n",
    );
    assert_eq!(report["after"]["unit"], "statements");
}
