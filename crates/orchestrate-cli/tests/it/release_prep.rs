//! Release preparation from end to end, on small projects.

use std::fs;

use expect_test::expect;
use serde_json::Value;

use crate::program::{Place, Ran};

#[test]
fn a_project_in_good_order_is_ready() {
    let place = Place::project();
    place.with_coverage(2).check(
        &["release-prep"],
        expect![[r#"
            exit 0
            --- stdout
            ======================================================================
              RELEASE PREPARATION REPORT
            ======================================================================

              [ok]   READY (confidence: medium)
                     Ready: all 3 gates that block a release passed, with 1 warning.

              QUALITY GATES
              --------------------------------------------------------------------
              [ok]   Number of critical issues  0             (target: <= 0)
              [ok]   Test coverage              100%          (target: >= 80%)
              [ok]   Quality score              10/10         (target: >= 7/10)
              [ok]   Documentation coverage     100%          (target: >= 100%, warns only)

              WARNINGS (1)
              --------------------------------------------------------------------
              - `README.md` says nearly nothing

              NOT MEASURED (1)
              --------------------------------------------------------------------
              - known vulnerable dependencies: not audited: there is no lock file
                how: commit the lock file and run the auditor of your package manager over
                     it

              AGENTS
              --------------------------------------------------------------------
              [ok]   code_reviewer             succeeded [TIME]  ( [TIME] its own)
              [ok]   documentation_writer      succeeded [TIME]  ( [TIME] its own)
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
fn a_failed_gate_is_a_no() {
    let place = Place::project();
    place.with_coverage(1);
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    assert!(ran.stdout.contains("[FAIL] NOT READY"), "{}", ran.stdout);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    assert_eq!(place.run(&["release-prep", "--exit-zero"]).code, Some(0));
    assert_eq!(
        place.run(&["release-prep", "--min-coverage", "50"]).code,
        Some(0)
    );
}

#[test]
fn what_was_not_measured_leaves_it_undecided() {
    let place = Place::project();
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.code, Some(10), "{}", ran.shown());
    assert!(ran.stdout.contains("[ ?? ] UNDECIDED"), "{}", ran.stdout);
    assert!(ran.stdout.contains("how: "), "{}", ran.stdout);
    // The answer is not a no, so this flag has nothing to change.
    assert_eq!(place.run(&["release-prep", "--exit-zero"]).code, Some(10));
}

#[test]
fn a_coverage_report_is_taken_from_where_it_is_named() {
    let place = Place::project();
    place.with_coverage(2);
    let outside = tempfile::tempdir().unwrap();
    let report = outside.path().join("elsewhere.info");
    fs::rename(place.path().join("lcov.info"), &report).unwrap();
    assert_eq!(place.run(&["release-prep"]).code, Some(10));
    let given = [
        "release-prep",
        "--coverage-report",
        report.to_str().unwrap(),
    ];
    let ran = place.run(&given);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
}

#[test]
fn a_warning_blocks_when_it_is_told_to() {
    let place = Place::project();
    place
        .with_coverage(2)
        .with("src/more.py", "def undocumented(x):\n    return x\n");
    let gates = ["release-prep", "--min-coverage", "0"];
    assert_eq!(place.run(&gates).code, Some(0));
    let ran = place.run(&[&gates[..], &["--fail-on", "warn"]].concat());
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
}

#[test]
fn a_limit_that_leaves_it_open_is_told_by_the_exit() {
    let place = Place::project();
    place.with_coverage(2);
    let ran = place.run(&["release-prep", "--max-calls", "1"]);
    assert_eq!(ran.code, Some(5), "{}", ran.shown());
}

#[test]
fn every_answer_is_one_document_that_its_schema_admits() {
    let project = Place::project();
    let ready = Place::project();
    ready.with_coverage(2);
    let empty = Place::empty();
    let schema = empty.run(&["schema", "release-readiness"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (place, code) in [(&project, 10), (&ready, 0), (&empty, 10)] {
        let ran = place.run(&["release-prep", "--json"]);
        assert_eq!(ran.code, Some(code), "{}", ran.shown());
        let report = ran.json();
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(report["quality_gates"].as_array().unwrap().len(), 4);
        assert_eq!(report["approved"], code == 0);
    }
}

#[test]
fn the_format_is_chosen_by_what_was_typed_before_what_was_set() {
    let place = Place::project();
    let form = |ran: Ran| match ran.stdout.as_bytes() {
        [b'{', ..] => "json",
        [b'#', ..] => "markdown",
        _ => "text",
    };
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        form(place.run_with(&[&["release-prep"], args].concat(), variables))
    };
    assert_eq!(run(&[], &[]), "text");
    assert_eq!(run(&["--format", "markdown"], &[]), "markdown");
    assert_eq!(run(&[], &[("ORCHESTRATE_FORMAT", "markdown")]), "markdown");
    assert_eq!(
        run(&["--json"], &[("ORCHESTRATE_FORMAT", "markdown")]),
        "json"
    );
    assert_eq!(
        run(&["--format", "markdown"], &[("ORCHESTRATE_JSON", "1")]),
        "markdown"
    );
    assert_eq!(run(&[], &[("ORCHESTRATE_JSON", "0")]), "text");
    place.with("orchestrate.toml", "[release-prep]\nformat = \"json\"\n");
    assert_eq!(run(&[], &[]), "json");
    assert_eq!(run(&["--format", "text"], &[]), "text");
    let failed = place.run(&["release-prep", "--agents", "nobody"]);
    assert_eq!(failed.json()["error"]["exit_code"], 2);
}

#[test]
fn a_report_is_written_in_the_form_that_its_name_says() {
    let place = Place::project();
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    let out = |name: &str, args: &[&str]| {
        let ran = place.run(&[&["release-prep", "--out", name], args].concat());
        assert_eq!(ran.code, Some(10), "{}", ran.shown());
        ran
    };
    let ran = out("report.sarif", &[]);
    assert!(ran.stdout.contains("RELEASE PREPARATION REPORT"));
    assert_eq!(ran.stderr, "report written to report.sarif\n");
    let sarif: Value = serde_json::from_str(&read("report.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");

    out("report.md", &[]);
    assert!(read("report.md").starts_with("## Release readiness"));
    let ran = out("report.txt", &["--color", "always"]);
    assert!(ran.stdout.contains('\u{1b}') && !read("report.txt").contains('\u{1b}'));
    let ran = out("both.json", &["--json"]);
    assert_eq!(ran.json()["schema"], "orchestrate.release-readiness/1");
    let written: Value = serde_json::from_str(&read("both.json")).unwrap();
    assert_eq!(written["verdict"], "undecided");
    assert_eq!(
        place
            .files()
            .iter()
            .filter(|name| name.contains("tmp"))
            .count(),
        0
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let place = Place::project();
    place.with_coverage(2);
    let ran = place.run(&["release-prep", "--out", "/dev/full"]);
    assert_eq!(ran.code, Some(8), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC0701"), "{}", ran.stderr);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = place.command(&["release-prep"]);
    let ran = place.ran(&command.stdout(full).output().unwrap());
    assert_eq!(ran.code, Some(8), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC0904"), "{}", ran.stderr);
}

#[test]
fn nothing_is_changed_in_the_repository() {
    let place = Place::project();
    let before = place.files();
    place.run(&["release-prep", "--no-store"]);
    assert_eq!(place.files(), before);
    // The record of the run is all that is added, in a folder that no version control looks into.
    place.run(&["release-prep"]);
    let mut after = place.files();
    assert!(
        after.contains(&".orchestrate/.gitignore".to_owned()),
        "{after:?}"
    );
    after.retain(|file| !file.starts_with(".orchestrate/"));
    assert_eq!(after, before);
}

#[test]
fn only_who_asks_hears_more_on_stderr() {
    let place = Place::project();
    assert!(place.run(&["release-prep"]).stderr.is_empty());
    let more = place.run(&["release-prep", "-v"]).stderr;
    assert!(
        more.contains("security_auditor started (analysis)"),
        "{more}"
    );
    assert!(place.run(&["release-prep", "-v", "-q"]).stderr.is_empty());
}

#[test]
fn a_dependency_with_a_critical_vulnerability_blocks_unless_it_is_accepted_with_a_reason() {
    let place = Place::project();
    place.with_coverage(2);
    place.with("requirements.txt", "# pinned\nSome_Package==3.2.0\n");
    place.with(
        "db/GHSA-1.json",
        r#"{"id": "GHSA-1", "modified": "2026-01-01T00:00:00Z", "summary": "runs anything",
            "database_specific": {"severity": "CRITICAL"},
            "affected": [{"package": {"ecosystem": "PyPI", "name": "some-package"},
                          "versions": ["3.2"], "ranges": []}]}"#,
    );
    let ran = place.run(&["release-prep", "--json", "--advisory-db", "db"]);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    let document = ran.json();
    let finding = &document["findings"][0];
    assert_eq!(finding["rule_id"], "dependencies.vulnerable");
    assert_eq!(finding["path"], "requirements.txt");
    assert_eq!(finding["line"], 2);
    let accepted = ["--accept-advisory", "GHSA-1: the function is not called"];
    let asked = ["release-prep", "--json", "--advisory-db", "db"];
    let ran = place.run(&[&asked[..], &accepted].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let ran = place.run(&["release-prep", "--advisory-db", "none"]);
    assert!(ran.stderr.contains("ORC1401"), "{}", ran.shown());
}

/// What measures asks no model, so a limit of what models use stops nothing of it.
#[test]
fn a_limit_of_tokens_or_cost_does_not_stop_who_uses_none() {
    let place = Place::project();
    for limit in ["--max-tokens", "--max-cost"] {
        let ran = place.run(&["release-prep", limit, "1", "--json"]);
        let report = ran.json();
        let results = report["agent_results"].as_object().unwrap();
        assert_eq!(results.len(), 4, "{}", ran.shown());
        for (agent, result) in results {
            assert_eq!(result["outcome"], "succeeded", "{limit} {agent}");
        }
    }
}
