//! Programs that an analysis starts: the project's own tests and external tools. Stand-ins written
//! for the shell take the place of the real ones, so that every way to end can be met.

use std::fs;

use orchestrate_workflows::external::ExternalTool;
use orchestrate_workflows::programs::Programs;
use orchestrate_workflows::report::{NotMeasured, Verdict};
use orchestrate_workflows::{AnalysisOptions, ReleasePrep, ReleaseReadinessReport};
use serde_json::json;

use crate::driver::{output, report_of};
use crate::project::Project;

/// Python with coverage.py and pytest, as far as they are asked anything. `tests` is what happens
/// in place of the tests.
fn python(tests: &str) -> String {
    let answer = json!({
        "meta": {"format": 3, "version": "7.0"},
        "files": {"shop/basket.py": {
            "executed_lines": [4], "missing_lines": [6], "excluded_lines": [],
            "summary": {"covered_lines": 1, "num_statements": 2, "percent_covered": 50.0, "missing_lines": 1, "excluded_lines": 0},
        }},
        "totals": {"covered_lines": 1, "num_statements": 2, "percent_covered": 50.0, "missing_lines": 1, "excluded_lines": 0},
    });
    format!(
        r#"
case "$*" in
  *coverage.__version__*) echo 7.0 ;;
  "-c import pytest") ;;
  -c*) exit 1 ;;
  *"coverage run"*)
    for part in "$@"; do case "$part" in --data-file=*) : > "${{part#--data-file=}}" ;; esac; done
    {tests} ;;
  *"coverage json"*)
    while [ "$1" != -o ]; do shift; done
    cat > "$2" <<'END'
{answer}
END
    ;;
esac
"#
    )
}

/// A project with a report of an earlier run, in which everything was covered.
fn project(tests: &str) -> Project {
    Project::good()
        .file(".venv/pyvenv.cfg", "home = /usr/bin\n")
        .program(".venv/bin/python", &python(tests))
}

fn run(project: &Project, programs: Programs) -> ReleaseReadinessReport {
    let inputs = ReleasePrep {
        programs: programs.clone(),
        ..ReleasePrep::default()
    };
    let options = AnalysisOptions {
        programs,
        ..AnalysisOptions::default()
    };
    report_of(project, &inputs, options)
}

fn with_tests(tests: &str, seconds: u64) -> (Project, ReleaseReadinessReport) {
    let project = project(tests);
    let programs = Programs {
        tests_seconds: Some(seconds),
        ..Programs::default()
    };
    let report = run(&project, programs);
    (project, report)
}

fn open<'a>(report: &'a ReleaseReadinessReport, what: &str) -> Option<&'a NotMeasured> {
    report.not_measured.iter().find(|item| item.what == what)
}

const AGENT: &str = "test_coverage_analyzer";

#[test]
fn tests_run_in_a_copy_and_only_what_they_measured_counts() {
    let (project, report) = with_tests("echo x > README.md; echo x > left-over; rm -f LICENSE", 60);
    // The old report says 100, the run 50.
    assert_eq!(report.quality_gates[1].actual, Some(50.0));
    assert_eq!(report.verdict, Verdict::NotReady);
    let runs = output(&report, AGENT, "test_runs");
    assert_eq!(
        (&runs[0]["passed"], &runs[0]["exit_code"]),
        (&json!(true), &json!(0))
    );
    let text = fs::read_to_string(project.root().join("README.md")).unwrap();
    assert!(text.starts_with("# shop"));
    assert!(project.root().join("LICENSE").exists());
    assert!(!project.root().join("left-over").exists());
    assert!(!project.root().join(".orchestrate-coverage").exists());
    let (_, agent) = report
        .agent_results
        .iter()
        .find(|(id, _)| **id == *AGENT)
        .unwrap();
    let commands = agent.evidence.iter().filter(|it| it.command.is_some());
    assert_eq!(commands.clone().count(), 2);
    assert!(
        commands
            .clone()
            .all(|it| it.exit_code == Some(0) && it.duration_ms.is_some())
    );
    assert!(commands.clone().all(|it| it.version == "7.0"));
}

#[test]
fn tests_that_fail_block_and_their_last_words_are_shown() {
    let (_, report) = with_tests("echo '1 failed, 2 passed'; exit 1", 60);
    assert_eq!(report.verdict, Verdict::NotReady);
    assert_eq!(
        report.blockers,
        [
            "Test coverage is 50, wanted at least 80",
            "the tests fail (pytest under coverage.py): 1 failed, 2 passed"
        ]
    );
    let runs = output(&report, AGENT, "test_runs");
    assert_eq!(runs[0]["tail"], "1 failed, 2 passed");
}

#[test]
fn what_could_not_be_run_is_not_measured_whatever_older_reports_say() {
    let check = |tests: &str, seconds: u64, why: &str, how: &str| {
        let (_, report) = with_tests(tests, seconds);
        assert_eq!(report.verdict, Verdict::Undecided, "{tests}");
        let told = open(&report, "coverage_percent").unwrap();
        assert!(told.why.contains(why), "{}", told.why);
        assert!(told.how_to_measure.contains(how), "{}", told.how_to_measure);
    };
    check("exit 5", 60, "pytest found no tests", "write tests");
    check(
        "echo 'no module x'; exit 2",
        60,
        "exit code 2): no module x",
        "mend what",
    );
    check("sleep 300", 1, "took longer than 1 s", "--test-timeout");
    check("kill -9 $$", 60, "ended by a signal", "--test-timeout");
}

#[test]
fn without_coverage_py_the_command_that_gets_it_is_told() {
    let project = Project::good()
        .file(".venv/pyvenv.cfg", "home = /usr/bin\n")
        .program(".venv/bin/python", "exit 1");
    let programs = Programs {
        tests_seconds: Some(60),
        ..Programs::default()
    };
    let report = run(&project, programs);
    let told = open(&report, "coverage_percent").unwrap();
    assert_eq!(
        told.why,
        "coverage.py is not installed for `.venv/bin/python`"
    );
    assert_eq!(
        told.how_to_measure,
        "`.venv/bin/python -m pip install coverage`"
    );
}

#[test]
fn a_project_without_a_manifest_says_so() {
    let project = Project::empty().file("a.go", "package a\n\nfunc A() int { return 1 }\n");
    let programs = Programs {
        tests_seconds: Some(60),
        ..Programs::default()
    };
    let report = run(&project, programs);
    let told = open(&report, "coverage_percent").unwrap();
    assert!(
        told.why
            .starts_with("there is no project whose tests could be run"),
        "{}",
        told.why
    );
}

const SCRIPT: &str = "const { exec } = require('child_process');\nconst express = require('express');\nconst app = express();\napp.get('/', (req, res) => {\n  eval(req.query.x);\n});\n";

/// A report by a stand-in for eslint that says this and ends so.
fn with_eslint(said: &str, code: i32) -> ReleaseReadinessReport {
    let project = Project::empty().file("src/app.js", SCRIPT).program(
        "node_modules/.bin/eslint",
        &format!("case \"$*\" in *--version*) echo v9.1.0; exit 0 ;; esac\ncat <<'END'\n{said}\nEND\nexit {code}"),
    );
    let programs = Programs {
        tools: vec![ExternalTool::Eslint],
        ..Programs::default()
    };
    run(&project, programs)
}

#[test]
fn what_a_tool_finds_is_merged_by_place_and_kind() {
    let message = |rule: &str, line: u32| json!({"ruleId": rule, "severity": 2, "message": "m.", "line": line, "column": 3});
    let said = json!([{"filePath": "src/app.js", "messages": [
        message("no-eval", 5), message("no-eval", 2), message("semi", 5),
    ]}]);
    let report = with_eslint(&said.to_string(), 1);
    let mut found: Vec<String> = report
        .findings
        .iter()
        .filter(|it| it.line == 5 || !it.sources.is_empty())
        .map(|it| format!("{}:{} {}", it.path, it.line, it.names()))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "src/app.js:2 eslint.no-eval",
            "src/app.js:5 eslint.semi",
            "src/app.js:5 javascript.code-injection, eslint no-eval",
        ]
    );
    let tools = output(&report, "code_reviewer", "tools");
    assert_eq!(
        (&tools[0]["tool"], &tools[0]["version"], &tools[0]["state"]),
        (&json!("eslint"), &json!("9.1.0"), &json!("done"))
    );
}

#[test]
fn a_tool_that_fails_has_failed_and_is_no_good_news() {
    for (said, code, why) in [
        (
            "no configuration was found",
            2,
            "it ended with 2: no configuration was found",
        ),
        ("{", 0, "its output is no JSON"),
        ("{}", 0, "its output has no list"),
    ] {
        let report = with_eslint(said, code);
        let told = open(&report, "findings of `eslint`").unwrap();
        assert!(told.why.starts_with(why), "{}", told.why);
        assert!(
            report
                .warnings
                .iter()
                .any(|it| it.starts_with("`eslint` was asked for and failed: "))
        );
    }
    let project = Project::good();
    let programs = Programs {
        tools: vec![ExternalTool::Gosec],
        ..Programs::default()
    };
    let report = run(&project, programs);
    // There is no Go in it: nothing was asked of the tool, so nothing is missing.
    assert!(open(&report, "findings of `gosec`").is_none());
    assert_eq!(
        output(&report, "security_auditor", "tools")[0]["state"],
        "idle"
    );
}
