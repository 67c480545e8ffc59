//! Programs that a release preparation starts: who is told, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::program::Place;

/// A project whose Python, a script, does this in place of the tests.
fn with_python(tests: &str) -> Place {
    let place = Place::project();
    let report = r#"{"meta": {"format": 3, "version": "7.0"}, "files": {"src/sum.py": {"executed_lines": [1, 4, 6], "missing_lines": [], "excluded_lines": [], "summary": {"covered_lines": 3, "num_statements": 3, "percent_covered": 100.0, "missing_lines": 0, "excluded_lines": 0}}}, "totals": {"covered_lines": 3, "num_statements": 3, "percent_covered": 100.0, "missing_lines": 0, "excluded_lines": 0}}"#;
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*coverage.__version__*) echo 7.0 ;;\n\"-c import pytest\") ;;\n-c*) exit 1 ;;\n*\"coverage run\"*)\n  for part in \"$@\"; do case \"$part\" in --data-file=*) : > \"${{part#--data-file=}}\" ;; esac; done\n  {tests} ;;\n*\"coverage json\"*)\n  while [ \"$1\" != -o ]; do shift; done\n  echo '{report}' > \"$2\" ;;\nesac\n"
    );
    place
        .with(".venv/pyvenv.cfg", "home = /usr/bin\n")
        .with(".venv/bin/python", &script);
    let file = place.path().join(".venv/bin/python");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    place
}

#[test]
fn what_is_run_is_told_on_stderr_and_a_document_stays_alone() {
    let place = with_python(":");
    let ran = place.run(&["release-prep", "--run-tests", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert_eq!(ran.json()["quality_gates"][1]["actual"], 100.0);
    let first = ran.stderr.lines().next().unwrap();
    assert!(
        first.starts_with("  [..]   running .venv/bin/python -m coverage run "),
        "{}",
        ran.stderr
    );
    let quiet = place.run(&["release-prep", "--run-tests", "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    assert!(
        quiet.stdout.contains("pytest under coverage.py: passed"),
        "{}",
        quiet.stdout
    );
}

#[test]
fn tests_that_fail_make_the_answer_no() {
    let ran = with_python("echo '1 failed'; exit 1").run(&["release-prep", "--run-tests"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("- the tests fail (pytest under coverage.py): 1 failed")
    );
}

#[test]
fn tests_that_take_too_long_leave_the_answer_open() {
    let place = with_python("sleep 300");
    let ran = place.run(&["release-prep", "--run-tests", "--test-timeout", "1"]);
    assert_eq!(ran.code, Some(10), "{}", ran.shown());
    assert!(ran.stdout.contains("took longer than"), "{}", ran.stdout);
}

#[test]
fn tools_are_named_by_flag_or_setting_and_unknown_ones_are_refused() {
    let place = Place::project();
    let ran = place.run(&["release-prep", "--with", "rufff"]);
    assert_eq!(ran.code, Some(2), "{}", ran.shown());
    assert!(
        ran.stderr.contains("did you mean `ruff`?"),
        "{}",
        ran.stderr
    );
    place.with("orchestrate.toml", "[release-prep]\nwith = [\"gosec\"]\n");
    let ran = place.run(&["release-prep", "--json"]);
    let report = ran.json();
    let tools = &report["agent_results"]["security_auditor"]["output"]["tools"];
    assert_eq!(tools[0]["tool"], "gosec", "{tools}");
    place.with("orchestrate.toml", "[release-prep]\nwith = [\"nothing\"]\n");
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(
        ran.stderr.contains("unknown tool `nothing`"),
        "{}",
        ran.stderr
    );
}
